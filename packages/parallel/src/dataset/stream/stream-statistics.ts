// What an encoding needs to know of the numbers of a streamed column, in passes over its rows, to the bit as in memory.
import { InputError, shown } from "../table/input-error.js";
import { signedLog } from "../encode/encode-dense.js";
import { OrderStatistics } from "../encode/order-statistics.js";
import {
  countBytes,
  limitRanks,
  limitsBy,
  momentsOfCounts,
  quantileBy,
  quantileRanks,
  type Limits,
  type Moments,
} from "../encode/statistics.js";
import { hasValue, type Column, type Table } from "../table/table.js";

/** Something that looks at a column in one pass after another. */
export interface Passes {
  readonly column: string;
  /** Takes the rows of a chunk that train. */
  add(table: Table, column: Column, rows: Int32Array): void;
  /** Ends a pass; whether another is needed. */
  endPass(): boolean;
}

/** How the numbers of a column are told from its rows; only rows with a value are asked for. */
export type ValueOf = (table: Table, column: Column) => (row: number) => number;

/** Mean and standard deviation of f(value), in two passes that add in the order of the rows. */
class StreamedMoments {
  #count = 0;
  #sum = 0;
  #mean: number | null = null;
  #squares = 0;

  add(value: number): void {
    if (this.#mean === null) {
      this.#count += 1;
      this.#sum += value;
    } else {
      const distance = value - this.#mean;
      this.#squares += distance * distance;
    }
  }

  endPass(): void {
    this.#mean ??= this.#count === 0 ? 0 : this.#sum / this.#count + 0; // + 0: no −0, which JSON does not keep
  }

  get moments(): Moments {
    const sd = this.#count === 0 ? 1 : Math.sqrt(this.#squares / this.#count);
    return { mean: this.#mean ?? 0, sd: sd === 0 ? 1 : sd };
  }
}

/** Which statistics of a column's numbers are wanted. */
export interface Wanted {
  /** Quantiles at these parts. */
  readonly quantiles: readonly number[];
  /** Whether numbers are limited before they are added up. */
  readonly limited: boolean;
  /** Moments of the (limited) numbers, and of their signedLog. */
  readonly plain: boolean;
  readonly logs: boolean;
}

/** The statistics of a column's numbers; `count` of its training rows have one. */
export class NumberStatistics implements Passes {
  readonly column: string;
  readonly #valueOf: ValueOf;
  readonly #wanted: Wanted;
  readonly #order: OrderStatistics;
  readonly #count: number;
  readonly #plain = new StreamedMoments();
  readonly #logs = new StreamedMoments();
  #limits: Limits | null = null;
  #left = 2; // passes of the moments

  constructor(column: string, valueOf: ValueOf, count: number, wanted: Wanted) {
    this.column = column;
    this.#valueOf = valueOf;
    this.#wanted = wanted;
    this.#count = count;
    const ranks = wanted.quantiles.flatMap((p) => quantileRanks(count, p));
    this.#order = new OrderStatistics(count, [
      ...(wanted.limited ? limitRanks(count) : []),
      ...ranks,
    ]);
    this.#settle();
  }

  add(table: Table, column: Column, rows: Int32Array): void {
    const valueAt = this.#valueOf(table, column);
    const { plain, logs } = this.#wanted;
    const isOpen = this.#order.isOpen;
    const { low, high } = this.#limits ?? { low: -Infinity, high: Infinity };
    for (const row of rows) {
      if (!hasValue(column, row)) continue;
      const value = valueAt(row);
      if (isOpen) {
        this.#order.add(value);
        continue;
      }
      const limited = Math.min(Math.max(value, low), high);
      if (plain) this.#plain.add(limited);
      if (logs) this.#logs.add(signedLog(limited));
    }
  }

  endPass(): boolean {
    if (this.#order.isOpen) {
      this.#order.endPass();
      this.#settle();
    } else {
      this.#plain.endPass();
      this.#logs.endPass();
      this.#left -= 1;
    }
    return this.#order.isOpen || (this.#left > 0 && (this.#wanted.plain || this.#wanted.logs));
  }

  #settle(): void {
    if (!this.#order.isOpen && this.#wanted.limited)
      this.#limits = limitsBy((rank) => this.#order.at(rank), this.#count);
  }

  get limits(): Limits {
    return this.#limits ?? { low: 0, high: 0 };
  }

  quantile(p: number): number {
    return quantileBy((rank) => this.#order.at(rank), this.#count, p);
  }

  /** Throws InputError when the numbers are so large that their squares overflow. */
  moments(log: boolean): Moments {
    const found = (log ? this.#logs : this.#plain).moments;
    if (Number.isFinite(found.mean) && Number.isFinite(found.sd)) return found;
    throw new InputError(
      `column ${shown(this.column)}: the numbers are too large to be standardised; scale them down or leave the column out with --drop`,
    );
  }
}

/** The moments of all numbers of a column of vectors. */
export class VectorStatistics implements Passes {
  readonly column: string;
  readonly #moments = new StreamedMoments();
  readonly #bytes: Float64Array | null;
  #left: number;

  constructor(column: string, bytes: boolean) {
    this.column = column;
    this.#bytes = bytes ? new Float64Array(256) : null;
    this.#left = bytes ? 1 : 2;
  }

  add(_table: Table, column: Column, rows: Int32Array): void {
    if (column.kind !== "vector") return;
    const { values, width } = column;
    if (this.#bytes !== null && values instanceof Uint8Array)
      countBytes(this.#bytes, values, width, rows);
    else
      for (const row of rows)
        for (let i = row * width; i < (row + 1) * width; i += 1) this.#moments.add(values[i] ?? 0);
  }

  endPass(): boolean {
    this.#moments.endPass();
    this.#left -= 1;
    return this.#left > 0;
  }

  get moments(): Moments {
    return this.#bytes === null ? this.#moments.moments : momentsOfCounts(this.#bytes);
  }
}
