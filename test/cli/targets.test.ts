// Several targets from the command line: trained, scored, predicted in every format, exported.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTable } from "@shardgrad/parallel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stream } from "../parallel/numbers.js";
import { run, succeed, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
const at = { cwd: folder, env: { SHARDGRAD_WORKERS: "1" } }; // enough here, and quicker to start
const program = fileURLToPath(new URL("../../packages/cli/bin/shardgrad.js", import.meta.url));

beforeAll(() => {
  const random = stream(5);
  const lines = Array.from({ length: 400 }, () => {
    const [a, b] = [random(), random()];
    const tags = [a > b ? "up" : "", a + b > 1 ? "far" : ""].filter(Boolean).join("|");
    return [a, b, 100 * (a + b), a - b, Number(a > b), Number(a + b > 1), tags].join(",");
  });
  writeFileSync(join(folder, "d.csv"), `a,b,sum,gap,up,far,tags\n${lines.join("\n")}\n`);
});
afterAll(remove);

const train = (out: string, ...args: readonly string[]): Promise<string> =>
  succeed(["train", "d.csv", "--features", "a,b", "--out", out, "--lr", "0.01", ...args], at);

/** The predictions of a model for the table it learnt from, as CSV on stdout. */
const predict = (model: string, ...args: readonly string[]): Promise<string> =>
  succeed(["predict", model, "d.csv", ...args], at);

const names = (csv: string): string => csv.slice(0, csv.indexOf("\n"));

describe("several numbers", () => {
  it("are trained, scored each in its unit, predicted in a column each, and exported", async () => {
    const told = await train("numbers", "--target", "sum,gap", "--epochs", "12");
    expect(told).toContain("predict sum, gap (numbers; rmse and mae are in standard deviations");
    const scores = JSON.parse(await succeed(["evaluate", "numbers", "d.csv", "--json"], at));
    const [sum, gap] = scores.targets;
    expect([sum.name, gap.name]).toEqual(["sum", "gap"]);
    expect(scores.scores.r2).toBeCloseTo((sum.r2 + gap.r2) / 2, 12);
    expect(scores.scores.r2).toBeGreaterThan(0.9);
    expect(sum.rmse).toBeGreaterThan(20 * gap.rmse);
    expect(scores.scores.loss).toBeCloseTo(scores.scores.rmse ** 2, 6); // both over all targets
    expect(names(await predict("numbers"))).toBe("prediction_sum,prediction_gap");
    expect(await succeed(["inspect", "numbers"], at)).toMatch(/predicts +sum: .*\n +gap: /);
    expect(await succeed(["export", "numbers", "--out", "numbers.mjs"], at)).toContain(
      "sum, gap differ by at most",
    );
    expect(await succeed(["verify", "numbers"], at)).toContain("the same weights");
  });
});

describe("labels", () => {
  it("of columns are predicted in a column each, with probabilities, and scored each and together", async () => {
    const told = await train("flags", "--target", "up,far", "--epochs", "20");
    expect(told).toContain("predict up, far (any of 2 labels)");
    const scores = JSON.parse(await succeed(["evaluate", "flags", "d.csv", "--json"], at));
    expect(scores.labels.map(({ name }: { name: string }) => name)).toEqual(["up", "far"]);
    expect(scores.scores.microF1).toBeGreaterThan(0.9);
    expect(scores.scores.logLoss).toBeCloseTo(scores.scores.loss, 6);
    const csv = await predict("flags", "--probabilities");
    const columns = ["prediction_up", "prediction_far", "probability up", "probability far"];
    expect(names(csv)).toBe(columns.join(","));
    for (const name of ["p.jsonl", "p.arrow", "p.parquet"]) {
      await predict("flags", "--probabilities", "--out", name);
      const table = await readTable(join(folder, name));
      expect(table.columns.map((column) => column.name)).toEqual(columns);
    }
    const flags = ["predict", "flags", "-", "--probabilities"];
    const input = readFileSync(join(folder, "d.csv"));
    const streamed = spawnSync(process.execPath, [program, ...flags], { cwd: folder, input });
    expect(streamed.stdout.toString()).toBe(csv);
    const explained = await succeed(["explain", "flags", "--data", "d.csv", "--row", "1"], at);
    expect(explained).toContain("of up, far");
  });

  it("of a text are predicted as such a text, and a row without any as an empty one", async () => {
    const args = ["--target", "tags", "--label-separator", "|", "--epochs", "20"];
    await train("tags", ...args, "--patience", "20", "--monitor", "f1");
    const [head, ...lines] = (await predict("tags")).trimEnd().split("\n");
    expect(head).toBe("prediction");
    expect(new Set(lines)).toEqual(new Set(['""', "up", "far", "far|up"]));
    expect(await succeed(["export", "tags", "--out", "tags.mjs"], at)).toContain(
      "all labels equal",
    );
    expect(await succeed(["verify", "tags"], at)).toContain("the same weights");
    expect(await succeed(["evaluate", "tags", "d.csv"], at)).toContain(
      "rows with all labels right",
    );
  });

  it("may be a list in the configuration file", async () => {
    const config = { data: "d.csv", target: ["up", "far"], features: ["a", "b"], epochs: 2 };
    writeFileSync(join(folder, "labels.yaml"), JSON.stringify(config));
    const told = await succeed(["train", "-c", "labels.yaml", "--out", "listed"], at);
    expect(told).toContain("predict up, far (any of 2 labels)");
    const stored = readFileSync(join(folder, "listed", "config.yaml"), "utf8");
    expect(stored).toContain("target:\n  - up\n  - far\n");
  });

  it.each([
    ["--stratify", ["--target", "up,far", "--stratify"], "--stratify"],
    ["another loss", ["--target", "up,far", "--loss", "crossEntropy"], "multilabel"],
    ["a number beside them", ["--target", "up,tags"], '"tags" is text'],
  ])("refuse %s", async (_, args, words) => {
    const { code, stderr } = await run(["train", "d.csv", "--out", "none", ...args], at);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });
});
