// Keys of rows: the same for rows with the same values, in whatever table, and in all likelihood different for others.
import {
  hasValue,
  type Column,
  type TextColumn,
  type NumberColumn,
  type VectorColumn,
} from "../table/table.js";

/** Words of a vector, from its middle, that tell most rows apart. */
const GLANCE = 16;

/** The value of a row as text that is the same in every table; null where there is none. */
export function valueText(column: Column, row: number): string | null {
  if (!hasValue(column, row)) return null;
  if (column.kind === "number") return String(column.values[row]);
  return column.kind === "text" ? (column.values[column.codes[row] ?? -1] ?? "") : null;
}

/**
 * The keys of some rows: two hashes (FNV-1a, two bases) as one exact number each.
 * @param how with "glance" a few words of a vector stand for all: equal keys are then only likely to mean equal rows
 */
export function rowKeys(
  columns: readonly Column[],
  rows: Int32Array,
  how: "whole" | "glance" = "whole",
): Float64Array {
  const hashes: Hashes = {
    first: new Int32Array(rows.length).fill(FIRST),
    second: new Int32Array(rows.length).fill(SECOND),
  };
  for (const column of columns)
    if (column.kind === "vector")
      addWords(hashes, column, rows, how === "glance" ? GLANCE : Infinity);
    else if (column.kind !== "opaque") addValues(hashes, column, rows);
  const { first, second } = hashes;
  const keys = new Float64Array(rows.length);
  for (let i = 0; i < keys.length; i += 1)
    keys[i] = ((first[i] ?? 0) >>> 0) + ((second[i] ?? 0) >>> 11) * 2 ** 32;
  return keys;
}

/** Both hashes of every row so far. */
interface Hashes {
  readonly first: Int32Array;
  readonly second: Int32Array;
}

const FIRST = 0x811c9dc5 | 0;
const SECOND = 0x01234567;

const nextFirst = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193);
const nextSecond = (hash: number, value: number): number =>
  Math.imul(hash ^ value, 0x01000193) ^ (hash >>> 15);

/** Takes at most so many words of each row's vector in, from its middle. */
function addWords(
  { first, second }: Hashes,
  column: VectorColumn,
  rows: Int32Array,
  most: number,
): void {
  const { words, count } = wordsOf(column);
  const used = Math.min(count, most);
  const before = (count - used) >> 1;
  for (let i = 0; i < rows.length; i += 1) {
    const start = (rows[i] ?? 0) * count + before;
    let [one, other] = [first[i] ?? 0, second[i] ?? 0];
    for (let j = start; j < start + used; j += 1) {
      const word = words[j] ?? 0;
      one = nextFirst(one, word);
      other = nextSecond(other, word);
    }
    first[i] = one;
    second[i] = other;
  }
}

/** Takes each row's value in. */
function addValues(
  { first, second }: Hashes,
  column: TextColumn | NumberColumn,
  rows: Int32Array,
): void {
  // Each of a column's texts is hashed once, however many rows have it.
  const known = column.kind === "text" ? column.values.map(textHashes) : null;
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] ?? 0;
    const [one, other] =
      column.kind === "text"
        ? (known?.[column.codes[row] ?? -1] ?? MISSING)
        : hasValue(column, row)
          ? numberHashes(column.values[row] ?? 0)
          : MISSING;
    first[i] = nextFirst(first[i] ?? 0, one);
    second[i] = nextSecond(second[i] ?? 0, other);
  }
}

type ValueHashes = readonly [first: number, second: number];

const MISSING: ValueHashes = [0, 0];

/** A text that is how a number is written has the hashes of the number: another table may hold it as one. */
function textHashes(text: string): ValueHashes {
  const number = Number(text);
  if (Number.isFinite(number) && String(number) === text) return numberHashes(number);
  let [one, other] = [FIRST, SECOND];
  for (let j = 0; j < text.length; j += 1) {
    one = nextFirst(one, text.charCodeAt(j));
    other = nextSecond(other, text.charCodeAt(j));
  }
  return [one, other];
}

const bits = new Float64Array(1);
const words = new Int32Array(bits.buffer);

/** From both halves of the number's bits; those of 0 for −0, which is written alike. */
function numberHashes(value: number): ValueHashes {
  bits[0] = value + 0;
  const [low = 0, high = 0] = words;
  return [mixed(low ^ Math.imul(high, 0x01000193)), mixed(high ^ Math.imul(low, 0x01000193))];
}

/** Lets every bit depend on all: short numbers differ in their highest bits alone. MurmurHash3's last step, by A. Appleby. */
function mixed(word: number): number {
  const once = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

/** The values of a column as 32-bit words, `count` a row: four bytes each where they fill them. */
function wordsOf({ values, width }: VectorColumn): {
  words: Int32Array | Uint8Array;
  count: number;
} {
  const perWord = 4 / values.BYTES_PER_ELEMENT;
  if (width % perWord !== 0 || values.byteOffset % 4 !== 0)
    return { words: values instanceof Uint8Array ? values : Int32Array.from(values), count: width };
  return {
    words: new Int32Array(values.buffer, values.byteOffset, values.length / perWord),
    count: width / perWord,
  };
}
