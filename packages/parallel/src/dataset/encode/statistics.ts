// Mean and standard deviation, in a fixed order of additions.

/** Mean and (population) standard deviation; sd is 1 when all values are equal, so that dividing by it is safe. */
export interface Moments {
  readonly mean: number;
  readonly sd: number;
}

/** Moments of numbers, each read twice: first their mean, then the mean square of their distances from it. */
export function moments(numbers: Float64Array | Float32Array): Moments {
  if (numbers.length === 0) return { mean: 0, sd: 1 };
  let sum = 0;
  for (let i = 0; i < numbers.length; i += 1) sum += numbers[i] ?? 0;
  const mean = sum / numbers.length + 0; // + 0: no −0, which JSON does not keep
  let squares = 0;
  for (let i = 0; i < numbers.length; i += 1) {
    const distance = (numbers[i] ?? 0) - mean;
    squares += distance * distance;
  }
  return { mean, sd: positive(Math.sqrt(squares / numbers.length)) };
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
  if (width % 4 === 0 && values.byteOffset % 4 === 0) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length / 4);
    countInWords(counts, words, width / 4, rows);
    return;
  }
  for (const row of rows) {
    const end = (row + 1) * width;
    for (let i = row * width; i < end; i += 1) {
      const byte = values[i] ?? 0;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
  }
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

/** Adds to counts[b] how often b is one of the four bytes of a word, in some rows of a matrix [·, width] of words. */
function countInWords(
  counts: Float64Array,
  words: Uint32Array,
  width: number,
  rows: Int32Array,
): void {
  // A table for each place in a word: an addition to a count would wait for one to the same count just before it.
  const first = new Uint32Array(256);
  const second = new Uint32Array(256);
  const third = new Uint32Array(256);
  const fourth = new Uint32Array(256);
  let empty = 0; // most words of drawings are
  for (const row of rows) {
    const end = (row + 1) * width;
    for (let i = row * width; i < end; i += 1) {
      const word = words[i] ?? 0;
      if (word === 0) {
        empty += 1;
        continue;
      }
      first[word & 255] = (first[word & 255] ?? 0) + 1;
      second[(word >>> 8) & 255] = (second[(word >>> 8) & 255] ?? 0) + 1;
      third[(word >>> 16) & 255] = (third[(word >>> 16) & 255] ?? 0) + 1;
      fourth[word >>> 24] = (fourth[word >>> 24] ?? 0) + 1;
    }
  }
  counts[0] = (counts[0] ?? 0) + 4 * empty;
  for (const table of [first, second, third, fourth])
    table.forEach((count, byte) => (counts[byte] = (counts[byte] ?? 0) + count));
}

function positive(sd: number): number {
  return sd === 0 ? 1 : sd;
}
