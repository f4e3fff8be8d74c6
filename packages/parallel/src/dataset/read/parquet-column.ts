// Makes a column of a table of what the Parquet library has read.
import type { SchemaElement, SchemaTree } from "hyparquet";
import { NumberBuilder, TextBuilder } from "../table/columns.js";
import { InputError, shown } from "../table/input-error.js";
import { columnFrom, type Cell } from "../table/records.js";
import type { Column } from "../table/table.js";
import { isTime, timeColumn } from "../table/times.js";

/** A value as the library gives it. */
export type ParquetCell =
  | number
  | bigint
  | boolean
  | string
  | null
  | undefined
  | readonly unknown[]
  | Uint8Array
  | object;

/** Values of some rows, one after the other: an array, or one of numbers of a type. */
export type ParquetCells = ArrayLike<ParquetCell>;

/** Whole numbers up to this one are all doubles. */
const MOST_EXACT = 2n ** 53n;

/** Digits of a decimal that a double keeps. */
const EXACT_DIGITS = 15;

/** The column of some cells, [rows]. Throws InputError that names the row. */
export function parquetColumn(
  source: string,
  { element, children }: SchemaTree,
  cells: ParquetCells,
  firstRow = 1,
): Column {
  const { name } = element;
  const place = (row: number): string => `${source}: row ${firstRow + row}`;
  if (children.length > 0 || element.repetition_type === "REPEATED")
    return listColumn(place, element, children, Array.from(cells));
  switch (kindOf(element)) {
    case "number": {
      const numbers = new NumberBuilder();
      const isDecimal = element.converted_type === "DECIMAL";
      for (let row = 0; row < cells.length; row += 1) {
        const cell = cells[row];
        // Most cells are what they seem: this is done for every row of a stream.
        if (typeof cell === "number" && Number.isFinite(cell) && !isDecimal) numbers.push(cell);
        else numbers.push(numberOf(place, name, element, cell, row));
      }
      return numbers.build(name);
    }
    case "time": {
      const times = new NumberBuilder();
      for (let row = 0; row < cells.length; row += 1) {
        const cell = cells[row];
        if (typeof cell === "number" && !isTime(cell))
          throw new InputError(
            `${place(row)}, column ${shown(name)}: ${cell} ms from 1970 is not a time in the years 0 to 9999; correct it or make it null`,
          );
        times.push(typeof cell === "number" ? cell : null);
      }
      return timeColumn(times.build(name));
    }
    case "text": {
      const texts = new TextBuilder();
      for (let row = 0; row < cells.length; row += 1) {
        const cell = cells[row];
        texts.push(typeof cell === "string" || typeof cell === "boolean" ? String(cell) : null);
      }
      return texts.build(name);
    }
    default:
      return { kind: "opaque", name, type: typeName(element) };
  }
}

/** What the values of a column are, or null when they cannot be learnt from. */
function kindOf(element: SchemaElement): "number" | "time" | "text" | null {
  const { type, converted_type: converted, logical_type: logical, precision = 0 } = element;
  if (converted === "DECIMAL" || logical?.type === "DECIMAL")
    return precision <= EXACT_DIGITS ? "number" : null;
  if (logical?.type === "FLOAT16") return "number";
  if (converted === "DATE" || logical?.type === "DATE") return "time";
  if (converted?.startsWith("TIMESTAMP") === true || logical?.type === "TIMESTAMP") return "time";
  if (converted?.startsWith("TIME") === true || logical?.type === "TIME") return null;
  if (converted === "JSON" || converted === "BSON" || converted === "INTERVAL") return null;
  switch (type) {
    case "INT96":
      return "time";
    case "BOOLEAN":
      return "text";
    case "INT32":
    case "INT64":
    case "FLOAT":
    case "DOUBLE":
      return "number";
    case "BYTE_ARRAY":
      return logical === undefined || logical.type === "STRING" || logical.type === "ENUM"
        ? "text"
        : null;
    case "FIXED_LEN_BYTE_ARRAY":
      return logical?.type === "UUID" ? "text" : null;
    default:
      return null;
  }
}

function typeName({
  type,
  converted_type: converted,
  logical_type: logical,
}: SchemaElement): string {
  return logical?.type ?? converted ?? type ?? "group";
}

function numberOf(
  place: (row: number) => string,
  name: string,
  { converted_type: converted, scale = 0 }: SchemaElement,
  cell: ParquetCell,
  row: number,
): number | null {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return null;
  const value = Number(cell);
  if (!Number.isFinite(value))
    throw new InputError(
      `${place(row)}, column ${shown(name)}: ${value} is not a finite number; correct it or make it null`,
    );
  // Numbers below 2^53 are told apart from those beyond by their double, which is quicker than by bigints.
  if (
    typeof cell === "bigint" &&
    Math.abs(value) >= 2 ** 53 &&
    (cell > MOST_EXACT || cell < -MOST_EXACT)
  )
    throw new InputError(
      `${place(row)}, column ${shown(name)}: ${cell} is beyond 2^53 and not exact as a number; store it as text or drop the column`,
    );
  // The library multiplies decimals by a rounded power of ten; the digits that were meant give the nearest double.
  return converted === "DECIMAL" ? Number(value.toFixed(Math.min(Math.max(scale, 0), 100))) : value;
}

/** A vector when every row has a list of as many numbers. */
function listColumn(
  place: (row: number) => string,
  { name, converted_type: converted, logical_type: logical }: SchemaElement,
  children: readonly SchemaTree[],
  cells: readonly ParquetCell[],
): Column {
  if (converted !== "LIST" && logical?.type !== "LIST" && children.length > 0)
    return { kind: "opaque", name, type: "group" };
  const lists = cells.map((cell) => (isList(cell) ? cell : null));
  const width = lists[0]?.length ?? 0;
  if (width === 0 || lists.some((list) => list?.length !== width))
    return { kind: "opaque", name, type: "lists that are missing or differ in length" };
  const numbers = lists.map((list) => Array.from(list ?? [], (value) => value ?? Number.NaN));
  if (numbers.some((list) => list.some((v) => typeof v !== "number" && typeof v !== "bigint")))
    return { kind: "opaque", name, type: "lists of other things than numbers" };
  let leaf = children;
  while (leaf[0] !== undefined && leaf[0].children.length > 0) leaf = leaf[0].children;
  const isBytes = leaf[0]?.element.converted_type === "UINT_8";
  return columnFrom(
    place,
    name,
    numbers.map((list): Cell => (isBytes ? Uint8Array.from(list, Number) : list.map(Number))),
    undefined,
  );
}

function isList(cell: ParquetCell): cell is readonly unknown[] {
  return Array.isArray(cell) || (ArrayBuffer.isView(cell) && !(cell instanceof DataView));
}
