// Tables and datasets from values that a program already has.
import { NumberBuilder, parseNumber, TextBuilder } from "./columns.js";
import type { Dataset, Target } from "./dataset.js";
import { InputError, shown } from "./input-error.js";
import type { Column, Table } from "./table.js";

/** A cell: undefined, null, NaN and absent keys are missing. */
export type Cell = number | bigint | string | boolean | null | undefined | readonly number[] | Uint8Array | Float32Array;

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
export function tableFromRecords(records: readonly TableRecord[], options: RecordOptions = {}): Table {
  const { source = "records", types = {} } = options;
  if (records.length === 0) throw new InputError(`${source}: there are no rows; give at least one`);
  const names = new Set<string>();
  for (const record of records) for (const name of Object.keys(record)) names.add(name);
  const columns = Array.from(names, (name): Column => {
    const cells = records.map((record) => (Object.hasOwn(record, name) ? record[name] : null));
    return columnFrom(source, name, cells, types[name]);
  });
  return { source, rows: records.length, columns, places: { noun: "row", first: 1, numbers: null }, notes: [] };
}

function columnFrom(source: string, name: string, cells: readonly Cell[], type: "number" | "text" | undefined): Column {
  if (cells.some((cell) => typeof cell === "object" && cell !== null)) return vectorFrom(source, name, cells);
  const isNumber = (cell: Cell): boolean => isMissing(cell) || typeof cell === "number" || typeof cell === "bigint";
  if ((type ?? (cells.every(isNumber) ? "number" : "text")) === "text") {
    const texts = new TextBuilder();
    for (const cell of cells) texts.push(isMissing(cell) ? null : String(cell));
    return texts.build(name);
  }
  const numbers = new NumberBuilder();
  cells.forEach((cell, row) => numbers.push(isMissing(cell) ? null : numberFrom(`${source}: row ${row + 1}, column ${shown(name)}`, cell)));
  return numbers.build(name);
}

function isMissing(cell: Cell): boolean {
  return cell === null || cell === undefined || Number.isNaN(cell);
}

function numberFrom(place: string, cell: Cell): number {
  const value = typeof cell === "string" ? parseNumber(cell) : typeof cell === "boolean" ? null : Number(cell);
  if (value !== null && Number.isFinite(value) && (typeof cell !== "bigint" || BigInt(value) === cell)) return value;
  const shownCell = typeof cell === "number" ? String(cell) : shown(cell);
  throw new InputError(`${place}: ${shownCell} is not a finite number; correct it or make it null`);
}

function vectorFrom(source: string, name: string, cells: readonly Cell[]): Column {
  let width = -1;
  const rows = cells.map((cell, row) => {
    const place = `${source}: row ${row + 1}, column ${shown(name)}`;
    if (typeof cell !== "object" || cell === null)
      throw new InputError(`${place}: ${shown(cell)} among arrays of numbers; give an array in every row`);
    if (width < 0) width = cell.length;
    if (cell.length !== width || width === 0)
      throw new InputError(`${place}: an array of ${cell.length}, where the first has ${width}; all must be as long and not empty`);
    const wrong = cell.findIndex((value) => !Number.isFinite(Math.fround(value)));
    if (wrong >= 0) throw new InputError(`${place}: entry ${wrong} is ${String(cell[wrong])}; give finite numbers`);
    return cell;
  });
  const length = rows.length * width;
  const values = rows.every((row) => row instanceof Uint8Array) ? new Uint8Array(length) : new Float32Array(length);
  rows.forEach((row, i) => values.set(row, i * width));
  return { kind: "vector", name, shape: [width], width, values };
}

/** Options of datasetFromArrays. */
export interface ArrayOptions {
  /** Features of a row; needed when x is one flat array. */
  readonly width?: number | undefined;
  /** The classes of the labels, or how many there are when labels are numbers. Makes numbers labels. Default: those that occur. */
  readonly classes?: readonly string[] | number | undefined;
}

/**
 * A dataset of numbers as they are, without standardising.
 * @param x rows of features: [rows][width], or flat with `width` given
 * @param y what rows should give: texts or an Int32Array are class labels; numbers are numbers to predict ([rows], or
 *   [rows][outputs]) unless `classes` is given; null for none
 * Throws RangeError when rows differ in length or a label is not one of the classes.
 */
export function datasetFromArrays(
  x: readonly (readonly number[])[] | Float32Array,
  y: readonly string[] | readonly number[] | readonly (readonly number[])[] | Int32Array | Float32Array | null = null,
  { width, classes }: ArrayOptions = {},
): Dataset {
  const { rows, columns, values } = matrix("x", x, width);
  const features = [{ kind: "f32", width: columns, values }] as const;
  if (y === null) return { rows, features, target: null };
  const isLabels = y instanceof Int32Array || typeof y[0] === "string" || classes !== undefined;
  const target: Target = isLabels ? classTarget(y, classes) : numberTarget(y, rows);
  const given = target.kind === "class" ? target.labels.length : target.values.length / target.width;
  if (given !== rows) throw new RangeError(`datasetFromArrays: ${given} targets for ${rows} rows of features`);
  return { rows, features, target };
}

function matrix(
  name: string,
  values: readonly (readonly number[])[] | Float32Array,
  width: number | undefined,
): { rows: number; columns: number; values: Float32Array } {
  const columns = width ?? (values instanceof Float32Array ? 0 : (values[0]?.length ?? 0));
  if (!Number.isInteger(columns) || columns < 1)
    throw new RangeError(`datasetFromArrays: ${name}: rows of ${columns} numbers; ${values instanceof Float32Array ? "give options.width for a flat array" : "give at least one row with one number"}`);
  if (values instanceof Float32Array) {
    if (values.length % columns !== 0 || values.length === 0)
      throw new RangeError(`datasetFromArrays: ${name}: ${values.length} numbers are not rows of ${columns}`);
    return { rows: values.length / columns, columns, values };
  }
  values.forEach((row, i) => {
    if (row.length !== columns)
      throw new RangeError(`datasetFromArrays: ${name}: row ${i} has ${row.length} numbers, where others have ${columns}`);
  });
  return { rows: values.length, columns, values: Float32Array.from(values.flat()) };
}

function numberTarget(y: readonly unknown[] | Float32Array | Int32Array, rows: number): Target {
  if (y instanceof Float32Array) return { kind: "number", width: y.length / rows, values: y };
  const nested = Array.from(y, (value) => (Array.isArray(value) ? value.map(Number) : [Number(value)]));
  const { columns, values } = matrix("y", nested, undefined);
  return { kind: "number", width: columns, values };
}

function classTarget(y: ArrayLike<unknown>, classes: readonly string[] | number | undefined): Target {
  const given = Array.from(y);
  if (typeof given[0] === "string" || Array.isArray(classes)) {
    const names: readonly unknown[] = typeof classes === "object" ? classes : [...new Set(given)].sort();
    return labelTarget(given.map((label) => names.indexOf(label)), names.length, given);
  }
  const labels = given.map(Number);
  const count = typeof classes === "number" ? classes : labels.reduce((most, label) => Math.max(most, label), -1) + 1;
  return labelTarget(labels, count, given);
}

function labelTarget(labels: readonly number[], classes: number, given: readonly unknown[]): Target {
  labels.forEach((label, row) => {
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new RangeError(`datasetFromArrays: row ${row}: ${shown(given[row])} is not one of the ${classes} classes`);
  });
  return { kind: "class", classes, labels: Int32Array.from(labels) };
}
