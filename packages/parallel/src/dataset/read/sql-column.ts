// Makes columns of a table of the values that DuckDB gives, chunk by chunk.
import { NumberBuilder, TextBuilder } from "../table/columns.js";
import type { DuckDb, DuckDbType } from "./duckdb.js";
import { InputError, shown } from "../table/input-error.js";
import { columnFrom, type Cell } from "../table/records.js";
import type { Column } from "../table/table.js";
import { isTime, timeColumn } from "../table/times.js";

/** A column under construction. */
export interface SqlColumn {
  /** Adds the value of a row, counted from 1. Throws InputError. */
  readonly push: (value: unknown, row: number) => void;
  readonly build: () => Column;
}

const place = (name: string, row: number): string => `the query: row ${row}, column ${shown(name)}`;

/** A column of a type: numbers, text, times as text, vectors; any other is kept by name only. */
export function sqlColumn(duckDb: DuckDb, name: string, type: DuckDbType): SqlColumn {
  const typeName = duckDb.DuckDBTypeId[type.typeId] ?? "";
  if (numeric.has(typeName)) return numbers(name);
  const toMilliseconds = times[typeName];
  if (toMilliseconds !== undefined) return timesOf(name, toMilliseconds);
  if (texts.has(typeName)) {
    const builder = new TextBuilder();
    return {
      push: (value) => builder.push(textOf(value)),
      build: () => builder.build(name),
    };
  }
  const item = duckDb.DuckDBTypeId[type.valueType?.typeId ?? -1] ?? "";
  if ((typeName === "LIST" || typeName === "ARRAY") && numeric.has(item))
    return vectors(name, item === "UTINYINT");
  return { push: () => undefined, build: () => ({ kind: "opaque", name, type: String(type) }) };
}

const numeric: ReadonlySet<string> = new Set([
  "TINYINT",
  "SMALLINT",
  "INTEGER",
  "BIGINT",
  "HUGEINT",
  "UTINYINT",
  "USMALLINT",
  "UINTEGER",
  "UBIGINT",
  "UHUGEINT",
  "FLOAT",
  "DOUBLE",
  "DECIMAL",
]);

const texts: ReadonlySet<string> = new Set(["VARCHAR", "ENUM", "UUID", "BOOLEAN"]);

/** A text, a truth value or an identifier as text, or null. */
function textOf(value: unknown): string | null {
  const known = value as { toString(): string } | null | undefined; // of the column's type
  return known?.toString() ?? null;
}

/** Whole milliseconds since 1970, cut towards −∞. */
function floored(value: bigint, perMillisecond: bigint): number {
  const quotient = value / perMillisecond;
  return Number(value < 0n && quotient * perMillisecond !== value ? quotient - 1n : quotient);
}

interface Micros {
  readonly micros: bigint;
}

/** The milliseconds of a value of each type of times. */
const times: Readonly<Record<string, (value: never) => number>> = {
  DATE: ({ days }: { readonly days: number }) => days * 86_400_000,
  TIMESTAMP: ({ micros }: Micros) => floored(micros, 1000n),
  TIMESTAMP_TZ: ({ micros }: Micros) => floored(micros, 1000n),
  TIMESTAMP_S: ({ seconds }: { readonly seconds: bigint }) => Number(seconds) * 1000,
  TIMESTAMP_MS: ({ millis }: { readonly millis: bigint }) => Number(millis),
  TIMESTAMP_NS: ({ nanos }: { readonly nanos: bigint }) => floored(nanos, 1_000_000n),
};

function timesOf(name: string, milliseconds: (value: never) => number): SqlColumn {
  const builder = new NumberBuilder();
  return {
    push: (value, row) => {
      if (value === null || value === undefined) return builder.push(null);
      const time = milliseconds(value as never); // of the column's type
      if (!isTime(time))
        throw new InputError(
          `${place(name, row)}: ${time} ms from 1970 is not a time in the years 0 to 9999; correct it or make it null`,
        );
      return builder.push(time);
    },
    build: () => timeColumn(builder.build(name)),
  };
}

function numbers(name: string): SqlColumn {
  const builder = new NumberBuilder();
  return {
    push: (value, row) => builder.push(numberOf(name, value, row)),
    build: () => builder.build(name),
  };
}

/** Powers of ten up to here, and whole numbers up to 2^53, are exact, so that their quotient rounds once. */
const MOST_DIGITS = 22;

interface Decimal {
  readonly value: bigint;
  readonly scale: number;
}

/** A finite number, or null. Throws InputError for one that a double cannot hold. */
function numberOf(name: string, value: unknown, row: number): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") {
    if (Number.isNaN(value)) return null;
    if (Number.isFinite(value)) return value;
    throw new InputError(
      `${place(name, row)}: ${value} is not a finite number; correct it or make it null`,
    );
  }
  const { value: digits, scale }: Decimal =
    typeof value === "bigint" ? { value, scale: 0 } : (value as Decimal); // the type is a number's
  if (digits > 2n ** 53n || digits < -(2n ** 53n) || scale > MOST_DIGITS)
    throw new InputError(
      `${place(name, row)}: ${scale === 0 ? digits : `a decimal of ${String(digits).length} digits`} is not exact as a number; CAST it to DOUBLE, or to VARCHAR`,
    );
  return Number(digits) / Number(`1e${scale}`);
}

/** Lists of as many numbers in every row; any others are no vectors. */
function vectors(name: string, isBytes: boolean): SqlColumn {
  const lists: (readonly number[] | null)[] = [];
  return {
    push: (value, row) => {
      const items = (value as { readonly items: readonly unknown[] } | null)?.items; // of a list or an array
      const list = items?.map((item) => numberOf(name, item, row) ?? Number.NaN);
      lists.push(list ?? null);
    },
    build: () => {
      const width = lists[0]?.length ?? 0;
      if (width === 0 || lists.some((list) => list?.length !== width))
        return { kind: "opaque", name, type: "lists that are missing or differ in length" };
      const cells = lists.map((list): Cell => (isBytes ? Uint8Array.from(list ?? []) : list));
      return columnFrom((row) => `the query: row ${row + 1}`, name, cells, undefined);
    },
  };
}
