// How much packed data may unpack to: a small file must not fill the memory.

/** Unpacked bytes that are never too many. */
const FREE = 2 ** 28;

/** Unpacked bytes for each packed one, beyond that: tables seldom reach 50. */
const RATIO = 100;

/** Counts what a file of some bytes unpacks to. */
export class UnpackBudget {
  readonly #packed: number;
  #left: number;

  constructor(packed: number) {
    this.#packed = packed;
    this.#left = Math.max(FREE, RATIO * packed);
  }

  /** Throws RangeError when this is more than what is left. */
  take(bytes: number): void {
    this.#left -= bytes;
    if (!(bytes >= 0) || this.#left < 0)
      throw new RangeError(
        `${this.#packed} bytes that unpack to more than ${RATIO} times as many, which no table does`,
      );
  }
}
