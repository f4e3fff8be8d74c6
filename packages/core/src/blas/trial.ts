// Whether a library gives the same bits when a product takes fewer calls: tried out on random numbers.
//
// In which order a library sums depends on the sizes of a call, where its numbers lie to each other and how they are
// aligned, and never on what they are. So a trial has the sizes, strides and alignments of the product that it stands
// for, and compares every number of the result.
import { SCRATCH_BYTES } from "../kernels.js";
import {
  multiplyRows,
  sumLeaves,
  type AddTo,
  type Multiply,
  type MultiplyOver,
  type SumCut,
} from "./calls.js";

/** What every address is a multiple of in trial and product alike, or leaves the same rest: a cache line. */
const LINE = 64;

/**
 * Sums in another order differ in a quarter of all numbers or more, and in one of twenty where but the last of many terms
 * is added apart; and a library has other paths for whole rows or columns at least. With so many numbers in each row and
 * column, over all draws, chance does not hide a difference.
 */
const NUMBERS = 256;

/** Multiplications of all draws, but for the first one; a trial takes some hundredths of a second. */
const MOST_WORK = 1e9;

/** Summing, filling in and comparing a number of the result takes as long as so many multiplications. */
const NUMBER_WORK = 256;

const PAGE = 65536;

/** Numbers that are drawn; repeated where more are needed. A prime, so that no two rows of a matrix begin alike. */
const DRAWN = 65_521;

/** Times a number below ½ in magnitude, it is at most half the smallest number, and rounds to a zero of its sign. */
const UNDERFLOW = 2 ** -149;

/** Terms that underflow, which processors are slow at: enough for every chain of a sum that has several. */
const UNDERFLOWS = 64;

/** A product as `gemm` has it, but for addresses: what is known of them is how they are aligned. */
export interface ProductShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly aRow: number;
  readonly aColumn: number;
  readonly bRow: number;
  readonly bColumn: number;
  readonly alignment: number; // see alignmentOf
}

/** How the addresses of a product are aligned, as one number. */
export function alignmentOf(a: number, b: number, c: number): number {
  return ((a % LINE) * LINE + (b % LINE)) * LINE + (c % LINE);
}

/** How often numbers are drawn for a product of so many rows, columns and terms. */
function drawsFor(m: number, n: number, k: number): number {
  const wanted = Math.ceil(NUMBERS / Math.min(m, n));
  return Math.min(wanted, Math.ceil(MOST_WORK / (m * n * (k + NUMBER_WORK))));
}

/** Whether all rows in one call have the bits that they have `rows` at a time. */
export function rowsAgree(multiplyOver: MultiplyOver, rows: number, shape: ProductShape): boolean {
  const { m, n, k, aRow, aColumn, bRow, bColumn, alignment } = shape;
  const trial = new Trial(
    multiplyOver,
    (m - 1) * aRow + (k - 1) * aColumn + 1,
    (k - 1) * bRow + (n - 1) * bColumn + 1,
    m * n,
    alignment,
  );
  trial.drawRight();
  const draws = drawsFor(m, n, k);
  for (let draw = 0; draw < draws; draw += 1) {
    trial.drawLeft();
    for (let row = draw % rows; row < m; row += rows) trial.underflow(row * aRow, aColumn, bRow, k);
    const { multiply, a, b, one, other } = trial;
    multiplyRows(multiply, rows, m, n, k, a, aRow, aColumn, b, bRow, bColumn, one);
    multiplyRows(multiply, m, m, n, k, a, aRow, aColumn, b, bRow, bColumn, other);
    if (!trial.agrees()) return false;
  }
  return true;
}

/**
 * Whether Σ over shards of aᵀ·b has the same bits in two cuts, for the row program at `words[at]`; a is [rows, m],
 * b [rows, n]. The blocks of `cut` are whole blocks of `given`.
 */
export function cutsAgree(
  multiplyOver: MultiplyOver,
  given: SumCut,
  cut: SumCut,
  words: Int32Array,
  at: number,
  m: number,
  n: number,
  alignment: number,
): boolean {
  let rows = 0;
  for (let word = at; (words[word] ?? 0) !== 0; word += 2) rows += words[word] ?? 0;
  const block = Math.min(cut.block, m);
  const trial = new Trial(multiplyOver, rows * m, rows * n, block * n, alignment);
  // All blocks are alike, but for one that is smaller.
  const last = m % block;
  for (const [column, columns] of last === 0
    ? [[0, block] as const]
    : [[0, block] as const, [m - last, last] as const]) {
    const draws = drawsFor(columns, n, rows);
    for (let draw = 0; draw < draws; draw += 1) {
      trial.drawRight();
      trial.drawLeft();
      trial.underflow(column + (draw % columns), m, n, rows);
      const { multiply, addTo, a, b, one, other, scratch } = trial;
      const left = a + 4 * column;
      sumLeaves(multiply, addTo, given, words, at, columns, m, n, left, b, one, scratch);
      sumLeaves(multiply, addTo, cut, words, at, columns, m, n, left, b, other, scratch);
      if (!trial.agrees()) return false;
    }
  }
  return true;
}

/** Room for the operands of a product and two results. */
class Trial {
  readonly multiply: Multiply;
  readonly addTo: AddTo;
  readonly a: number;
  readonly b: number;
  readonly one: number;
  readonly other: number;
  readonly scratch: number;
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  readonly #results: readonly [Buffer, Buffer];
  #state = 1; // of the random numbers

  /** For so many numbers in a, b and the result. */
  constructor(
    multiplyOver: MultiplyOver,
    left: number,
    right: number,
    result: number,
    alignment: number,
  ) {
    const room = (numbers: number): number => Math.ceil((4 * numbers) / LINE) * LINE + LINE;
    this.a = Math.floor(alignment / LINE / LINE);
    const b = room(left);
    this.b = b + (Math.floor(alignment / LINE) % LINE);
    const c = b + room(right);
    this.one = c + (alignment % LINE);
    this.other = this.one + room(result);
    this.scratch = c + 2 * room(result);
    // A memory begins at a page; pages that nobody writes take no room.
    const pages = Math.ceil((this.scratch + SCRATCH_BYTES) / PAGE);
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.multiply = multiplyOver(buffer);
    this.#left = new Float32Array(buffer, this.a, left);
    this.#right = new Float32Array(buffer, this.b, right);
    this.#results = [
      Buffer.from(buffer, this.one, 4 * result),
      Buffer.from(buffer, this.other, 4 * result),
    ];
    const floats = new Float32Array(buffer);
    this.addTo = (n, x, y) => {
      const [to, from] = [x >> 2, y >> 2];
      for (let i = 0; i < n; i += 1)
        floats[to + i] = (floats[to + i] ?? 0) + (floats[from + i] ?? 0);
    };
  }

  /** Fills a with numbers in [−½, ½). */
  drawLeft(): void {
    this.#draw(this.#left);
  }

  /** Fills b likewise. */
  drawRight(): void {
    this.#draw(this.#right);
  }

  /**
   * Makes a row of op(A), whose numbers are `step` apart, such that the terms of its first product are −0, the last ones by
   * rounding, and their sum is −0: a zero that is added shows.
   */
  underflow(from: number, step: number, rightStep: number, k: number): void {
    for (let p = 0; p < k; p += 1) {
      const magnitude = p < k - UNDERFLOWS ? 0 : UNDERFLOW;
      this.#left[from + p * step] = (this.#right[p * rightStep] ?? 0) > 0 ? -magnitude : magnitude;
    }
  }

  /** Whether both results have the same bits. */
  agrees(): boolean {
    const [one, other] = this.#results;
    return one.equals(other);
  }

  #draw(to: Float32Array): void {
    const drawn = Math.min(DRAWN, to.length);
    for (let i = 0; i < drawn; i += 1) {
      this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
      to[i] = (this.#state >>> 8) / 2 ** 24 - 0.5;
    }
    for (let at = drawn; at < to.length; at += drawn)
      to.copyWithin(at, 0, Math.min(drawn, to.length - at));
  }
}
