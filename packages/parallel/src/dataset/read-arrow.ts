// Reads Arrow IPC, as a file (.arrow, Feather V2) or a stream (.arrows).
import type { Data, DataType, Vector } from "apache-arrow";
import { NumberBuilder, TextBuilder } from "./columns.js";
import { InputError, shown } from "./input-error.js";
import { content, type Source } from "./source.js";
import type { Column, Table, VectorColumn } from "./table.js";

type Arrow = typeof import("apache-arrow");

const FILE_MAGIC = "ARROW1";

/** The column a chunk belongs to, for messages. */
interface Place {
  readonly source: string;
  readonly column: string;
  readonly firstRow: number; // of the chunk, from 1
}

/**
 * The table of an Arrow IPC file or stream. Null and NaN are missing. Integers, floats and dictionaries of them become
 * numbers; text, truth values and dictionaries of them become text; fixed-size lists of numbers become vectors; a
 * column of any other type is kept by name only.
 * Throws InputError that names the file, the row and the column.
 */
export async function readArrow(source: Source): Promise<Table> {
  const bytes = await content(source);
  if (isFile(bytes) && !endsWithMagic(bytes))
    throw new InputError(`${source.path}: the Arrow file does not end as it should; it is cut short`);
  const arrow = await import("apache-arrow"); // 0.1 s to load: only when there is such a file
  let table;
  try {
    table = arrow.tableFromIPC(bytes);
  } catch (error) {
    throw unreadable(source, error);
  }
  const rows = table.numRows;
  const names = table.schema.fields.map((field) => field.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new InputError(`${source.path}: two columns are named ${shown(twice)}; rename one`);
  if (names.includes("")) throw new InputError(`${source.path}: a column has no name; name it`);
  if (names.length === 0 || rows === 0) throw new InputError(`${source.path}: the table has no rows`);
  const columns = table.schema.fields.map(({ name, type }, i): Column => {
    const chunks = table.batches.map((batch) => batch.data.children[i]).filter((data) => data !== undefined);
    try {
      return readColumn(arrow, source.path, name, type, chunks);
    } catch (error) {
      throw error instanceof InputError ? error : unreadable(source, error);
    }
  });
  return { source: source.path, rows, columns, places: { noun: "row", first: 1, numbers: null }, notes: [] };
}

/** Whether a file starts like an Arrow IPC file or stream. */
export function isArrow(head: Uint8Array): boolean {
  const isStream = head.length >= 8 && head[0] === 0xff && head[1] === 0xff && head[2] === 0xff && head[3] === 0xff;
  return isFile(head) || isStream;
}

function isFile(bytes: Uint8Array): boolean {
  return textOf(bytes.subarray(0, FILE_MAGIC.length)) === FILE_MAGIC;
}

function endsWithMagic(bytes: Uint8Array): boolean {
  return bytes.length > 2 * FILE_MAGIC.length && textOf(bytes.subarray(-FILE_MAGIC.length)) === FILE_MAGIC;
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function unreadable(source: Source, error: unknown): InputError {
  const reason = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (/compress/i.test(reason))
    return new InputError(
      `${source.path}: the Arrow data are compressed (LZ4 or ZSTD), which is not read; save it with compression="uncompressed"`,
      options,
    );
  return new InputError(`${source.path}: not a readable Arrow file: ${reason}; it may be damaged or cut short`, options);
}

function readColumn(
  arrow: Arrow,
  source: string,
  name: string,
  type: DataType,
  chunks: readonly Data[],
): Column {
  let firstRow = 1;
  const places = chunks.map((chunk): Place => {
    const place = { source, column: name, firstRow };
    firstRow += chunk.length;
    return place;
  });
  const each = (read: (chunk: Data, place: Place) => void): void =>
    chunks.forEach((chunk, i) => read(chunk, places[i] ?? { source, column: name, firstRow: 1 }));

  const valueType: DataType = arrow.DataType.isDictionary(type) ? type.dictionary : type;
  if (isNumeric(arrow, valueType)) {
    const builder = new NumberBuilder();
    each((chunk, place) => forEachValue(arrow, chunk, place, numbers, (value) => builder.push(value)));
    return builder.build(name);
  }
  if (isText(arrow, valueType)) {
    const builder = new TextBuilder();
    each((chunk, place) => forEachValue(arrow, chunk, place, texts, (value) => builder.push(value)));
    return builder.build(name);
  }
  if (arrow.DataType.isFixedSizeList(type) && isNumeric(arrow, type.valueType)) {
    const width = type.listSize;
    const parts: (Uint8Array | Float32Array)[] = [];
    each((chunk, place) => parts.push(vectors(chunk, width, place)));
    return concatenate(name, width, parts);
  }
  return { kind: "opaque", name, type: String(type) };
}

function isNumeric(arrow: Arrow, type: DataType): boolean {
  return arrow.DataType.isInt(type) || arrow.DataType.isFloat(type) || arrow.DataType.isNull(type);
}

function isText(arrow: Arrow, type: DataType): boolean {
  const { isBool, isLargeUtf8, isUtf8, isUtf8View } = arrow.DataType;
  return isUtf8(type) || isLargeUtf8(type) || isUtf8View(type) || isBool(type);
}

/** How the values of a chunk are read: value i, which is not null. */
type ValueReader<T> = (arrow: Arrow, chunk: Data, place: Place) => (i: number) => T | null;

/** Calls `push` with every value of a chunk, plain or dictionary, null where there is none. */
function forEachValue<T>(
  arrow: Arrow,
  chunk: Data,
  place: Place,
  reader: ValueReader<T>,
  push: (value: T | null) => void,
): void {
  const { length } = chunk;
  const { dictionary } = chunk;
  let valueAt: (i: number) => T | null;
  if (dictionary === undefined) {
    valueAt = reader(arrow, chunk, place);
  } else {
    const entries = dictionaryEntries(arrow, dictionary, place, reader);
    const code = integers(chunk, place);
    valueAt = (i) => {
      const entry = entries[code(i)];
      if (entry === undefined)
        throw new InputError(`${rowPlace(place, i)}: code ${code(i)} is outside the dictionary of ${entries.length}`);
      return entry;
    };
  }
  const allValid = chunk.nullCount === 0;
  for (let i = 0; i < length; i += 1) push(allValid || chunk.getValid(i) ? valueAt(i) : null);
}

function dictionaryEntries<T>(arrow: Arrow, dictionary: Vector, place: Place, reader: ValueReader<T>): (T | null)[] {
  const entries: (T | null)[] = [];
  for (const data of dictionary.data)
    forEachValue(arrow, data, place, reader, (entry) => entries.push(entry));
  return entries;
}

const texts: ValueReader<string> = (arrow, chunk) => {
  const vector = new arrow.Vector([chunk]);
  return (i) => String(vector.get(i)); // a truth value becomes "true" or "false"
};

const numbers: ValueReader<number> = (arrow, chunk, place) => {
  if (arrow.DataType.isNull(chunk.type)) return () => null;
  const number = integers(chunk, place);
  if (!arrow.DataType.isFloat(chunk.type)) return number;
  const isHalf = chunk.type.precision === arrow.Precision.HALF;
  return (i) => {
    const value = isHalf ? fromHalf(number(i)) : number(i);
    if (Number.isNaN(value)) return null;
    if (!Number.isFinite(value))
      throw new InputError(`${rowPlace(place, i)}: ${value} is not a finite number; correct it or make it null`);
    return value;
  };
};

/** Value i of a chunk as its buffer has it, exact. */
function integers(chunk: Data, place: Place): (i: number) => number {
  const values: unknown = chunk.values;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    complete(chunk, values.length, place);
    return (i) => {
      const value = values[i] ?? 0n;
      if (value > 2n ** 53n || value < -(2n ** 53n))
        throw new InputError(`${rowPlace(place, i)}: ${value} is beyond 2^53 and not exact as a number; store it as text or drop the column`);
      return Number(value);
    };
  }
  if (!isNumbers(values)) throw new InputError(`${place.source}: column ${shown(place.column)}: the values are missing`);
  complete(chunk, values.length, place);
  return (i) => values[i] ?? 0;
}

type Numbers = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

function isNumbers(values: unknown): values is Numbers {
  return ArrayBuffer.isView(values) && !(values instanceof DataView) && !(values instanceof BigInt64Array) && !(values instanceof BigUint64Array);
}

/** Rows that a chunk claims must be there. */
function complete(chunk: Data, available: number, place: Place): void {
  if (available < chunk.length)
    throw new InputError(
      `${place.source}: column ${shown(place.column)}: ${available} values for ${chunk.length} rows; the file is damaged`,
    );
}

/** The number of an IEEE half: 1 sign bit, 5 of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  // 2^(e − 25) without a power function: the exponent field of a double
  const scale = new Float64Array(new BigUint64Array([BigInt(1023 + Math.max(exponent, 1) - 25) << 52n]).buffer)[0] ?? 0;
  return sign * (exponent === 0 ? fraction : 1024 + fraction) * scale;
}

/** The rows of a chunk of fixed-size lists: [rows, width]. Bytes stay bytes; every other number becomes f32. */
function vectors(chunk: Data, width: number, place: Place): Uint8Array | Float32Array {
  const [child] = chunk.children;
  if (child === undefined || child.length < chunk.length * width)
    throw new InputError(`${place.source}: column ${shown(place.column)}: lists of ${width} are missing; the file is damaged`);
  if (chunk.nullCount > 0 || child.nullCount > 0) {
    for (let i = 0; i < chunk.length * width; i += 1)
      if (!chunk.getValid(Math.floor(i / width)) || !child.getValid(i))
        throw new InputError(`${rowPlace(place, Math.floor(i / width))}: a list with a missing value; fill it or drop the row`);
  }
  const values: unknown = child.values;
  const number = integers(child, place);
  if (values instanceof Uint8Array) return values.slice(0, chunk.length * width);
  const copy = new Float32Array(chunk.length * width);
  for (let i = 0; i < copy.length; i += 1) {
    const value = number(i);
    if (!Number.isFinite(Math.fround(value)))
      throw new InputError(`${rowPlace(place, Math.floor(i / width))}: ${value} is not a finite number; correct it or drop the row`);
    copy[i] = value;
  }
  return copy;
}

function concatenate(name: string, width: number, parts: readonly (Uint8Array | Float32Array)[]): VectorColumn {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const values = parts[0] instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return { kind: "vector", name, shape: [width], width, values };
}

function rowPlace({ source, column, firstRow }: Place, i: number): string {
  return `${source}: row ${firstRow + i}, column ${shown(column)}`;
}
