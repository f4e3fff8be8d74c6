// Softmax and its losses against their definitions in f64.
import { describe, expect, it } from "vitest";
import { arena, DTYPES, numbers, stream, type Arena } from "./arena.js";

const ROWS = 7;
const SIZES = [1, 2, 3, 4, 5, 8, 10, 13, 100, 1000];

/** Of one row: max, Σ exp(x − max). */
function parts(x: number[]): { top: number; sum: number } {
  const top = Math.max(...x);
  return { top, sum: x.reduce((s, v) => s + Math.exp(v - top), 0) };
}

const rowsOf = (x: number[], n: number): number[][] =>
  Array.from({ length: x.length / n }, (_, r) => x.slice(r * n, r * n + n));

describe.each(DTYPES)("%s", (dtype) => {
  const unit = dtype === "f32" ? 2 ** -24 : 2 ** -53;
  const fresh = (): Arena => arena(dtype);

  it("softmax is within 2⁻²⁴·(8 + max − x), relative; 2⁻⁵³·(…) in f64", () => {
    const { k, put, room, read, round } = fresh();
    const random = stream(1);
    for (const n of SIZES) {
      const x = numbers(ROWS * n, random, 20).map(round);
      const y = room(x.length);
      k.softmax(ROWS, n, put(x), y);
      const result = rowsOf(read(y, x.length), n);
      rowsOf(x, n).forEach((row, r) => {
        const { top, sum } = parts(row);
        row.forEach((v, j) => {
          const exact = Math.exp(v - top) / sum;
          // The twin's own sum of n numbers is rounded, too, in f64.
          const limit = unit * (8 + top - v) + n * 2 ** -54;
          expect(
            Math.abs(result[r]![j]! / exact - 1),
            `n = ${n}, x = ${v}, max = ${top}`,
          ).toBeLessThanOrEqual(limit);
        });
      });
    }
  });

  it("logSoftmax and logSumExp follow their definitions", () => {
    const { k, put, room, read, round } = fresh();
    const random = stream(2);
    for (const n of SIZES) {
      const x = numbers(ROWS * n, random, 20).map(round);
      const [from, y, l] = [put(x), room(x.length), room(ROWS)];
      k.logSoftmax(ROWS, n, from, y);
      k.logSumExp(ROWS, n, from, l);
      const logs = rowsOf(read(y, x.length), n);
      const sums = read(l, ROWS);
      rowsOf(x, n).forEach((row, r) => {
        const { top, sum } = parts(row);
        const exact = top + Math.log(sum);
        expect(Math.abs(sums[r]! - exact)).toBeLessThanOrEqual(8 * unit * (1 + Math.abs(exact)));
        row.forEach((v, j) => {
          const log = v - top - Math.log(sum);
          expect(Math.abs(logs[r]![j]! - log)).toBeLessThanOrEqual(
            4 * unit * (1 + top - v + Math.log(sum)) + n * 2 ** -54,
          );
        });
      });
    }
  });

  it("crossEntropy and its gradient follow their definitions", () => {
    const { k, put, putInts, room, read, round } = fresh();
    const random = stream(3);
    for (const n of SIZES) {
      const z = numbers(ROWS * n, random, 10).map(round);
      const labels = Array.from({ length: ROWS }, () => Math.floor(random() * n));
      const dy = numbers(ROWS, random).map(round);
      const [from, label, up, y, dz] = [
        put(z),
        putInts(labels),
        put(dy),
        room(ROWS),
        room(z.length),
      ];
      k.crossEntropy(ROWS, n, from, label, y);
      k.crossEntropyGrad(ROWS, n, from, label, up, dz);
      const losses = read(y, ROWS);
      const gradients = rowsOf(read(dz, z.length), n);
      rowsOf(z, n).forEach((row, r) => {
        const { top, sum } = parts(row);
        const loss = Math.log(sum) + (top - row[labels[r]!]!);
        expect(Math.abs(losses[r]! - loss)).toBeLessThanOrEqual(8 * unit * (1 + loss));
        row.forEach((v, j) => {
          const exact = (Math.exp(v - top) / sum - (j === labels[r] ? 1 : 0)) * dy[r]!;
          const limit = 32 * unit * Math.max(Math.abs(exact), j === labels[r] ? 1 : 0);
          expect(Math.abs(gradients[r]![j]! - exact)).toBeLessThanOrEqual(limit);
        });
      });
    }
  });

  it("a small loss keeps its precision", () => {
    const { k, put, putInts, room, read } = fresh();
    const y = room(1);
    k.crossEntropy(1, 2, put([20, 4]), putInts([0]), y);
    expect(read(y, 1)[0]! / Math.log1p(Math.exp(-16)) - 1).toBeCloseTo(0, dtype === "f32" ? 6 : 9);
  });

  it("a label outside the row gives NaN in the loss and the whole gradient row, and there only", () => {
    const { k, put, putInts, room, read } = fresh();
    const [z, labels, up, y, dz] = [
      put(numbers(15, stream(4))),
      putInts([1, 5, -1]),
      put([1, 1, 1]),
      room(3),
      room(15),
    ];
    k.crossEntropy(3, 5, z, labels, y);
    k.crossEntropyGrad(3, 5, z, labels, up, dz);
    expect(read(y, 3).map(Number.isNaN)).toEqual([false, true, true]);
    expect(read(dz, 15).map(Number.isNaN)).toEqual(Array.from({ length: 15 }, (_, i) => i >= 5));
  });

  it("a row has the same bits wherever it stands and whatever is beside it", () => {
    const { k, put, putInts, room, read, round } = fresh();
    for (const n of [2, 3, 10, 11, 17]) {
      const row = numbers(n, stream(n), 5).map(round);
      const other = numbers(n, stream(n + 1), 500).map(round);
      const label = putInts([1, 1, 1, 1]);
      const dy = put([0.3, 0.3, 0.3, 0.3].map(round));
      const all = (x: number[], at: number): number[][] => {
        const rows = x.length / n;
        const from = put(x);
        const wide = room(x.length);
        const narrow = room(rows);
        const pick = (address: number, width: number): number[] =>
          read(address, rows * width).slice(at * width, (at + 1) * width);
        const out: number[][] = [];
        k.softmax(rows, n, from, wide);
        out.push(pick(wide, n));
        k.logSoftmax(rows, n, from, wide);
        out.push(pick(wide, n));
        k.crossEntropyGrad(rows, n, from, label, dy, wide);
        out.push(pick(wide, n));
        k.logSumExp(rows, n, from, narrow);
        out.push(pick(narrow, 1));
        k.crossEntropy(rows, n, from, label, narrow);
        out.push(pick(narrow, 1));
        return out;
      };
      const alone = all(row, 0);
      expect(all([...row, ...other, ...other], 0)).toEqual(alone);
      expect(all([...other, ...row, ...other], 1)).toEqual(alone);
      expect(all([...other, ...other, ...other, ...row], 3)).toEqual(alone);
    }
  });

  it("rows work in place", () => {
    const { k, put, putInts, room, read } = fresh();
    const x = numbers(22, stream(6));
    const y = room(22);
    k.softmax(2, 11, put(x), y);
    const there = put(x);
    k.softmax(2, 11, there, there);
    expect(read(there, 22)).toEqual(read(y, 22));
    const [labels, dy] = [putInts([3, 10]), put([1, 2])];
    k.crossEntropyGrad(2, 11, put(x), labels, dy, y);
    const here = put(x);
    k.crossEntropyGrad(2, 11, here, labels, dy, here);
    expect(read(here, 22)).toEqual(read(y, 22));
  });

  it("large, infinite and missing logits have their limits", () => {
    const { k, put, room, read } = fresh();
    const y = room(5);
    k.softmax(1, 5, put([1e4, -1e4, 1e4, -Infinity, 0]), y);
    expect(read(y, 5)).toEqual([0.5, 0, 0.5, 0, 0]);
    k.logSumExp(1, 5, put([-Infinity, -Infinity, -Infinity, -Infinity, -Infinity]), y);
    expect(read(y, 1)).toEqual([-Infinity]);
    k.logSumExp(1, 5, put([1, 2, Infinity, 3, 4]), y);
    expect(read(y, 1)).toEqual([Infinity]);
  });

  it("NaN at any place of a row reaches all of its results", () => {
    const { k, put, putInts, room, read } = fresh();
    for (let at = 0; at < 9; at += 1) {
      const x = numbers(9, stream(at)).with(at, NaN);
      const [from, labels, y] = [put(x), putInts([2]), room(9)];
      k.softmax(1, 9, from, y);
      expect(read(y, 9)).toEqual(new Array<number>(9).fill(NaN));
      k.logSoftmax(1, 9, from, y);
      expect(read(y, 9)).toEqual(new Array<number>(9).fill(NaN));
      k.crossEntropyGrad(1, 9, from, labels, put([1]), y);
      expect(read(y, 9)).toEqual(new Array<number>(9).fill(NaN));
      k.logSumExp(1, 9, from, y);
      expect(read(y, 1)).toEqual([NaN]);
      k.crossEntropy(1, 9, from, labels, y);
      expect(read(y, 1)).toEqual([NaN]);
    }
  });

  it("binaryCrossEntropy and its gradient follow their definitions, without overflow, and pass NaN", () => {
    const { k, put, room, read, round } = fresh();
    const random = stream(9);
    const z = [...numbers(33, random, 30), 1000, -1000, 0].map(round);
    const t = z.map((_, i) => (i % 3) / 2);
    const dy = numbers(z.length, random).map(round);
    const [pz, pt, up, y, dz] = [put(z), put(t), put(dy), room(z.length), room(z.length)];
    k.binaryCrossEntropy(z.length, pz, pt, y);
    k.binaryCrossEntropyGrad(z.length, pz, pt, up, dz);
    const [losses, gradients] = [read(y, z.length), read(dz, z.length)];
    z.forEach((v, i) => {
      const loss = Math.max(v, 0) - v * t[i]! + Math.log1p(Math.exp(-Math.abs(v)));
      expect(Math.abs(losses[i]! - loss)).toBeLessThanOrEqual(4 * unit * (1 + Math.abs(v)));
      const sigmoid = v < 0 ? Math.exp(v) / (1 + Math.exp(v)) : 1 / (1 + Math.exp(-v));
      expect(Math.abs(gradients[i]! - (sigmoid - t[i]!) * dy[i]!)).toBeLessThanOrEqual(8 * unit);
    });
    k.binaryCrossEntropy(5, put([NaN, 1, 1, 1, NaN]), put([0, NaN, 0, 0, 0]), y);
    expect(read(y, 5).map(Number.isNaN)).toEqual([true, true, false, false, true]);
  });
});
