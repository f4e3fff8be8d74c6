// Splits by classes, groups and time, and the folds of cross-validation.
import { readdirSync } from "node:fs";
import {
  allRows,
  foldsBy,
  holdoutBy,
  tableFromRecords,
  type SplitRule,
  type Table,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { run, temporaryFolder } from "../cli/support.js";
import { expectInputError, sample } from "./support.js";

const ROWS = 200;
const records = Array.from({ length: ROWS }, (_, i) => ({
  kind: i % 10 === 0 ? "rare" : i % 3 === 0 ? "some" : "most",
  person: `p${(i * 7) % 23}`,
  day: `2024-01-${String(1 + ((i * 11) % 28)).padStart(2, "0")}`,
}));
const table: Table = tableFromRecords(records);
const rows = allRows(table);

function values(part: Int32Array, column: keyof (typeof records)[number]): string[] {
  return Array.from(part, (row) => records[row]?.[column] ?? "");
}

function count(part: Int32Array, kind: string): number {
  return values(part, "kind").filter((value) => value === kind).length;
}

const rules: (SplitRule | null)[] = [
  null,
  { by: "strata", column: "kind" },
  { by: "group", column: "person" },
];

describe("rows held out", () => {
  it.each([...rules, { by: "time", column: "day" } as const])(
    "by %j are about the part wanted, with the kept ones they are all, and the seed repeats them",
    (rule) => {
      const split = holdoutBy(table, rows, 0.25, 3, rule);
      expect(Math.abs(split.held.length - 50)).toBeLessThanOrEqual(8);
      expect([...split.kept, ...split.held].sort((a, b) => a - b)).toEqual([...rows]);
      expect(holdoutBy(table, rows, 0.25, 3, rule)).toEqual(split);
    },
  );

  it("by strata have each class's share", () => {
    const { held } = holdoutBy(table, rows, 0.25, 1, { by: "strata", column: "kind" });
    for (const kind of ["rare", "some", "most"])
      expect(count(held, kind)).toBe(Math.round(0.25 * count(rows, kind)));
  });

  it("by strata leave a class's only row to train on", () => {
    const one = tableFromRecords([{ k: "a" }, { k: "b" }, { k: "b" }, { k: "b" }, { k: "b" }]);
    const { kept } = holdoutBy(one, allRows(one), 0.5, 1, { by: "strata", column: "k" });
    expect(kept).toContain(0);
  });

  it("by group share no group with the kept ones", () => {
    const { kept, held } = holdoutBy(table, rows, 0.25, 1, { by: "group", column: "person" });
    const trained = new Set(values(kept, "person"));
    expect(values(held, "person").filter((person) => trained.has(person))).toEqual([]);
  });

  it("by time are later than all kept ones", () => {
    const { kept, held } = holdoutBy(table, rows, 0.25, 1, { by: "time", column: "day" });
    const last = values(kept, "day").sort().at(-1) ?? "";
    expect(values(held, "day").every((day) => day > last)).toBe(true);
  });

  it("by a column without a value, with one group or one time are refused", async () => {
    const bad = tableFromRecords([
      { g: "a", t: 1 },
      { g: "a", t: 1 },
      { g: "a", t: 1, h: 2 },
    ]);
    const all = allRows(bad);
    const by = (rule: SplitRule) => () => holdoutBy(bad, all, 0.5, 1, rule);
    await expectInputError(by({ by: "group", column: "h" }), "row 1", '"h"', "missing");
    await expectInputError(by({ by: "group", column: "g" }), '"g"', "cannot be split");
    await expectInputError(by({ by: "time", column: "t" }), '"t"', "same time");
    await expectInputError(by({ by: "time", column: "g" }), "row 1", '"a"', "not a time");
  });
});

describe("folds", () => {
  it.each(rules)("by %j hold every row out once, in parts of nearly the same size", (rule) => {
    const folds = foldsBy(table, rows, 4, 5, rule);
    expect(folds.flatMap(({ held }) => [...held]).sort((a, b) => a - b)).toEqual([...rows]);
    for (const { kept, held } of folds) {
      expect(kept.length + held.length).toBe(ROWS);
      expect(Math.abs(held.length - 50)).toBeLessThanOrEqual(rule?.by === "group" ? 6 : 0);
    }
  });

  it("by strata have each class's share, by group no group twice", () => {
    for (const { held } of foldsBy(table, rows, 4, 5, { by: "strata", column: "kind" }))
      expect(Math.abs(count(held, "rare") - 5)).toBeLessThanOrEqual(1);
    const seen = foldsBy(table, rows, 4, 5, { by: "group", column: "person" }).flatMap(
      ({ held }) => [...new Set(values(held, "person"))],
    );
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("more than there are groups are refused", async () => {
    await expectInputError(
      () => foldsBy(table, rows, 30, 1, { by: "group", column: "person" }),
      "23 groups",
      "fewer folds",
    );
  });
});

describe("shardgrad train", () => {
  const flags = ["train", sample("penguins.csv"), "--target", "species", "--epochs", "5"];

  it("--folds prints the mean and spread of the scores, the same for 1 and 2 workers, and leaves no run", async () => {
    const { folder: cwd, remove } = temporaryFolder();
    const words = [...flags, "--folds", "3", "--stratify", "--json"];
    const one = await run([...words, "--workers", "1"], { cwd });
    const two = await run([...words, "--workers", "2"], { cwd });
    expect(one.code).toBe(0);
    expect(two.stdout).toBe(one.stdout);
    const lines = one.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { type: "fold", fold: 0 },
      { type: "fold", fold: 1 },
      { type: "fold", fold: 2 },
      { type: "folds", folds: 3 },
    ]);
    expect(readdirSync(cwd)).toEqual([]);
    remove();
  });

  it.each([
    [["--folds", "3", "--time", "x"], "--folds and --time"],
    [["--group", "island", "--stratify"], "--stratify and --group"],
    [["--group", "iland"], 'did you mean "island"?'],
  ])("%j is refused", async (extra, message) => {
    const { code, stderr } = await run([...flags, ...extra]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
