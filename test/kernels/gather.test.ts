// Gathering rows of a dataset, against the definition.
import { describe, expect, it } from "vitest";
import { arena, DTYPES, numbers, stream, UNWRITTEN } from "./arena.js";

const INDICES = [3, 0, 7, 7, 2, 1, 6, 4, 5, 0];
const ROWS = 8;
const WIDTHS = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 21, 37, 127, 128, 131, 1100];

/** The rows of `at(row, column)` at INDICES, `stride` apart, with what is not written between them. */
function expected(
  width: number,
  stride: number,
  at: (row: number, column: number) => number,
): number[] {
  return INDICES.flatMap((row) => [
    ...Array.from({ length: width }, (_, j) => at(row, j)),
    ...new Array<number>(stride - width).fill(UNWRITTEN),
  ]);
}

describe.each(DTYPES)("%s", (dtype) => {
  it("gatherF32 copies rows of f32, also into a part of wider rows", () => {
    const { k, putInts, putSingles, room, read } = arena(dtype);
    const indices = putInts(INDICES);
    for (const width of WIDTHS) {
      for (const stride of [width, width + 3]) {
        const source = Float32Array.from(numbers(ROWS * width, stream(width)));
        const out = room(INDICES.length * stride);
        k.gatherF32(INDICES.length, width, indices, putSingles(source), out, stride);
        expect(read(out, INDICES.length * stride)).toEqual(
          expected(width, stride, (r, j) => source[r * width + j]!),
        );
      }
    }
  });

  it("gatherU8 shifts and scales bytes in the number type", () => {
    const { k, putInts, putBytes, room, read, round } = arena(dtype);
    const indices = putInts(INDICES);
    const [shift, scale] = [round(33.31), round(1 / 78.57)];
    for (const width of WIDTHS) {
      for (const stride of [width, width + 1]) {
        const source = Array.from({ length: ROWS * width }, (_, i) => (i * 67 + width) % 256);
        const out = room(INDICES.length * stride);
        k.gatherU8(INDICES.length, width, indices, putBytes(source), 33.31, 1 / 78.57, out, stride);
        expect(read(out, INDICES.length * stride)).toEqual(
          expected(width, stride, (r, j) => round(round(source[r * width + j]! - shift) * scale)),
        );
      }
    }
  });

  it("gatherOneHot marks the class of a row and leaves rows of unknown classes at zero", () => {
    const { k, putInts, room, read } = arena(dtype);
    const codes = [0, 1, 4, 2, 0, 0, 0, -1];
    const [indices, from] = [putInts(INDICES), putInts(codes)];
    for (const classes of [1, 3, 4, 5, 10]) {
      const stride = classes + 2;
      const out = room(INDICES.length * stride);
      k.gatherOneHot(INDICES.length, classes, indices, from, out, stride);
      expect(read(out, INDICES.length * stride)).toEqual(
        expected(classes, stride, (r, j) => (codes[r] === j ? 1 : 0)),
      );
    }
  });

  it("gatherI32 copies integers", () => {
    const { k, putInts, room, readInts } = arena(dtype);
    const out = room(8);
    k.gatherI32(5, putInts(INDICES), putInts([5, -6, 7, 2 ** 31 - 1, 9, 10, 11, -(2 ** 31)]), out);
    expect(readInts(out, 5)).toEqual([2 ** 31 - 1, 5, -(2 ** 31), -(2 ** 31), 7]);
  });

  it("toI32 cuts numbers to whole ones within 32 bits, and gives −1 for NaN", () => {
    const { k, put, room, readInts } = arena(dtype);
    const x = [0, 7, -0.9, 16_777_215, 3.99, NaN, -5, 1e30, -Infinity];
    const whole = [0, 7, 0, 16_777_215, 3, -1, -5, 2 ** 31 - 1, -(2 ** 31)];
    for (const stride of [1, 3]) {
      const out = room(x.length);
      const spread = x.flatMap((v) => [v, ...new Array<number>(stride - 1).fill(UNWRITTEN)]);
      k.toI32(x.length, put(spread), stride, out);
      expect(readInts(out, x.length)).toEqual(whole);
    }
  });
});
