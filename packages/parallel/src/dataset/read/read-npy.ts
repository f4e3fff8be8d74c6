// Reads NumPy arrays: one (.npy), or several by name (.npz).
//
// 6 bytes magic, 2 bytes version, the length of the header (u16, from version 2 on u32), the header, the values.
// The header is a Python dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }.
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { NumberBuilder, TextBuilder } from "../table/columns.js";
import { fromHalf } from "../table/half.js";
import { InputError, shown } from "../table/input-error.js";
import { content, type Source } from "./source.js";
import type { Column, Table } from "../table/table.js";
import { UnpackBudget } from "./unpack-budget.js";

/** Numbers side by side in a row that become a column each; more are one vector, as the pixels of a picture. */
const MOST_COLUMNS = 1000;

/** Whether a file starts like an array. */
export function isNpy(head: Uint8Array): boolean {
  return head[0] === 0x93 && String.fromCharCode(...head.subarray(1, 6)) === "NUMPY";
}

/** Whether a file starts like a zip archive whose first entry is an array. */
export function isNpz(head: Uint8Array): boolean {
  if (String.fromCharCode(...head.subarray(0, 4)) !== "PK\u0003\u0004") return false;
  const length = (head[26] ?? 0) | ((head[27] ?? 0) << 8);
  return String.fromCharCode(...head.subarray(30, 30 + length)).endsWith(".npy");
}

/**
 * The table of an array; its first axis are the rows. One axis gives the column "value", two give "value[0]", "value[1]", …;
 * bytes in two axes, and everything in more, give a vector. Truth values and text become text. Throws InputError.
 */
export async function readNpy(source: Source): Promise<Table> {
  return toTable(source, [["value", await content(source)]]);
}

/** The table of several arrays with as many rows: the columns of each, by its name. Throws InputError. */
export async function readNpz(source: Source): Promise<Table> {
  const bytes = await content(source);
  const { unzipSync } = await import("fflate");
  const budget = new UnpackBudget(bytes.length);
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, {
      filter: ({ originalSize }) => {
        budget.take(originalSize);
        return true;
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(
      `${source.path}: not a readable zip archive: ${reason}; it may be damaged`,
      {
        cause: error,
      },
    );
  }
  const arrays = Object.entries(entries).map(([name, array]): [string, Uint8Array] => [
    name.replace(/\.npy$/, ""),
    array,
  ]);
  return toTable(source, arrays);
}

function toTable(source: Source, arrays: readonly (readonly [string, Uint8Array])[]): Table {
  const columns: Column[] = [];
  let rows = -1;
  for (const [name, bytes] of arrays) {
    const array = decode(`${source.path}: array ${shown(name)}`, bytes);
    const [own = 0] = array.shape;
    if (rows >= 0 && own !== rows)
      throw new InputError(
        `${source.path}: array ${shown(name)} has ${own} rows, where the first has ${rows}; all must have as many`,
      );
    rows = own;
    columns.push(...columnsOf(name, array));
  }
  const names = columns.map((column) => column.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(`${source.path}: two columns are named ${shown(twice)}; rename an array`);
  if (rows <= 0) throw new InputError(`${source.path}: the table has no rows`);
  return {
    source: source.path,
    rows,
    columns,
    places: { noun: "row", first: 1, numbers: null },
    notes: [],
  };
}

interface NpyArray {
  readonly place: string;
  readonly shape: readonly number[];
  readonly type: string; // as NumPy calls it, without the order of bytes
  readonly read: (i: number) => number | string; // value i in the order of rows
  readonly bytes: Uint8Array | null; // the values themselves, when they are bytes
}

function decode(place: string, file: Uint8Array): NpyArray {
  if (!isNpy(file) || file.length < 12) throw new InputError(`${place}: not a NumPy array`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isFirst = view.getUint8(6) === 1;
  const start = (isFirst ? 10 : 12) + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > file.length)
    throw new InputError(
      `${place}: ${file.length} bytes, where the header alone takes ${start}; the file is cut short`,
    );
  const header = new TextDecoder().decode(file.subarray(isFirst ? 10 : 12, start));
  const descr = /'descr':\s*'([<>|=]?)([a-zA-Z]\d*)'/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header);
  const sizes = /'shape':\s*\(([\d\s,]*)\)/.exec(header);
  if (descr === null || order === null || sizes === null)
    throw new InputError(
      `${place}: ${shown(header.trim())} is not the header of an array of plain values; save plain arrays, or a table as CSV`,
    );
  const shape = (sizes[1] ?? "")
    .split(",")
    .filter((size) => size.trim() !== "")
    .map(Number);
  const type = descr[2] ?? "";
  const isLittle = descr[1] !== ">";
  const size = type === "O" ? 0 : elementSize(type);
  if (size === 0)
    throw new InputError(
      `${place}: values of type ${type} are not read; save numbers, truth values or text`,
    );
  const count = shape.reduce((product, axis) => product * axis, 1);
  if (shape.length === 0)
    throw new InputError(`${place}: a single value; a table needs an array with rows`);
  if (file.length - start !== count * size)
    throw new InputError(
      `${place}: ${file.length - start} bytes of values, where ${shape.join(" × ")} of type ${type} take ${count * size}; the file is damaged`,
    );
  const isFortran = order[1] === "True" && shape.length > 1;
  if (isFortran && shape.length > 2)
    throw new InputError(`${place}: more than two axes in Fortran order; save it in C order`);
  const values = new DataView(file.buffer, file.byteOffset + start, count * size);
  const [rows = 0, width = 1] = shape;
  const place1 = (i: number): number =>
    (isFortran ? (i % width) * rows + Math.floor(i / width) : i) * size;
  return {
    place,
    shape,
    type,
    read: (i) => valueAt(values, place1(i), type, size, isLittle),
    bytes: type === "u1" && !isFortran ? file.slice(start) : null,
  };
}

const sizes: ReadonlyMap<string, number> = new Map([
  ...["b1", "i1", "u1"].map((type) => [type, 1] as const),
  ...["i2", "u2", "f2"].map((type) => [type, 2] as const),
  ...["i4", "u4", "f4"].map((type) => [type, 4] as const),
  ...["i8", "u8", "f8"].map((type) => [type, 8] as const),
]);

/** Bytes of a value, or 0 when the type is not read. */
function elementSize(type: string): number {
  const length = Number(type.slice(1));
  if (type.startsWith("U")) return 4 * length;
  if (type.startsWith("S")) return length;
  return sizes.get(type) ?? 0;
}

function valueAt(
  view: DataView,
  at: number,
  type: string,
  size: number,
  little: boolean,
): number | string {
  switch (type) {
    case "b1":
      return view.getUint8(at) === 0 ? "false" : "true";
    case "i1":
      return view.getInt8(at);
    case "u1":
      return view.getUint8(at);
    case "i2":
      return view.getInt16(at, little);
    case "u2":
      return view.getUint16(at, little);
    case "f2":
      return fromHalf(view.getUint16(at, little));
    case "i4":
      return view.getInt32(at, little);
    case "u4":
      return view.getUint32(at, little);
    case "f4":
      return view.getFloat32(at, little);
    case "f8":
      return view.getFloat64(at, little);
    case "i8":
      return exact(view.getBigInt64(at, little));
    case "u8":
      return exact(view.getBigUint64(at, little));
    default:
      return type.startsWith("U")
        ? wideText(view, at, size, little)
        : byteText(new Uint8Array(view.buffer, view.byteOffset + at, size));
  }
}

function exact(value: bigint): number {
  if (value > 2n ** 53n || value < -(2n ** 53n))
    throw new RangeError(`${value} is beyond 2^53 and not exact as a number; store it as text`);
  return Number(value);
}

/** Text of 4 bytes a character, filled up with zeros. */
function wideText(view: DataView, at: number, size: number, little: boolean): string {
  let text = "";
  for (let i = 0; i < size; i += 4) {
    const point = view.getUint32(at + i, little);
    if (point === 0) break;
    if (point > 0x10ffff) throw new RangeError(`${point} is not a character`);
    text += String.fromCodePoint(point);
  }
  return text;
}

function byteText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder("utf-8", { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function columnsOf(name: string, array: NpyArray): Column[] {
  const { shape, type, bytes } = array;
  const [rows = 0, ...axes] = shape;
  const width = axes.reduce((product, size) => product * size, 1);
  if (rows === 0 || width === 0)
    throw new InputError(`${array.place}: an array of ${shape.join(" × ")} has no values`);
  const isText = type === "b1" || /^[US]/.test(type);
  if (axes.length === 0) return [columnOf(name, array, 0, 1, rows, isText)];
  const isVector = !isText && (axes.length > 1 || type === "u1" || width > MOST_COLUMNS);
  if (!isVector) {
    if (width > MOST_COLUMNS)
      throw new InputError(
        `${array.place}: ${width} texts a row; at most ${MOST_COLUMNS} are read`,
      );
    return Array.from({ length: width }, (_, j) =>
      columnOf(`${name}[${j}]`, array, j, width, rows, isText),
    );
  }
  const values = bytes ?? new Float32Array(rows * width);
  if (bytes === null)
    for (let i = 0; i < values.length; i += 1) {
      const value = Number(read(array, i, Math.floor(i / width)));
      if (!Number.isFinite(Math.fround(value)))
        throw new InputError(
          `${array.place}: row ${Math.floor(i / width) + 1}: ${value} is not a finite number; correct it or remove the row`,
        );
      values[i] = value;
    }
  return [{ kind: "vector", name, shape: axes, width, values }];
}

function columnOf(
  name: string,
  array: NpyArray,
  offset: number,
  width: number,
  rows: number,
  isText: boolean,
): Column {
  const texts = new TextBuilder();
  const numbers = new NumberBuilder();
  for (let row = 0; row < rows; row += 1) {
    const value = read(array, row * width + offset, row);
    if (isText) texts.push(value === "" ? null : String(value));
    else if (Number.isNaN(value)) numbers.push(null);
    else if (Number.isFinite(value)) numbers.push(Number(value));
    else
      throw new InputError(
        `${array.place}: row ${row + 1}: ${value} is not a finite number; correct it or make it NaN`,
      );
  }
  return isText ? texts.build(name) : numbers.build(name);
}

function read({ read: valueAt, place }: NpyArray, i: number, row: number): number | string {
  try {
    return valueAt(i);
  } catch (error) {
    const reason = error instanceof RangeError ? error.message : "the text is not UTF-8";
    throw new InputError(`${place}: row ${row + 1}: ${reason}`, { cause: error });
  }
}
