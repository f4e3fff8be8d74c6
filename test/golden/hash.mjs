// The hash and the numbers that the golden values are made of.
import { createHash } from "node:crypto";

/**
 * sha256 (hex) of numbers as little-endian f64, NaN made canonical; f32 and i32 lose nothing by that.
 * @param {Iterable<number>} numbers
 */
export function hash(numbers) {
  const all = [...numbers];
  const bytes = new DataView(new ArrayBuffer(8 * all.length));
  all.forEach((n, i) => bytes.setFloat64(8 * i, Number.isNaN(n) ? Number.NaN : n, true));
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Numbers in [0, 1) from a seed.
 * @param {number} seed
 */
export function stream(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
