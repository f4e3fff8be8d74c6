// Batches cut into shards and dealt to workers: every row once, in order, and the same bits of the sum.
import { describe, expect, it } from "vitest";
import { loadKernels, SCRATCH_BYTES } from "../../packages/core/dist/kernels.js";
import { programWords, split, writeProgram } from "../../packages/core/dist/tree.js";
import {
  cutBatch,
  defaultShards,
  shardRows,
  workerShards,
} from "../../packages/parallel/dist/step/shards.js";
import { spread, stream } from "./numbers.js";

const SHARDS = 17;
const WORKERS = 20;

/** Batches of every number of shards, full and short ones: [rows, batchSize, shards]. */
const batches = Array.from({ length: SHARDS }, (_, i) => i + 1).flatMap((shards) => {
  const batchSize = 3 * shards + (shards % 4);
  const rows = [batchSize, batchSize - 1, Math.ceil(batchSize / 2), 3, 1];
  return rows
    .filter((r) => r >= 1 && r <= batchSize)
    .map((r): [number, number, number] => [r, batchSize, shards]);
});

/** The sum over rows as the definition says: rows of a shard one after the other, shards as a tree. */
function twin(x: Float32Array, inner: number, rows: number, size: number): Float32Array {
  const leaf = (s: number): Float32Array => {
    const sum = x.slice(s * size * inner, (s * size + 1) * inner);
    for (let r = s * size + 1; r < Math.min(rows, (s + 1) * size); r += 1)
      for (let j = 0; j < inner; j += 1) sum[j] = sum[j]! + x[r * inner + j]!;
    return sum;
  };
  const visit = (lo: number, hi: number): Float32Array => {
    if (hi - lo === 1) return leaf(lo);
    const [a, b] = [visit(lo, split(lo, hi)), visit(split(lo, hi), hi)];
    return a.map((value, j) => value + b[j]!);
  };
  return visit(0, Math.ceil(rows / size));
}

describe("shards", () => {
  it("are dealt to workers in contiguous ranges whose sizes differ by at most one", () => {
    for (let shards = 1; shards <= SHARDS; shards += 1)
      for (let workers = 1; workers <= WORKERS; workers += 1) {
        const ranges = Array.from({ length: workers }, (_, w) => workerShards(shards, workers, w));
        expect(ranges[0]!.lo).toBe(0);
        expect(ranges.at(-1)!.hi).toBe(shards);
        ranges.slice(1).forEach(({ lo }, w) => expect(lo).toBe(ranges[w]!.hi));
        const sizes = ranges.map(({ lo, hi }) => hi - lo);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
  });

  it("hold every row of a batch once, in order, for every number of workers", () => {
    for (const [rows, batchSize, shards] of batches)
      for (let workers = 1; workers <= WORKERS; workers += 1) {
        const { parts } = cutBatch(rows, batchSize, shards, workers);
        expect(parts.length).toBe(workers);
        let row = 0;
        for (const part of parts) {
          if (part.rows === 0) {
            expect(part.subtrees).toEqual([]);
            continue;
          }
          expect(part.firstRow).toBe(row);
          let inPart = 0;
          for (const { firstRow, rows: ofShards } of part.subtrees) {
            expect(firstRow).toBe(inPart);
            inPart += ofShards.reduce((a, b) => a + b);
          }
          expect(inPart).toBe(part.rows);
          row += part.rows;
        }
        expect(row).toBe(rows);
      }
  });

  it("have the same number of rows in a short batch, except the last; absent ones are skipped", () => {
    for (const [rows, batchSize, shards] of batches)
      for (const workers of [1, 3, 20]) {
        const { parts } = cutBatch(rows, batchSize, shards, workers);
        const sizes = parts.flatMap((part) => part.subtrees.flatMap((subtree) => subtree.rows));
        const size = shardRows(batchSize, shards);
        expect(sizes.slice(0, -1).every((n) => n === size)).toBe(true);
        expect(sizes.length).toBe(Math.ceil(rows / size));
        expect(sizes.at(-1)).toBeGreaterThanOrEqual(1);
      }
  });

  it("are summed by the kernels to the twin's bits for every number of shards and workers", () => {
    const inner = 5;
    const pages = 128;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const kernels = loadKernels("f32", memory);
    const words = new Int32Array(memory.buffer);
    const table = 1024;
    const program = 4096;
    const scratch = 1 << 16;
    const sums = scratch + SCRATCH_BYTES;
    const x = sums + 64 * 64;
    for (const [rows, batchSize, shards] of batches) {
      const values = spread(rows * inner, stream(rows * 31 + shards));
      new Float32Array(memory.buffer, x, values.length).set(values);
      const expected = twin(values, inner, rows, shardRows(batchSize, shards));
      for (let workers = 1; workers <= WORKERS; workers += 1) {
        const { parts, merges } = cutBatch(rows, batchSize, shards, workers);
        const addresses: number[] = [];
        for (const part of parts)
          for (const subtree of part.subtrees) {
            expect(programWords(subtree.rows.length) * 4).toBeLessThan(scratch - program);
            writeProgram(words, program >> 2, subtree.rows, subtree.merges);
            const to = sums + 64 * addresses.length;
            const from = x + 4 * inner * (part.firstRow + subtree.firstRow);
            kernels.sumTree(program, inner, from, to, scratch);
            addresses.push(to);
          }
        writeProgram(words, table >> 2, addresses, merges);
        kernels.reduceTree(inner, table, 0, program, scratch);
        const found = new Float32Array(memory.buffer, program, inner).slice();
        expect(found, `${rows} rows, ${shards} shards, ${workers} workers`).toEqual(expected);
      }
    }
  });

  it("are by default as many as the batch size alone says, and never more than its rows", () => {
    for (let batch = 1; batch <= 5000; batch += 1) {
      const shards = defaultShards(batch);
      expect(shards).toBeGreaterThanOrEqual(1);
      expect(shards).toBeLessThanOrEqual(batch);
    }
    expect([32, 64, 128, 1024].map((batch) => defaultShards(batch))).toEqual([4, 4, 8, 16]);
  });
});
