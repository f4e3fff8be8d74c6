// Builds the columns of a table value by value.
import type { NumberColumn, TextColumn } from "./table.js";

/** A number as people write it: decimal digits, a point, an exponent; neither hexadecimal nor Infinity. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The finite number that a text states, blanks around it aside, or null. */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim();
  if (!DECIMAL.test(trimmed)) return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : null;
}

/** Collects a number column. */
export class NumberBuilder {
  #values = new Float64Array(1024);
  #valid: Uint8Array | null = null; // made when the first value is missing
  #rows = 0;

  /** Adds a finite number, or null for a missing one. */
  push(value: number | null): void {
    if (this.#rows === this.#values.length) this.#grow();
    if (value === null && this.#valid === null)
      this.#valid = new Uint8Array(this.#values.length).fill(1, 0, this.#rows);
    this.#values[this.#rows] = value ?? 0;
    if (this.#valid !== null) this.#valid[this.#rows] = value === null ? 0 : 1;
    this.#rows += 1;
  }

  build(name: string): NumberColumn {
    const values = this.#values.slice(0, this.#rows);
    return { kind: "number", name, values, valid: this.#valid?.slice(0, this.#rows) ?? null };
  }

  #grow(): void {
    const values = new Float64Array(2 * this.#rows);
    values.set(this.#values);
    this.#values = values;
    if (this.#valid === null) return;
    const valid = new Uint8Array(2 * this.#rows);
    valid.set(this.#valid);
    this.#valid = valid;
  }
}

/** Collects a text column. */
export class TextBuilder {
  #codes = new Int32Array(1024);
  #rows = 0;
  readonly #codeOf = new Map<string, number>();

  /** Adds a text, or null for a missing one. */
  push(text: string | null): void {
    if (this.#rows === this.#codes.length) {
      const codes = new Int32Array(2 * this.#rows);
      codes.set(this.#codes);
      this.#codes = codes;
    }
    this.#codes[this.#rows] = text === null ? -1 : this.#code(text);
    this.#rows += 1;
  }

  build(name: string): TextColumn {
    return {
      kind: "text",
      name,
      codes: this.#codes.slice(0, this.#rows),
      values: [...this.#codeOf.keys()],
    };
  }

  #code(text: string): number {
    const known = this.#codeOf.get(text);
    if (known !== undefined) return known;
    const code = this.#codeOf.size;
    this.#codeOf.set(text, code);
    return code;
  }
}
