// What the columns of a streamed source are: the same in every chunk, as they would be if it were read as a whole.
import { InputError, shown } from "../table/input-error.js";
import { columnOf, listed, type Column, type Table } from "../table/table.js";
import type { TableSource } from "./stream-source.js";

/** The columns of a source, and its rows. */
export interface StreamSchema {
  readonly rows: number;
  readonly columns: readonly StreamColumn[];
}

/** One column of a source. */
export interface StreamColumn {
  readonly name: string;
  readonly kind: Column["kind"];
  /** Numbers of a row of a vector; 1 otherwise. */
  readonly width: number;
  readonly bytes: boolean; // a vector of bytes
  /** Times of which some are more than days: all of them state the time of the day. */
  readonly instants: boolean;
  readonly type: string; // of an opaque column, as the file calls it
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** What is known of a column while its chunks come. */
interface Found {
  readonly name: string;
  readonly kinds: Map<Column["kind"], string>; // and where the first was
  readonly width: number;
  bytes: boolean;
  days: boolean;
  instants: boolean;
  typed: boolean;
  type: string;
}

/**
 * Reads a source once for its columns and its rows. A column is one of numbers when it is in every chunk.
 * Throws InputError when chunks do not go together.
 * @param columns those that are needed, null: all
 */
export async function surveyStream(
  source: TableSource,
  columns: readonly string[] | null,
  types: Readonly<Record<string, "number" | "text">>,
): Promise<StreamSchema> {
  const found = new Map<string, Found>();
  let rows = 0;
  let before: readonly string[] | null = null;
  let file = "";
  for await (const { table } of source.chunks({ types, columns, from: 0 })) {
    rows += table.rows;
    const names = table.columns.map(({ name }) => name);
    if (!table.sparse && table.source !== file && before !== null)
      checkNames(table, names, before, file);
    [before, file] = [names, table.source];
    for (const column of table.columns) note(found, table, column);
  }
  if (rows === 0) throw new InputError(`${source.name}: there are no rows; give some`);
  return { rows, columns: Array.from(found.values(), columnFound) };
}

function note(found: Map<string, Found>, table: Table, column: Column): void {
  const { name, kind } = column;
  const width = kind === "vector" ? column.width : 1;
  const known = found.get(name) ?? {
    name,
    kinds: new Map<Column["kind"], string>(),
    width,
    bytes: true,
    days: false,
    instants: false,
    typed: true,
    type: "",
  };
  found.set(name, known);
  if (!known.kinds.has(kind)) known.kinds.set(kind, table.source);
  if (known.width !== width)
    throw new InputError(
      `${table.source}: column ${shown(name)} has vectors of ${width} from row ${table.places.first} on, where earlier ones have ${known.width}; save all alike`,
    );
  if (kind === "vector") known.bytes &&= column.values instanceof Uint8Array;
  if (kind === "opaque") known.type = column.type;
  if (kind !== "text" || column.values.length === 0) return;
  known.typed &&= table.typed === true;
  known.days ||= column.values.every((value) => DAY.test(value));
  known.instants ||= column.values.every((value) => INSTANT.test(value));
}

function columnFound({
  name,
  kinds,
  width,
  bytes,
  days,
  instants,
  typed,
  type,
}: Found): StreamColumn {
  const mixed = kinds.size === 2 && kinds.has("number") && kinds.has("text");
  if (kinds.size > 1 && !mixed) {
    const [[first, there] = ["", ""], [other, where] = ["", ""]] = kinds;
    throw new InputError(
      `${where}: column ${shown(name)} is of type ${other}, where ${there} has ${first}; save both alike`,
    );
  }
  const [kind = "opaque"] = kinds.keys();
  return {
    name,
    kind: mixed ? "text" : kind,
    width,
    bytes: kind === "vector" && bytes,
    instants: typed && days && instants,
    type,
  };
}

function checkNames(
  table: Table,
  names: readonly string[],
  before: readonly string[],
  file: string,
): void {
  const missing = before.filter((name) => !names.includes(name));
  const extra = names.filter((name) => !before.includes(name));
  if (missing.length > 0)
    throw new InputError(
      `${table.source}: has no column ${listed(missing)}, which ${file} has; give files with the same columns`,
    );
  if (extra.length > 0)
    throw new InputError(
      `${table.source}: has a column ${listed(extra)}, which ${file} has not; give files with the same columns`,
    );
}

/** The types to read the text columns and number columns of a schema with. */
export function typesOfSchema({ columns }: StreamSchema): Record<string, "number" | "text"> {
  return Object.fromEntries(
    columns.flatMap(({ name, kind }) =>
      kind === "number" || kind === "text" ? [[name, kind] as const] : [],
    ),
  );
}

/** A chunk with the columns of the schema, each of its kind. Throws InputError when it has another. */
export function conform(table: Table, columns: readonly StreamColumn[]): Table {
  return { ...table, columns: columns.map((expected) => conformed(table, expected)) };
}

function conformed(table: Table, expected: StreamColumn): Column {
  const { name, kind, bytes, width } = expected;
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) {
    if (table.sparse && kind === "number") return missingNumbers(name, table.rows);
    if (table.sparse && kind === "text")
      return { kind, name, codes: new Int32Array(table.rows).fill(-1), values: [] };
    return columnOf(table, name); // throws
  }
  if (column.kind === "vector" && kind === "vector" && column.width === width)
    return bytes || column.values instanceof Float32Array
      ? column
      : { ...column, values: Float32Array.from(column.values) };
  if (column.kind !== kind || kind === "vector")
    throw new InputError(
      `${table.source}: column ${shown(name)} is of type ${column.kind} from row ${table.places.first} on, where it was ${kind} before; the data must not change during a run`,
    );
  if (column.kind === "text" && expected.instants)
    return {
      ...column,
      values: column.values.map((value) => (DAY.test(value) ? `${value}T00:00:00Z` : value)),
    };
  return column;
}

function missingNumbers(name: string, rows: number): Column {
  return {
    kind: "number",
    name,
    values: new Float64Array(rows),
    valid: new Uint8Array(rows),
  };
}
