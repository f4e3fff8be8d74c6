import { holdout, readRowList } from "@shardgrad/parallel";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectInputError, temporaryFiles } from "./support.js";

const { file } = temporaryFiles();

function rows(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => 10 * i);
}

describe("a held-out part", () => {
  it("and the rest are all rows, each once and in order", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 500 }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.integer(),
        (n, fraction, seed) => {
          const { kept, held } = holdout(rows(n), fraction, seed);
          expect([...kept, ...held].sort((a, b) => a - b)).toEqual([...rows(n)]);
          expect([...held]).toEqual([...held].sort((a, b) => a - b));
          expect(held.length).toBe(Math.min(Math.max(Math.round(fraction * n), 1), n - 1));
        },
      ),
      { seed: 5 },
    );
  });

  it("is the same for the same seed and another for another", () => {
    expect(holdout(rows(100), 0.2, 1)).toEqual(holdout(rows(100), 0.2, 1));
    expect(holdout(rows(100), 0.2, 1).held).not.toEqual(holdout(rows(100), 0.2, 2).held);
  });

  it("takes rows from everywhere", () => {
    const counts = new Float64Array(50);
    for (let seed = 0; seed < 400; seed += 1)
      for (const row of holdout(rows(50), 0.2, seed).held)
        counts[row / 10] = (counts[row / 10] ?? 0) + 1;
    // 400 draws of 10 from 50: 80 each, with a standard deviation of 8
    expect(Math.min(...counts)).toBeGreaterThan(40);
    expect(Math.max(...counts)).toBeLessThan(120);
  });

  it("of no sensible size is refused", () => {
    expect(() => holdout(rows(10), 0, 0)).toThrow(RangeError);
    expect(() => holdout(rows(10), 1, 0)).toThrow(RangeError);
    expect(() => holdout(rows(10), Number.NaN, 0)).toThrow(RangeError);
    expect(() => holdout(rows(1), 0.5, 0)).toThrow(RangeError);
  });
});

describe("a list of rows", () => {
  it.each([
    ["JSON", "[3, 0, 2]", undefined],
    ["JSON with keys", '{"train":[1],"test":[3,0,2]}', "test"],
    ["lines", "3\n0\n\n2\n", undefined],
    ["lines with CRLF", "3\r\n0\r\n2", undefined],
  ])("may be %s", async (_, text, key) => {
    expect(await readRowList(file("rows", text), 4, key)).toEqual(Int32Array.of(3, 0, 2));
  });

  it.each([
    ["a row that is not there", "0\n4\n", ["line 2", "4", "0 to 3"]],
    ["a negative row", "[-1]", ["entry 1", "-1"]],
    ["a fraction", "[0.5]", ["entry 1", "0.5"]],
    ["text", "0\none\n", ["line 2", '"one"']],
    ["a row twice", "0\n1\n0\n", ["line 3", "row 0", "twice"]],
    ["nothing", "\n", ["no rows"]],
    ["broken JSON", "[1,", ["not JSON"]],
    ["no array", '{"a":[1]}', ["not an array"]],
  ])("with %s is refused in one line", async (_, text, parts) => {
    const path = file("rows", text);
    await expectInputError(() => readRowList(path, 4), path, ...parts);
  });

  it("without the key that was asked for is refused", async () => {
    const path = file("rows", '{"train":[1]}');
    await expectInputError(() => readRowList(path, 4, "test"), path, '"test"');
  });

  it("that does not exist is refused", async () => {
    await expectInputError(() => readRowList("nowhere.json", 4), "nowhere.json", "no such file");
  });
});
