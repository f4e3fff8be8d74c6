// The parts of the command line that need no process: values, sources of settings, configuration files, text.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromRecords } from "@shardgrad/parallel";
import { afterAll, describe, expect, it } from "vitest";
import { formatConfig, readConfigFile } from "../../packages/cli/dist/config-file.js";
import { optionName } from "../../packages/cli/dist/options/option.js";
import { trainOptions } from "../../packages/cli/dist/options/train.js";
import { formatOf, formatPredictions } from "../../packages/cli/dist/predictions.js";
import { formatConfusion } from "../../packages/cli/dist/report/confusion.js";
import { count, duration, scoreLine, short } from "../../packages/cli/dist/report/format.js";
import { formatSummary, summarise } from "../../packages/cli/dist/report/table-summary.js";
import { resolveSettings } from "../../packages/cli/dist/settings.js";
import { temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

const settingsOf = (
  flags: Readonly<Record<string, string | boolean>>,
  environment: Readonly<Record<string, string>> = {},
) => resolveSettings(trainOptions, new Map(Object.entries(flags)), environment, null).settings;

describe("values", () => {
  it("lists come from commas, none is the empty list", () => {
    const { hidden, activation, drop } = settingsOf({
      hidden: "8, 4",
      activation: "relu,tanh",
      drop: "a,b c",
    });
    expect([hidden, activation, drop]).toEqual([
      [8, 4],
      ["relu", "tanh"],
      ["a", "b c"],
    ]);
    expect(settingsOf({ hidden: "none" }).hidden).toEqual([]);
  });

  it("types are pairs, and a column's name may hold an equals sign", () => {
    expect(settingsOf({ types: "zip=text,a=b=number" }).types).toEqual({
      zip: "text",
      "a=b": "number",
    });
  });

  it("--val is a part or a file", () => {
    expect([
      settingsOf({ val: "0.25" }).val,
      settingsOf({ val: "held.csv" }).val,
      settingsOf({ val: "0" }).val,
    ]).toEqual([0.25, "held.csv", 0]);
  });

  it.each([
    ["true", true],
    ["1", true],
    ["false", false],
    ["0", false],
  ])("a variable may say %s for a switch", (text, value) => {
    expect(settingsOf({}, { SHARDGRAD_NESTEROV: text }).nesterov).toBe(value);
  });

  it("numbers are decimal: 1e-3 and .5 are read, hexadecimal and infinite ones are not", () => {
    expect([settingsOf({ lr: "1e-3" }).lr, settingsOf({ lr: ".5" }).lr]).toEqual([0.001, 0.5]);
    // The last takes hours where every split of the digits is tried.
    for (const lr of ["0x1", "Infinity", "1e999", "1_000", "", " ", `${"7".repeat(1e6)}x`])
      expect(() => settingsOf({ lr }), lr.slice(0, 9)).toThrow("--lr");
  });
});

describe("configuration files", () => {
  it("what is written is read again as the same settings", async () => {
    const settings = settingsOf({
      target: "y",
      hidden: "3,2",
      types: "a=text",
      bias: false,
      val: "held.csv",
      l1: "1e-7",
    });
    const path = join(folder, "config.yaml");
    writeFileSync(path, await formatConfig({ ...settings }, trainOptions, folder));
    const again = resolveSettings(
      trainOptions,
      new Map(),
      {},
      await readConfigFile(path, trainOptions),
    ).settings;
    expect({ ...again, val: null }).toEqual({ ...settings, val: null });
  });

  it("may hold every option but those that only the command line has", async () => {
    const path = join(folder, "all.yaml");
    const refused: string[] = [];
    for (const key of Object.keys(trainOptions)) {
      writeFileSync(path, `${optionName(key)}: null\n`);
      await readConfigFile(path, trainOptions).catch(() => refused.push(key));
    }
    expect(refused).toEqual(["force", "resume", "config"]);
  });
});

describe("text for people", () => {
  it("separates digits by threes", () => {
    expect([count(0), count(999), count(1000), count(1234567)]).toEqual([
      "0",
      "999",
      "1,000",
      "1,234,567",
    ]);
  });

  it("shortens numbers and durations", () => {
    expect([
      short(0.123456),
      short(573.291),
      short(12345.6),
      short(1e-9),
      short(Number.NaN),
    ]).toEqual(["0.1235", "573.29", "12345.6", "1.000e-9", "NaN"]);
    expect([duration(0.0123), duration(12.34), duration(245), duration(7380)]).toEqual([
      "12 ms",
      "12.3 s",
      "4m 05s",
      "2h 03m",
    ]);
    expect(scoreLine({ loss: 0.5, accuracy: 0.975 })).toBe("loss 0.5000  accuracy 97.50%");
  });

  it("aligns a confusion matrix", () => {
    const matrix = { classes: 2, counts: Float64Array.of(10, 1, 0, 1200) };
    expect(formatConfusion(["no", "yes"], matrix)).toBe(
      "true \\ predicted  no    yes\nno                10      1\nyes                0  1,200",
    );
  });

  it("counts missing and different values of a column", () => {
    const table = tableFromRecords(
      [
        { a: 1, b: "x" },
        { a: null, b: "y" },
        { a: 3, b: null },
        { a: 3, b: "x" },
      ],
      { source: "four" },
    );
    const summaries = summarise(table);
    expect(summaries).toMatchObject([
      {
        name: "a",
        type: "number",
        missing: 1,
        distinct: 2,
        min: 1,
        mean: 7 / 3,
        max: 3,
        first: [1, 3],
      },
      { name: "b", type: "text", missing: 1, distinct: 2, min: null, first: ["x", "y"] },
    ]);
    expect(formatSummary(table, summaries)).toContain("four: 4 rows, 2 columns");
  });
});

describe("predictions", () => {
  it("quotes classes that hold commas, quotes or line ends in CSV", async () => {
    const column = {
      name: "prediction",
      kind: "text",
      values: ["a,b", 'c"d', "e\nf", "g"],
    } as const;
    expect(await formatPredictions([column], "csv")).toBe('prediction\n"a,b"\n"c""d"\n"e\nf"\ng\n');
  });

  it("take the format from the name of the file", () => {
    expect([formatOf("a.csv"), formatOf("b.JSONL"), formatOf("c/d.arrow")]).toEqual([
      "csv",
      "jsonl",
      "arrow",
    ]);
    expect(() => formatOf("a")).toThrow("--format");
  });
});
