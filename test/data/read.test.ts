import { columnOf, nearest, readTable, selectRows, tableFromRecords } from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { expectInputError, sample, temporaryFiles } from "./support.js";

const { file, folder } = temporaryFiles();

describe("a path that cannot be read", () => {
  it("because nothing is there is refused in one line", async () => {
    await expectInputError(
      () => readTable("nowhere/table.csv"),
      "nowhere/table.csv",
      "no such file",
    );
  });

  it("because it is a folder is refused in one line", async () => {
    await expectInputError(() => readTable(folder), folder, "folder");
  });

  it.each([
    ["bzip2", "BZh91AY&SY", "gzip"],
    ["Feather V1", "FEA1....", "V2"],
    ["zip", "PK\u0003\u0004....", "CSV"],
    ["SQLite", "SQLite format 3\u0000", "CSV"],
  ])("because it is %s is refused with a remedy", async (_, content, remedy) => {
    const path = file("table.csv", content);
    await expectInputError(() => readTable(path), path, "not read", remedy);
  });

  it("because it is one JSON array is refused with a remedy", async () => {
    const path = file("table.json", '[{"a":1}]\n');
    await expectInputError(() => readTable(path), path, "JSON", "CSV");
  });
});

describe("a column name", () => {
  it("that is mistyped is answered with the nearest", async () => {
    const table = await readTable(sample("penguins.csv"));
    await expectInputError(() => columnOf(table, "speces"), '"speces"', 'did you mean "species"?');
    await expectInputError(() => columnOf(table, "body_mas_g"), 'did you mean "body_mass_g"?');
  });

  it("that is far from all is answered with the list", async () => {
    const table = tableFromRecords([{ a: 1, b: 2 }]);
    await expectInputError(() => columnOf(table, "zzzzzz"), '"zzzzzz"', '"a", "b"');
  });
});

describe("the nearest name", () => {
  it.each([
    ["lr-", ["lr", "epochs"], "lr"],
    ["bacth-size", ["batch-size", "seed"], "batch-size"],
    ["SPECIES", ["species", "island"], "species"],
    ["quite different", ["species", "island"], null],
    ["", ["a"], null],
    ["x", ["y", "xx"], "xx"],
  ])("to %s of %j is %s", (name, known, expected) => {
    expect(nearest(name, known)).toBe(expected);
  });
});

describe("selected rows", () => {
  it("keep their values, missing cells and the places they have in the source", async () => {
    const table = await readTable(file("rows.csv", "a,b\n1,x\n,y\n3,\n"));
    const chosen = selectRows(table, Int32Array.of(2, 1));
    expect(columnOf(chosen, "a")).toMatchObject({
      values: Float64Array.of(3, 0),
      valid: Uint8Array.of(1, 0),
    });
    expect(columnOf(chosen, "b")).toMatchObject({ codes: Int32Array.of(-1, 1) });
    expect(chosen.places.numbers).toEqual(Int32Array.of(4, 3));
  });
});
