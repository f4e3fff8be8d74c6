// Builds the columns of a table value by value.
import type { NumberColumn, TextColumn } from "./table.js";

/** A number as people write it: decimal digits, a point, an exponent; neither hexadecimal nor Infinity. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The most digits that always make a whole number of 53 bits. */
const EXACT_DIGITS = 15;

const TENS = Float64Array.from([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]);

/**
 * The number of a sign, a few digits and a point among them, NaN for any other text. Digits and power of ten are exact
 * numbers, so that their quotient, rounded once, is the nearest to what the text states. Source: W. D. Clinger, How to Read
 * Floating Point Numbers Accurately (1990).
 */
function plainNumber(text: string): number {
  const sign = text.charCodeAt(0);
  let [whole, digits, point] = [0, 0, -1];
  for (let i = sign === 43 || sign === 45 ? 1 : 0; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      whole = 10 * whole + digit;
      digits += 1;
    } else if (digit === -2 && point < 0) point = digits;
    else return Number.NaN;
  }
  if (digits === 0 || digits > EXACT_DIGITS) return Number.NaN;
  const value = point < 0 ? whole : whole / (TENS[digits - point] ?? 1);
  return sign === 45 ? -value : value;
}

/** The finite number that a text states, blanks around it aside, or null. */
export function parseNumber(text: string): number | null {
  const plain = plainNumber(text);
  if (!Number.isNaN(plain)) return plain;
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
    this.#codeOf.set(ownCopy(text), code);
    return code;
  }
}

/** V8 keeps the whole text in memory that a long piece was cut from. */
const LONG = 13;

/** The same text, which is no piece of a longer one. */
function ownCopy(text: string): string {
  return text.length < LONG ? text : Buffer.from(text, "utf16le").toString("utf16le");
}
