// The table of every type as Arrow writes it.
import {
  Bool,
  DateDay,
  Dictionary,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  Vector,
  makeData,
  vectorFromArray,
} from "apache-arrow";
import { columns, type Value } from "./rows.ts";

const types = {
  int8: new Int8(),
  int16: new Int16(),
  int32: new Int32(),
  int64: new Int64(),
  uint8: new Uint8(),
  uint16: new Uint16(),
  uint32: new Uint32(),
  uint64: new Uint64(),
  float16: new Float16(),
  float32: new Float32(),
  float64: new Float64(),
  bool: new Bool(),
  text: new Utf8(),
  dictionary: new Dictionary(new Utf8(), new Int32()),
  date: new DateDay(),
  seconds: new TimestampSecond(),
  milliseconds: new TimestampMillisecond(),
  microseconds: new TimestampMicrosecond(),
  nanoseconds: null,
  floats: new FixedSizeList(3, new Field("item", new Float32())),
  bytes: new FixedSizeList(4, new Field("item", new Uint8())),
  y: new Float64(),
};

/** A value as Arrow takes it. */
function cell(name: string, value: Value): unknown {
  if (typeof value === "number") return /^u?int64$/.test(name) ? BigInt(value) : value;
  if (typeof value !== "string") return value;
  if (name === "bool") return value === "true";
  return /^date$|seconds$/.test(name) ? Date.parse(value) : value;
}

/** Nanoseconds, which the library's own way rounds: it counts them as a double. */
function nanoseconds(values: readonly Value[]): Vector {
  const data = BigInt64Array.from(values, (value) =>
    value === null ? 0n : BigInt(Date.parse(String(value))) * 1_000_000n,
  );
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, i) => {
    if (value !== null) nullBitmap[i >> 3] = (nullBitmap[i >> 3] ?? 0) | (1 << (i & 7));
  });
  const type = new TimestampNanosecond();
  const nullCount = values.filter((value) => value === null).length;
  return new Vector([makeData({ type, length: values.length, nullCount, nullBitmap, data })]);
}

/** Every column but decimals, which Arrow's numbers of 128 bits hold. */
export function arrowTable(): Table {
  return new Table(
    Object.fromEntries(
      Object.entries(types).map(([name, type]) => {
        const values = columns[name as keyof typeof types];
        if (type === null) return [name, nanoseconds(values)];
        return [
          name,
          vectorFromArray(
            values.map((value) => cell(name, value)),
            type,
          ),
        ];
      }),
    ),
  );
}
