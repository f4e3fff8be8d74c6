// The different values of a streamed column, as many as matter, and a small table that is encoded as the whole would be.
import type { Encoder } from "../encode/encoders.js";
import { CATEGORY_LIMIT } from "../encode/fit-feature.js";
import { requireTargets } from "../encode/fit-target.js";
import { InputError, shown } from "../table/input-error.js";
import type { Passes } from "./stream-statistics.js";
import type { StreamColumn } from "./stream-schema.js";
import { hasValue, type Column, type Table } from "../table/table.js";

/** The most values of a column that was asked for as categories. */
const MOST_CATEGORIES = 65_536;

/** The values of one column in the training rows. */
export class ColumnValues implements Passes {
  readonly column: string;
  /** Rows with a value. */
  present = 0;
  isMissing = false;
  /** More values than categories can be; then `values` has some of them. */
  tooMany = false;
  readonly #schema: StreamColumn;
  readonly #asked: boolean; // as categories, by name
  readonly #isTarget: boolean;
  readonly #most: number;
  readonly #values = new Set<string | number>();
  #low = Infinity;
  #high = -Infinity;

  /**
   * @param isNamed whether the column is to be kept whatever its values are
   * @param use a list is a target whose texts list labels
   */
  constructor(
    schema: StreamColumn,
    encoder: Encoder | undefined,
    isNamed: boolean,
    use: "feature" | "target" | "list",
  ) {
    this.column = schema.name;
    this.#schema = schema;
    this.#isTarget = use === "target";
    const scaled =
      schema.kind === "number" && encoder?.name !== "onehot" && encoder?.name !== "embedding";
    const free = encoder?.name === "words" || encoder?.name === "calendar"; // any value says enough
    this.#asked =
      use === "list" ||
      (use === "feature" && !free && !scaled && (encoder !== undefined || isNamed));
    this.#most = free ? 1 : this.#asked ? MOST_CATEGORIES : CATEGORY_LIMIT + 1;
  }

  add(table: Table, column: Column, rows: Int32Array): void {
    if (this.#isTarget) requireTargets(table, column, rows);
    if (column.kind === "text") this.#addTexts(column.codes, column.values, rows);
    if (column.kind === "number")
      for (const row of rows) {
        if (!hasValue(column, row)) {
          this.isMissing = true;
          continue;
        }
        const value = column.values[row] ?? 0;
        this.present += 1;
        this.#low = Math.min(this.#low, value);
        this.#high = Math.max(this.#high, value);
        this.#note(value);
      }
  }

  #addTexts(codes: Int32Array, values: readonly string[], rows: Int32Array): void {
    const used = new Uint8Array(values.length);
    for (const row of rows) {
      const code = codes[row] ?? -1;
      if (code < 0) this.isMissing = true;
      else {
        used[code] = 1;
        this.present += 1;
      }
    }
    values.forEach((value, code) => {
      if (used[code] === 1) this.#note(value);
    });
  }

  #note(value: string | number): void {
    if (this.#values.size < this.#most) this.#values.add(value);
    else if (!this.tooMany && !this.#values.has(value)) this.tooMany = this.#most > 1;
    if (this.tooMany && this.#asked)
      throw new InputError(
        `column ${shown(this.column)}: more than ${MOST_CATEGORIES} different values, which cannot be categories; leave it out with --drop, or choose another encoder`,
      );
  }

  endPass(): boolean {
    return false;
  }

  /** Rows that a table needs to hold all of these. */
  get size(): number {
    return this.#list().length;
  }

  #list(): readonly (string | number | null)[] {
    const numbers = this.#schema.kind === "number" && this.present > 0;
    const ends = numbers ? [this.#low, this.#high] : [];
    return [...new Set([...this.#values, ...ends]), ...(this.isMissing ? [null] : [])];
  }

  /** The values again and again in a column of so many rows. */
  sample(rows: number): Column {
    const { name, kind, width, bytes, type } = this.#schema;
    const list = this.#list();
    const at = (row: number): string | number | null => list[row % list.length] ?? null;
    switch (kind) {
      case "opaque":
        return { kind, name, type };
      case "vector": {
        const values = bytes ? new Uint8Array(rows * width) : new Float32Array(rows * width);
        return { kind, name, shape: [width], width, values };
      }
      case "number":
        return {
          kind,
          name,
          values: Float64Array.from({ length: rows }, (_, row) => Number(at(row) ?? 0)),
          valid: this.isMissing
            ? Uint8Array.from({ length: rows }, (_, row) => (at(row) === null ? 0 : 1))
            : null,
        };
      case "text": {
        const values = list.filter((value) => value !== null).map(String);
        const codes = Int32Array.from({ length: rows }, (_, row) =>
          at(row) === null ? -1 : row % list.length,
        );
        return { kind, name, codes, values };
      }
    }
  }
}
