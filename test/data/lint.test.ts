// Warnings about a table: what each says, and that clean tables have none.
import {
  allRows,
  lintTable,
  lintTraining,
  readTable,
  tableFromRecords,
  type Table,
  type TableRecord,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { sample } from "./support.js";

/** Warnings when all rows train on every column but "y", and some rows score. */
function warnings(records: readonly TableRecord[], scored: readonly TableRecord[] = []): string[] {
  const table = tableFromRecords(records);
  const features = table.columns.map((column) => column.name).filter((name) => name !== "y");
  const test = scored.length === 0 ? null : tableFromRecords(scored);
  return lintTraining({
    target: "y",
    features,
    train: { table, rows: allRows(table) },
    scored: { validation: null, test: test && { table: test, rows: allRows(test) } },
  });
}

describe("before training, a warning is given for", () => {
  it("a feature with the values of the target", () => {
    const records = [3, 1, 2].map((y, i) => ({ x: i % 2, copy: y, y }));
    expect(warnings(records)).toEqual([expect.stringContaining('"copy" has the same values as')]);
  });

  it("a feature with other names for the classes", () => {
    const records = Array.from({ length: 6 }, (_, i) => ({
      x: i % 3,
      code: i % 2,
      y: i % 2 === 0 ? "no" : "yes",
    }));
    expect(warnings(records)).toEqual([
      expect.stringContaining('"code" gives away the target "y"'),
    ]);
  });

  it("a column that is mostly empty", () => {
    const records = Array.from({ length: 9 }, (_, i) => ({ x: i < 3 ? i : null, y: i % 4 }));
    expect(warnings(records)).toEqual([expect.stringContaining("no value in 6 of 9 rows")]);
  });

  it("a rare class", () => {
    const records = Array.from({ length: 50 }, (_, i) => ({
      x: i % 7,
      y: i === 0 ? "rare" : i % 2 === 0 ? "a" : "b",
    }));
    expect(warnings(records)).toEqual([expect.stringContaining('rare classes ("rare"')]);
  });

  it("rows that are trained on and scored", () => {
    const records = Array.from({ length: 6 }, (_, i) => ({ x: i, z: "t", y: i * i }));
    const scored = [
      { x: 2, z: "t", y: 4 },
      { x: 2, z: "u", y: 4 },
    ];
    expect(warnings(records, scored)).toEqual([
      expect.stringContaining("1 of 2 test rows are also training rows"),
    ]);
  });

  it("rows that are trained on, and scored from a table that has their numbers as text", () => {
    const records = Array.from({ length: 6 }, (_, i) => ({ x: i / 4, y: i - 3 }));
    const scored = [
      { x: "0.5", y: "-1" },
      { x: "0.50", y: "-1" },
    ];
    expect(warnings(records, scored)).toEqual([
      expect.stringContaining("1 of 2 test rows are also training rows"),
    ]);
  });

  it("pictures that are trained on and scored, none that only agree in part", () => {
    const side = 12;
    const pictures = (...changes: readonly (readonly [place: number, byte: number])[]): Table => ({
      source: "pictures",
      rows: changes.length,
      columns: [
        {
          kind: "vector",
          name: "x",
          shape: [side, side],
          width: side * side,
          values: Uint8Array.from(
            changes.flatMap(([place, byte]) =>
              Array.from({ length: side * side }, (_, i) => (i === place ? byte : i)),
            ),
          ),
        },
        { kind: "text", name: "y", codes: new Int32Array(changes.length), values: ["a"] },
      ],
      places: { noun: "row", first: 1, numbers: null },
      notes: [],
    });
    const last = side * side - 1;
    const [train, scored] = [
      pictures([0, 9], [last, 9], [70, 9]),
      pictures([0, 8], [last, 9], [70, 8], [0, 0]),
    ];
    const found = lintTraining({
      target: "y",
      features: ["x"],
      train: { table: train, rows: allRows(train) },
      scored: { test: { table: scored, rows: allRows(scored) } },
    });
    expect(found).toEqual([expect.stringContaining("1 of 4 test rows are also training rows")]);
  });
});

describe("a table alone", () => {
  it("has warnings for constant columns and repeated rows", () => {
    const records = [1, 2, 1].map((x) => ({ x, same: "s" }));
    expect(lintTable(tableFromRecords(records))).toEqual([
      expect.stringContaining('"same" is "s" in every row'),
      expect.stringContaining("1 rows are the same"),
    ]);
  });

  it("of penguins has none", async () => {
    expect(lintTable(await readTable(sample("penguins.csv")))).toEqual([]);
  });
});
