// Writes <table>-<seed>.json for seeds 0 to 4: seeded 80/20 splits (95/5 of the flights), so that scores can be compared with other tools.
// For the larger tables only the test rows: all others train.
// node test/splits/make-splits.mjs
import { writeFileSync } from "node:fs";

/**
 * mulberry32: 32 bits of state, uniform 32-bit numbers.
 * @param {number} seed
 */
function generator(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  };
}

/**
 * The numbers 0…total − 1 in a random order (Fisher and Yates).
 * @param {number} total
 * @param {number} seed
 */
function shuffled(total, seed) {
  const next = generator(seed);
  const order = Int32Array.from({ length: total }, (_, i) => i);
  for (let i = total - 1; i > 0; i--) {
    const j = Math.floor((next() / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

/**
 * The row numbers of a split of a table, ascending.
 * @param {number} rows
 * @param {number} seed
 * @param {number} part of the rows that test
 */
function split(rows, seed, part = 0.2) {
  const order = shuffled(rows, seed);
  const held = Math.round(rows * part);
  return { train: [...order.slice(held).sort()], test: [...order.slice(0, held).sort()] };
}

/**
 * @param {string} name
 * @param {number} seed
 * @param {object} rows
 */
function write(name, seed, rows) {
  const file = new URL(`./${name}-${seed}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(rows)}\n`);
}

const larger = { digits: 1797, birdstrikes: 10_000, olympians: 11_538, diamonds: 53_940 };
for (const seed of [0, 1, 2, 3, 4]) {
  write("penguins", seed, split(344, seed));
  for (const [name, rows] of Object.entries(larger))
    write(name, seed, { test: split(rows, seed).test });
  write("flights", seed, { test: split(200_000, seed, 0.05).test }); // of every fifteenth flight
}
