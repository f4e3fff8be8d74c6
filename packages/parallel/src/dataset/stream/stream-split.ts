// Which rows of a streamed source are held out: drawn by the seed as in memory, and few enough to be kept.
import { permutation } from "@shardgrad/core";
import { SPLIT_STREAM } from "../split/split.js";

/** The most rows of a streamed source that are held out for one purpose; they are kept in memory. */
export const MOST_HELD: number = 2 ** 18;

/** Row numbers of the parts that are held out, ascending. */
export interface HeldRows {
  readonly test: Int32Array;
  readonly validation: Int32Array;
}

/**
 * Draws a part of the rows for testing, then one of the rest for validation: the rows that `holdout` draws from a table
 * of as many rows, but no more than MOST_HELD of each.
 */
export function drawHeld(
  rows: number,
  { test, validation }: { readonly test: number; readonly validation: number },
  seed: number,
): HeldRows {
  const testRows = draw(rows, test, seed);
  const places = draw(rows - testRows.length, validation, seed);
  let passed = 0; // test rows before the row
  return {
    test: testRows,
    validation: places.map((place) => {
      while (passed < testRows.length && (testRows[passed] ?? 0) <= place + passed) passed += 1;
      return place + passed;
    }),
  };
}

function draw(total: number, part: number, seed: number): Int32Array {
  if (part === 0) return new Int32Array(0);
  if (!(part > 0 && part < 1))
    throw new RangeError(`fitStream: a part of ${part}; it must lie between 0 and 1`);
  if (total < 2) throw new RangeError(`fitStream: ${total} rows cannot be split; give at least 2`);
  const wanted = Math.min(Math.max(Math.round(part * total), 1), total - 1);
  return permutation(total, seed, SPLIT_STREAM, Math.min(wanted, MOST_HELD)).sort();
}

/** Both parts as one ascending list. */
export function allHeld({ test, validation }: HeldRows): Int32Array {
  const all = new Int32Array(test.length + validation.length);
  all.set(test);
  all.set(validation, test.length);
  return all.sort();
}

/** How many of an ascending list of rows are smaller than `row`. */
export function heldBefore(held: Int32Array, row: number): number {
  let [low, high] = [0, held.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((held[middle] ?? 0) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of `count` rows of a source from row `first`, those that are not held and not before `from`: their places in the chunk. */
export function trainingRows(first: number, count: number, held: Int32Array, from = 0): Int32Array {
  const rows = new Int32Array(count);
  let next = heldBefore(held, first);
  let kept = 0;
  for (let i = 0; i < count; i += 1) {
    if (held[next] === first + i) next += 1;
    else if (first + i >= from) rows[kept++] = i;
  }
  return rows.subarray(0, kept);
}

/** Of `count` rows of a source from row `first`, those in an ascending list: their places in the chunk. */
export function listedIn(first: number, count: number, rows: Int32Array): Int32Array {
  const [start, end] = [heldBefore(rows, first), heldBefore(rows, first + count)];
  return rows.slice(start, end).map((row) => row - first);
}
