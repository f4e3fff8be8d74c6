// Numbers by their rank without sorting them, against sorting them.
import { describe, expect, it } from "vitest";
import { ranked } from "../../packages/parallel/dist/dataset/encode/ranked.js";

const SEED = 11;

/** Numbers in [0, 1) that depend on the seed alone (Numerical Recipes' generator). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const orders: Readonly<Record<string, (i: number, n: number, random: () => number) => number>> = {
  random: (_, __, random) => random() - 0.5,
  "random, of few values": (_, __, random) => Math.floor(3 * random()),
  "all equal": () => 7,
  ascending: (i) => i,
  descending: (i) => -i,
  "up and down": (i, n) => Math.min(i, n - i),
  "like a saw": (i) => i % 7,
};

describe("ranked", () => {
  for (const [name, valueAt] of Object.entries(orders))
    it(`finds in numbers that are ${name} what sorting them finds (seed ${SEED})`, () => {
      const random = numbers(SEED);
      for (const n of [1, 2, 3, 511, 512, 513, 4000]) {
        const values = Float64Array.from({ length: n }, (_, i) => valueAt(i, n, random));
        const sorted = values.slice().sort();
        const at = ranked(values);
        const ranks = [0, n - 1, ...Array.from({ length: 20 }, () => Math.floor(n * random()))];
        for (const rank of ranks) expect(at(rank)).toBe(sorted[rank]);
      }
    });

  it("has 0 for the ranks of no numbers", () => {
    expect(ranked(new Float64Array(0))(0)).toBe(0);
  });
});
