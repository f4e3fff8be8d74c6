// Sums and maxima over an axis, and sums by the reduction tree, against their definitions, to the bit.
import { describe, expect, it } from "vitest";
import { postOrder, programWords, split, writeProgram } from "../../packages/core/dist/tree.js";
import { arena, DTYPES, numbers, stream, UNWRITTEN, type Arena } from "./arena.js";

/** Σ of the rows lo ≤ r < hi of x [rows, inner] by T(lo, hi) over the leaves, leaf s being rows starts[s] … starts[s + 1] − 1. */
function tree(
  x: number[],
  inner: number,
  starts: number[],
  lo: number,
  hi: number,
  round: (x: number) => number,
): number[] {
  if (hi - lo > 1) {
    const middle = split(lo, hi);
    const [left, right] = [
      tree(x, inner, starts, lo, middle, round),
      tree(x, inner, starts, middle, hi, round),
    ];
    return left.map((a, i) => round(a + right[i]!));
  }
  return Array.from({ length: inner }, (_, i) => {
    let sum = x[starts[lo]! * inner + i]!;
    for (let r = starts[lo]! + 1; r < starts[hi]!; r += 1) sum = round(sum + x[r * inner + i]!);
    return sum;
  });
}

/** Places the program of the tree over `values.length` leaves. */
function program({ putInts }: Arena, values: number[]): number {
  const words = new Int32Array(programWords(values.length));
  writeProgram(
    words,
    0,
    values,
    postOrder(0, values.length).map(({ merges }) => merges),
  );
  return putInts(words);
}

describe.each(DTYPES)("%s", (dtype) => {
  it("sum and maxOver are chains from the first element on, for every axis", () => {
    const { k, put, room, read, round } = arena(dtype);
    const random = stream(1);
    for (const outer of [1, 2, 5, 8]) {
      for (const count of [1, 2, 3, 9]) {
        for (const inner of [1, 2, 3, 4, 7, 16, 21, 37]) {
          const x = numbers(outer * count * inner, random, 1000).map(round);
          const from = put(x, 1);
          const chain = (join: (a: number, b: number) => number): number[] =>
            Array.from({ length: outer * inner }, (_, e) => {
              const first = Math.floor(e / inner) * count * inner + (e % inner);
              let y = x[first]!;
              for (let c = 1; c < count; c += 1) y = join(y, x[first + c * inner]!);
              return y;
            });
          const y = room(outer * inner + 1);
          k.sum(outer, count, inner, from, y);
          expect(read(y, outer * inner + 1)).toEqual([...chain((a, b) => round(a + b)), UNWRITTEN]);
          k.maxOver(outer, count, inner, from, y);
          expect(read(y, outer * inner + 1)).toEqual([...chain(Math.max), UNWRITTEN]);
        }
      }
    }
  });

  it("nothing sums to 0 and has the maximum −∞", () => {
    const { k, room, read } = arena(dtype);
    const y = room(6);
    k.sum(2, 0, 3, y, y);
    expect(read(y, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    k.maxOver(2, 0, 3, y, y);
    expect(read(y, 6)).toEqual(new Array<number>(6).fill(-Infinity));
  });

  it("sum and maxOver pass NaN from any place", () => {
    const { k, put, room, read } = arena(dtype);
    for (const inner of [1, 5]) {
      for (let at = 0; at < 6; at += 1) {
        const x = new Array<number>(6 * inner).fill(1);
        x[at * inner] = NaN;
        const y = room(inner);
        k.sum(1, 6, inner, put(x), y);
        expect(read(y, inner).map(Number.isNaN)).toEqual(
          Array.from({ length: inner }, (_, i) => i === 0),
        );
        k.maxOver(1, 6, inner, put(x), y);
        expect(read(y, inner).map(Number.isNaN)).toEqual(
          Array.from({ length: inner }, (_, i) => i === 0),
        );
      }
    }
  });

  it("sumTree sums uneven shards by the tree, for 1 to 17 shards and columns of any number", () => {
    const bench = arena(dtype);
    const { k, put, room, read, round, scratch } = bench;
    const random = stream(3);
    for (let shards = 1; shards <= 17; shards += 1) {
      const rows = Array.from({ length: shards }, () => 1 + Math.floor(random() * 4));
      const starts = rows.reduce((all, n) => [...all, all.at(-1)! + n], [0]);
      const words = program(bench, rows);
      for (const inner of [1, 3, 4, 10, 32, 33, 71]) {
        const x = numbers(starts.at(-1)! * inner, random, 1000).map(round);
        const y = room(inner + 1);
        k.sumTree(words, inner, put(x, 1), y, scratch);
        expect(read(y, inner + 1), `${shards} shards, ${inner} columns`).toEqual([
          ...tree(x, inner, starts, 0, shards, round),
          UNWRITTEN,
        ]);
      }
    }
  });

  it("reduceTree sums buffers by the tree, from an offset", () => {
    const bench = arena(dtype);
    const { k, put, room, read, round, scratch } = bench;
    const random = stream(5);
    for (let leaves = 1; leaves <= 17; leaves += 1) {
      const buffers = Array.from({ length: leaves }, () => numbers(90, random, 1000).map(round));
      const table = program(
        bench,
        buffers.map((values) => put(values)),
      );
      for (const n of [1, 4, 31, 32, 70]) {
        const first = 5;
        const y = room(n + 1);
        k.reduceTree(n, table, first * k.bytes, y, scratch);
        const x = buffers.flatMap((values) => values.slice(first, first + n));
        const starts = Array.from({ length: leaves + 1 }, (_, s) => s);
        expect(read(y, n + 1), `${leaves} buffers, ${n} numbers`).toEqual([
          ...tree(x, n, starts, 0, leaves, round),
          UNWRITTEN,
        ]);
      }
    }
  });

  it("sums over a slice are sequential chains in f64", () => {
    const { k, put, round } = arena(dtype);
    const random = stream(8);
    const [x, y] = [numbers(1001, random).map(round), numbers(1001, random).map(round)];
    const [px, py] = [put(x), put(y)];
    expect(k.sumAbs(1001, px)).toBe(x.reduce((s, v) => s + Math.abs(v), 0));
    expect(k.sumSquares(1001, px)).toBe(x.reduce((s, v) => s + v * v, 0));
    expect(k.sumSquaredDifference(1001, px, py)).toBe(
      x.reduce((s, v, i) => s + (v - y[i]!) * (v - y[i]!), 0),
    );
    expect(k.sumSquares(0, px)).toBe(0);
  });

  it("a touch reads the first word of each line of n elements and no further", () => {
    const { k } = arena(dtype);
    const words = new Int32Array(k.memory.buffer);
    const lines = 5;
    const first = words.length - 16 * lines;
    for (let i = 0; i < lines; i += 1) words[first + 16 * i] = 3 ** i;
    expect(k.touch((64 * lines) / k.bytes, 4 * first)).toBe(1 + 3 + 9 + 27 + 81);
    expect(k.touch(0, 4 * first)).toBe(0);
  });
});
