// Reads the values of Arrow buffers through their validity bitmaps.
import type * as arrow from "apache-arrow";
import type { Data, DataType, Vector } from "apache-arrow";
import { fromHalf } from "../table/half.js";
import { InputError, shown } from "../table/input-error.js";
import { isTime } from "../table/times.js";

/** The Arrow library, which is loaded only when there is a file of its kind. */
export type Arrow = typeof arrow;

/** The column a chunk belongs to, for messages. */
export interface ChunkPlace {
  readonly source: string;
  readonly column: string;
  readonly firstRow: number; // of the chunk, from 1
}

/** Whether the values of a type are numbers; a column of nulls may be one. */
export function isNumeric(arrow: Arrow, type: DataType): boolean {
  return arrow.DataType.isInt(type) || arrow.DataType.isFloat(type) || arrow.DataType.isNull(type);
}

/** Whether the values of a type are text or truth values. */
export function isText(arrow: Arrow, type: DataType): boolean {
  const { DataType } = arrow;
  return (
    DataType.isUtf8(type) ||
    DataType.isLargeUtf8(type) ||
    DataType.isUtf8View(type) ||
    DataType.isBool(type)
  );
}

/** Whether the values of a type are days or points in time. */
export function isTimes(arrow: Arrow, type: DataType): boolean {
  return arrow.DataType.isDate(type) || arrow.DataType.isTimestamp(type);
}

/** How the values of a chunk are read: value i, which is not null. */
export type ValueReader<T> = (
  arrow: Arrow,
  chunk: Data,
  place: ChunkPlace,
) => (i: number) => T | null;

/** Calls `push` with every value of a chunk, plain or dictionary, null where there is none. */
export function forEachValue<T>(
  arrow: Arrow,
  chunk: Data,
  place: ChunkPlace,
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
        throw new InputError(
          `${rowPlace(place, i)}: code ${code(i)} is outside the dictionary of ${entries.length}`,
        );
      return entry;
    };
  }
  const allValid = chunk.nullCount === 0;
  for (let i = 0; i < length; i += 1) push(allValid || chunk.getValid(i) ? valueAt(i) : null);
}

function dictionaryEntries<T>(
  arrow: Arrow,
  dictionary: Vector,
  place: ChunkPlace,
  reader: ValueReader<T>,
): (T | null)[] {
  const entries: (T | null)[] = [];
  for (const data of dictionary.data)
    forEachValue(arrow, data, place, reader, (entry) => entries.push(entry));
  return entries;
}

/** Text as it is; a truth value is "true" or "false". */
export const texts: ValueReader<string> = (arrow, chunk, place) => {
  const { valueOffsets, type }: { valueOffsets: ArrayLike<unknown> | undefined; type: DataType } =
    chunk;
  if (arrow.DataType.isBool(type)) complete(chunk, 8 * chunk.values.length, place);
  else if (valueOffsets !== undefined) complete(chunk, valueOffsets.length - 1, place);
  const vector = new arrow.Vector([chunk]);
  return (i) => String(vector.get(i));
};

/** Days and points in time as milliseconds since 1970; what is finer than a millisecond is cut off. */
export const times: ValueReader<number> = (arrow, chunk, place) => {
  const number = integers(chunk, place, timeDivisor(arrow, chunk.type));
  const isDays = arrow.DataType.isDate(chunk.type) && chunk.type.unit === arrow.DateUnit.DAY;
  const isSeconds =
    arrow.DataType.isTimestamp(chunk.type) && chunk.type.unit === arrow.TimeUnit.SECOND;
  const factor = isDays ? 86_400_000 : isSeconds ? 1000 : 1;
  return (i) => {
    const time = number(i) * factor;
    if (!isTime(time))
      throw new InputError(
        `${rowPlace(place, i)}: ${time} ms from 1970 is not a time in the years 0 to 9999; correct it or make it null`,
      );
    return time;
  };
};

/** What a time is divided by to give milliseconds, where its unit is smaller. */
function timeDivisor(arrow: Arrow, type: DataType): bigint {
  if (!arrow.DataType.isTimestamp(type)) return 1n;
  if (type.unit === arrow.TimeUnit.NANOSECOND) return 1_000_000n;
  return type.unit === arrow.TimeUnit.MICROSECOND ? 1000n : 1n;
}

/** Numbers, null where a float is NaN. */
export const numbers: ValueReader<number> = (arrow, chunk, place) => {
  if (arrow.DataType.isNull(chunk.type)) return () => null;
  const number = integers(chunk, place);
  if (!arrow.DataType.isFloat(chunk.type)) return number;
  const isHalf = chunk.type.precision === arrow.Precision.HALF;
  return (i) => {
    const value = isHalf ? fromHalf(number(i)) : number(i);
    if (Number.isNaN(value)) return null;
    if (!Number.isFinite(value))
      throw new InputError(
        `${rowPlace(place, i)}: ${value} is not a finite number; correct it or make it null`,
      );
    return value;
  };
};

/** Value i of a chunk as its buffer has it, exact; integers of 64 bits divided by `divisor` first, towards −∞. */
function integers(chunk: Data, place: ChunkPlace, divisor = 1n): (i: number) => number {
  const values: unknown = chunk.values;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    complete(chunk, values.length, place);
    return (i) => {
      const value = floorDivided(values[i] ?? 0n, divisor);
      if (value > 2n ** 53n || value < -(2n ** 53n))
        throw new InputError(
          `${rowPlace(place, i)}: ${value} is beyond 2^53 and not exact as a number; store it as text or drop the column`,
        );
      return Number(value);
    };
  }
  if (!isNumbers(values))
    throw new InputError(`${place.source}: column ${shown(place.column)}: the values are missing`);
  complete(chunk, values.length, place);
  return (i) => values[i] ?? 0;
}

function floorDivided(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

type Numbers =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array;

function isNumbers(values: unknown): values is Numbers {
  return (
    ArrayBuffer.isView(values) &&
    !(values instanceof DataView) &&
    !(values instanceof BigInt64Array) &&
    !(values instanceof BigUint64Array)
  );
}

/** Rows that a chunk claims must be there. */
function complete(chunk: Data, available: number, place: ChunkPlace): void {
  if (available < chunk.length)
    throw new InputError(
      `${place.source}: column ${shown(place.column)}: ${available} values for ${chunk.length} rows; the file is damaged`,
    );
}

/** The rows of a chunk of fixed-size lists: [rows, width]. Bytes stay bytes; every other number becomes f32. */
export function vectors(chunk: Data, width: number, place: ChunkPlace): Uint8Array | Float32Array {
  const [child] = chunk.children;
  if (child === undefined || child.length < chunk.length * width)
    throw new InputError(
      `${place.source}: column ${shown(place.column)}: lists of ${width} are missing; the file is damaged`,
    );
  if (chunk.nullCount > 0 || child.nullCount > 0) {
    for (let i = 0; i < chunk.length * width; i += 1)
      if (!chunk.getValid(Math.floor(i / width)) || !child.getValid(i))
        throw new InputError(
          `${rowPlace(place, Math.floor(i / width))}: a list with a missing value; fill it or drop the row`,
        );
  }
  const values: unknown = child.values;
  const number = integers(child, place);
  if (values instanceof Uint8Array) return values.slice(0, chunk.length * width);
  const copy = new Float32Array(chunk.length * width);
  for (let i = 0; i < copy.length; i += 1) {
    const value = number(i);
    if (!Number.isFinite(Math.fround(value)))
      throw new InputError(
        `${rowPlace(place, Math.floor(i / width))}: ${value} is not a finite number; correct it or drop the row`,
      );
    copy[i] = value;
  }
  return copy;
}

function rowPlace({ source, column, firstRow }: ChunkPlace, i: number): string {
  return `${source}: row ${firstRow + i}, column ${shown(column)}`;
}
