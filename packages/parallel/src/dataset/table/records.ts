// Tables from objects that a program already has.
import { NumberBuilder, parseNumber, TextBuilder } from "./columns.js";
import { InputError, shown } from "./input-error.js";
import type { Column, Table } from "./table.js";

/** A cell: undefined, null, NaN and absent keys are missing. */
export type Cell =
  | number
  | bigint
  | string
  | boolean
  | null
  | undefined
  | readonly number[]
  | Uint8Array
  | Float32Array;

/** A row by column name. */
export type TableRecord = Readonly<Record<string, Cell>>;

/** Options of tableFromRecords. */
export interface RecordOptions {
  /** What to call the records in messages. Default "records". */
  readonly source?: string | undefined;
  /** The type of some columns; default: "number" when every value is one, else "text". */
  readonly types?: Readonly<Record<string, "number" | "text">> | undefined;
}

/**
 * A table of objects: numbers, text, truth values (as text), and arrays of numbers as vectors (Uint8Array stays bytes).
 * Columns come in the order in which their names first occur. Throws InputError naming the row and column of a value
 * that does not go with the others.
 */
export function tableFromRecords(
  records: readonly TableRecord[],
  options: RecordOptions = {},
): Table {
  const { source = "records", types = {} } = options;
  if (records.length === 0) throw new InputError(`${source}: there are no rows; give at least one`);
  const typeOf = new Map(Object.entries(types));
  const names = new Set<string>();
  for (const record of records) for (const name of Object.keys(record)) names.add(name);
  const place = (row: number): string => `${source}: row ${row + 1}`;
  const columns = Array.from(names, (name): Column => {
    const cells = records.map((record) => (Object.hasOwn(record, name) ? record[name] : null));
    return columnFrom(place, name, cells, typeOf.get(name));
  });
  return {
    source,
    rows: records.length,
    columns,
    places: { noun: "row", first: 1, numbers: null },
    notes: [],
  };
}

/** The column of some cells; `place` names a row in messages. Throws InputError. */
export function columnFrom(
  place: (row: number) => string,
  name: string,
  cells: readonly Cell[],
  type: "number" | "text" | undefined,
): Column {
  if (cells.some((cell) => typeof cell === "object" && cell !== null))
    return vectorFrom(place, name, cells);
  const isNumber = (cell: Cell): boolean =>
    isMissing(cell) || typeof cell === "number" || typeof cell === "bigint";
  if ((type ?? (cells.every(isNumber) ? "number" : "text")) === "text") {
    const texts = new TextBuilder();
    for (const cell of cells) texts.push(isMissing(cell) ? null : String(cell));
    return texts.build(name);
  }
  const numbers = new NumberBuilder();
  cells.forEach((cell, row) =>
    numbers.push(isMissing(cell) ? null : numberFrom(`${place(row)}, column ${shown(name)}`, cell)),
  );
  return numbers.build(name);
}

function isMissing(cell: Cell): boolean {
  return cell === null || cell === undefined || Number.isNaN(cell);
}

function numberFrom(place: string, cell: Cell): number {
  const value =
    typeof cell === "string" ? parseNumber(cell) : typeof cell === "boolean" ? null : Number(cell);
  if (
    value !== null &&
    Number.isFinite(value) &&
    (typeof cell !== "bigint" || BigInt(value) === cell)
  )
    return value;
  const shownCell = typeof cell === "number" ? String(cell) : shown(cell);
  throw new InputError(`${place}: ${shownCell} is not a finite number; correct it or make it null`);
}

function vectorFrom(
  placeOfRow: (row: number) => string,
  name: string,
  cells: readonly Cell[],
): Column {
  let width = -1;
  const rows = cells.map((cell, row) => {
    const place = `${placeOfRow(row)}, column ${shown(name)}`;
    if (typeof cell !== "object" || cell === null)
      throw new InputError(
        `${place}: ${shown(cell)} among arrays of numbers; give an array in every row`,
      );
    if (width < 0) width = cell.length;
    if (cell.length !== width || width === 0)
      throw new InputError(
        `${place}: an array of ${cell.length}, where the first has ${width}; all must be as long and not empty`,
      );
    const wrong = cell.findIndex((value) => !Number.isFinite(Math.fround(value)));
    if (wrong >= 0)
      throw new InputError(
        `${place}: entry ${wrong} is ${String(cell[wrong])}; give finite numbers`,
      );
    return cell;
  });
  const length = rows.length * width;
  const values = rows.every((row) => row instanceof Uint8Array)
    ? new Uint8Array(length)
    : new Float32Array(length);
  rows.forEach((row, i) => values.set(row, i * width));
  return { kind: "vector", name, shape: [width], width, values };
}
