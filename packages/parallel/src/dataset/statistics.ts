// Mean and standard deviation, in a fixed order of additions.

/** Mean and (population) standard deviation; sd is 1 when all values are equal, so that dividing by it is safe. */
export interface Moments {
  readonly mean: number;
  readonly sd: number;
}

/** Moments of `count` numbers, each read twice: first their mean, then the mean square of their distances from it. */
export function moments(count: number, valueAt: (i: number) => number): Moments {
  if (count === 0) return { mean: 0, sd: 1 };
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += valueAt(i);
  const mean = sum / count + 0; // + 0: no −0, which JSON does not keep
  let squares = 0;
  for (let i = 0; i < count; i += 1) {
    const distance = valueAt(i) - mean;
    squares += distance * distance;
  }
  return { mean, sd: positive(Math.sqrt(squares / count)) };
}

/** The quantile at a part p of `count` numbers that can be asked for by their rank, from 0: between two of them by their distance. */
export function quantileBy(at: (rank: number) => number, count: number, p: number): number {
  const [low, high] = quantileRanks(count, p);
  const below = at(low);
  const part = p * Math.max(count - 1, 0) - low;
  return below + part * (at(high) - below) + 0;
}

/** The ranks of the numbers that a quantile lies between. */
export function quantileRanks(count: number, p: number): readonly [number, number] {
  const at = p * Math.max(count - 1, 0);
  return [Math.floor(at), Math.ceil(at)];
}

/** The least and the greatest value that a column is taken to have. */
export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** The part of the values that may be broken, at each end. */
const TAIL = 0.001;

/** The ranks that limits are made of: the least, the quantiles, the greatest. */
export function limitRanks(count: number): readonly [number, number, number, number] {
  const last = Math.max(count - 1, 0);
  return [0, Math.floor(TAIL * last), last - Math.floor(TAIL * last), last];
}

/**
 * Limits of `count` numbers that can be asked for by their rank, from 0: their range, but no further from the 0.1 % and
 * 99.9 % quantiles than half the distance between these two, so that single broken values do not count. All of the range
 * when the quantiles are equal, as those of a rare event are.
 */
export function limitsBy(at: (rank: number) => number, count: number): Limits {
  const [least = 0, lower = 0, upper = 0, greatest = 0] = limitRanks(count).map(at);
  const margin = upper / 2 - lower / 2;
  if (margin === 0) return { low: least + 0, high: greatest + 0 }; // + 0: no −0, which JSON does not keep
  return { low: Math.max(least, lower - margin) + 0, high: Math.min(greatest, upper + margin) + 0 };
}

/** Moments of the bytes in some rows of a matrix [·, width], from exact integer sums. */
export function byteMoments(values: Uint8Array, width: number, rows: Int32Array): Moments {
  const counts = new Float64Array(256);
  countBytes(counts, values, width, rows);
  return momentsOfCounts(counts);
}

/** Adds to counts[b] how often the byte b occurs in some rows of a matrix [·, width]. */
export function countBytes(
  counts: Float64Array,
  values: Uint8Array,
  width: number,
  rows: Int32Array,
): void {
  if (width % 2 === 0 && values.byteOffset % 2 === 0) {
    // Bytes are counted in pairs, which is twice as fast.
    const pairs = new Uint16Array(values.buffer, values.byteOffset, values.length / 2);
    const pairCounts = new Float64Array(65536);
    tally(pairs, width / 2, rows, pairCounts);
    pairCounts.forEach((count, pair) => {
      for (const byte of [pair & 255, pair >>> 8]) counts[byte] = (counts[byte] ?? 0) + count;
    });
  } else tally(values, width, rows, counts);
}

/** The moments of bytes of which counts[b] are b. */
export function momentsOfCounts(counts: Float64Array): Moments {
  const n = counts.reduce((sum, count) => sum + count, 0);
  let sum = 0; // exact: below 2^53 for up to 2^45 bytes
  counts.forEach((count, byte) => (sum += count * byte));
  const mean = n === 0 ? 0 : sum / n;
  let squares = 0;
  counts.forEach((count, byte) => (squares += count * (byte - mean) * (byte - mean)));
  return { mean, sd: positive(n === 0 ? 0 : Math.sqrt(squares / n)) };
}

/** Counts how often each value occurs in some rows of a matrix [·, width]. */
function tally(
  values: Uint8Array | Uint16Array,
  width: number,
  rows: Int32Array,
  counts: Float64Array,
): void {
  for (const row of rows) {
    const end = (row + 1) * width;
    for (let i = row * width; i < end; i += 1) {
      const value = values[i] ?? 0;
      counts[value] = (counts[value] ?? 0) + 1;
    }
  }
}

function positive(sd: number): number {
  return sd === 0 ? 1 : sd;
}
