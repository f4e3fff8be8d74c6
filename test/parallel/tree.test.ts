// The reduction tree against a recursive twin written from its definition, for every number of shards and workers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cover,
  mergeSpans,
  postOrder,
  programWords,
  split,
  writeProgram,
  type Span,
} from "../../packages/core/dist/tree.js";
import { workerShards } from "../../packages/parallel/dist/step/shards.js";
import { spread, stream } from "./numbers.js";

const SHARDS = 17;
const WORKERS = 20;

/** T(lo, hi) by its definition, over any kind of sum. */
function twin<Sum>(
  lo: number,
  hi: number,
  leaf: (s: number) => Sum,
  add: (a: Sum, b: Sum) => Sum,
): Sum {
  if (hi - lo === 1) return leaf(lo);
  const half = Math.max(...[1, 2, 4, 8, 16, 32, 64].filter((power) => power < hi - lo));
  return add(twin(lo, lo + half, leaf, add), twin(lo + half, hi, leaf, add));
}

const written = (lo: number, hi: number): string => twin(lo, hi, String, (a, b) => `(${a}+${b})`);

/** All nodes of T(0, shards). */
function nodes(shards: number): Span[] {
  const all: Span[] = [];
  twin(
    0,
    shards,
    (lo): Span => ({ lo, hi: lo + 1 }),
    (a, b) => {
      all.push(a, b);
      return { lo: a.lo, hi: b.hi };
    },
  );
  return [...all, { lo: 0, hi: shards }];
}

/** What a stack does with leaves, each followed by merges of the two topmost sums. */
function execute<Sum>(
  leaves: readonly Sum[],
  merges: readonly number[],
  add: (a: Sum, b: Sum) => Sum,
): Sum[] {
  const stack: Sum[] = [];
  leaves.forEach((leaf, i) => {
    stack.push(leaf);
    for (let m = 0; m < (merges[i] ?? 0); m += 1) {
      const b = stack.pop();
      const a = stack.pop();
      if (a === undefined || b === undefined) throw new Error("a merge of less than two sums");
      stack.push(add(a, b));
    }
  });
  return stack;
}

describe("the reduction tree", () => {
  it("splits at the largest power of two below the number of shards", () => {
    expect([2, 3, 4, 5, 8, 9, 16, 17].map((n) => split(0, n))).toEqual([1, 2, 2, 4, 4, 8, 8, 16]);
    expect(split(8, 11)).toBe(10);
  });

  it("is visited in post-order: one sum remains, added as the definition says", () => {
    for (let shards = 1; shards <= SHARDS; shards += 1)
      for (const { lo, hi } of nodes(shards)) {
        const leaves = postOrder(lo, hi);
        const sums = execute(
          leaves.map(({ shard }) => String(shard)),
          leaves.map(({ merges }) => merges),
          (a, b) => `(${a}+${b})`,
        );
        expect(sums).toEqual([written(lo, hi)]);
      }
  });

  it("covers every worker's shards with the fewest nodes", () => {
    for (let shards = 1; shards <= SHARDS; shards += 1) {
      const all = nodes(shards);
      for (let lo = 0; lo < shards; lo += 1)
        for (let hi = lo + 1; hi <= shards; hi += 1) {
          const spans = cover(shards, lo, hi);
          // The nodes within [lo, hi) that no other node within it holds.
          const inside = all.filter((node) => lo <= node.lo && node.hi <= hi);
          const largest = inside.filter(
            (node) =>
              !inside.some((other) => other !== node && other.lo <= node.lo && node.hi <= other.hi),
          );
          expect(spans).toEqual(largest.toSorted((a, b) => a.lo - b.lo));
        }
    }
  });

  it("covers no shards with no nodes", () => {
    expect(cover(0, 0, 0)).toEqual([]);
    expect(cover(5, 2, 2)).toEqual([]);
  });

  it("merges the workers' sums to the definition's sum for every number of shards and workers", () => {
    for (let shards = 1; shards <= SHARDS; shards += 1)
      for (let workers = 1; workers <= WORKERS; workers += 1) {
        const spans = Array.from({ length: workers }, (_, w) => {
          const { lo, hi } = workerShards(shards, workers, w);
          return cover(shards, lo, hi);
        }).flat();
        const sums = execute(
          spans.map(({ lo, hi }) => written(lo, hi)),
          mergeSpans(shards, spans),
          (a, b) => `(${a}+${b})`,
        );
        expect(sums).toEqual([written(0, shards)]);
      }
  });

  it("gives the definition's f32 bits however its shards are dealt out, and left to right gives others", () => {
    const add = (a: number, b: number): number => Math.fround(a + b);
    let differences = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }).chain((shards) =>
          fc.record({
            shards: fc.constant(shards),
            borders: fc.uniqueArray(fc.integer({ min: 1, max: Math.max(1, shards - 1) })),
            seed: fc.integer({ min: 0, max: 2 ** 31 }),
          }),
        ),
        ({ shards, borders, seed }) => {
          const values = spread(shards, stream(seed));
          const at = (s: number): number => values[s] ?? Number.NaN;
          const ends = [...borders.filter((b) => b < shards).toSorted((a, b) => a - b), shards];
          const spans = ends.flatMap((hi, i) => cover(shards, ends[i - 1] ?? 0, hi));
          const partial = spans.map(({ lo, hi }) => {
            const leaves = postOrder(lo, hi);
            return execute(
              leaves.map(({ shard }) => at(shard)),
              leaves.map(({ merges }) => merges),
              add,
            )[0]!;
          });
          const expected = twin(0, shards, at, add);
          expect(execute(partial, mergeSpans(shards, spans), add)).toEqual([expected]);
          if (values.reduce(add) !== expected) differences += 1;
        },
      ),
      { seed: 20, numRuns: 500 },
    );
    expect(differences).toBeGreaterThan(100);
  });

  it("refuses spans that are not nodes or leave shards out", () => {
    expect(() => mergeSpans(4, [{ lo: 0, hi: 2 }])).toThrow("mergeSpans: shard 2 is not covered");
    expect(() =>
      mergeSpans(4, [
        { lo: 0, hi: 1 },
        { lo: 1, hi: 3 },
        { lo: 3, hi: 4 },
      ]),
    ).toThrow("mergeSpans: shard 1 is not covered");
  });

  it("is written as pairs of value and merges with a final pair of zeros", () => {
    const words = new Int32Array(10).fill(-1);
    writeProgram(words, 1, [30, 31, 5], [0, 1, 1]);
    expect([...words]).toEqual([-1, 30, 0, 31, 1, 5, 1, 0, 0, -1]);
    expect(programWords(3)).toBe(8);
  });
});
