import { columnOf, datasetFromArrays, tableFromRecords } from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { expectInputError } from "./support.js";

describe("a table of records", () => {
  it("has the columns of all records, absent cells missing", () => {
    const table = tableFromRecords([
      { a: 1, b: "x" },
      { a: 2, c: true },
    ]);
    expect(columnOf(table, "a")).toMatchObject({
      kind: "number",
      values: Float64Array.of(1, 2),
      valid: null,
    });
    expect(columnOf(table, "b")).toMatchObject({
      kind: "text",
      values: ["x"],
      codes: Int32Array.of(0, -1),
    });
    expect(columnOf(table, "c")).toMatchObject({
      kind: "text",
      values: ["true"],
      codes: Int32Array.of(-1, 0),
    });
  });

  it("may state types, as for a model that was trained on a file", () => {
    const table = tableFromRecords([{ a: "1.5", b: 7 }], { types: { a: "number", b: "text" } });
    expect(columnOf(table, "a")).toMatchObject({ kind: "number", values: Float64Array.of(1.5) });
    expect(columnOf(table, "b")).toMatchObject({ kind: "text", values: ["7"] });
  });

  it("takes names from own keys only", () => {
    const table = tableFromRecords([
      JSON.parse('{"__proto__":1,"constructor":"x"}') as { constructor: string },
    ]);
    expect(table.columns.map((column) => column.name)).toEqual(["__proto__", "constructor"]);
  });

  it.each([
    ["without rows", [], {}, ["no rows"]],
    [
      "with an infinite number",
      [{ a: Number.POSITIVE_INFINITY }],
      {},
      ["row 1", '"a"', "Infinity"],
    ],
    ["with a large integer", [{ a: 2n ** 53n + 1n }], {}, ["row 1", '"a"', "9007199254740993"]],
    [
      "with text for a number",
      [{ a: 1 }, { a: "x" }],
      { types: { a: "number" as const } },
      ["row 2", '"a"', '"x"'],
    ],
    ["with arrays of different lengths", [{ a: [1, 2] }, { a: [1] }], {}, ["row 2", '"a"', "1"]],
    ["with a number among arrays", [{ a: [1, 2] }, { a: 1 }], {}, ["row 2", '"a"', "1"]],
    ["with NaN in an array", [{ a: [1, Number.NaN] }], {}, ["row 1", '"a"', "entry 1", "NaN"]],
  ])("%s is refused in one line", async (_, records, options, parts) => {
    await expectInputError(() => tableFromRecords(records, options), ...parts);
  });
});

describe("a dataset of arrays", () => {
  it("takes rows of numbers as they are", () => {
    expect(
      datasetFromArrays([
        [1, 2],
        [3, 4],
      ]).features,
    ).toEqual([{ kind: "f32", width: 2, values: Float32Array.of(1, 2, 3, 4) }]);
    expect(datasetFromArrays(Float32Array.of(1, 2, 3, 4), null, { width: 1 }).rows).toBe(4);
  });

  it("takes texts and Int32Array as labels, numbers as numbers", () => {
    const x = [[1], [2], [3]];
    expect(datasetFromArrays(x, ["b", "a", "b"]).target).toEqual({
      kind: "class",
      classes: 2,
      labels: Int32Array.of(1, 0, 1),
    });
    expect(datasetFromArrays(x, Int32Array.of(0, 2, 1)).target).toEqual({
      kind: "class",
      classes: 3,
      labels: Int32Array.of(0, 2, 1),
    });
    expect(datasetFromArrays(x, [0, 2, 1], { classes: 4 }).target).toEqual({
      kind: "class",
      classes: 4,
      labels: Int32Array.of(0, 2, 1),
    });
    expect(datasetFromArrays(x, ["b", "a", "b"], { classes: ["b", "a"] }).target).toMatchObject({
      labels: Int32Array.of(0, 1, 0),
    });
    expect(datasetFromArrays(x, [0, 2, 1]).target).toEqual({
      kind: "number",
      width: 1,
      values: Float32Array.of(0, 2, 1),
    });
    expect(
      datasetFromArrays(x, [
        [0, 1],
        [2, 3],
        [4, 5],
      ]).target,
    ).toMatchObject({ kind: "number", width: 2 });
  });

  it.each([
    ["rows of different lengths", () => datasetFromArrays([[1, 2], [3]]), /row 1 has 1/],
    ["too few targets", () => datasetFromArrays([[1], [2]], [1]), /1 targets for 2 rows/],
    [
      "a label outside the classes",
      () => datasetFromArrays([[1]], [5], { classes: 3 }),
      /row 0: 5.*3 classes/,
    ],
    ["a flat array without a width", () => datasetFromArrays(Float32Array.of(1, 2)), /width/],
    ["no rows", () => datasetFromArrays([]), /at least one row/],
  ])("with %s is refused", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(RangeError);
  });
});
