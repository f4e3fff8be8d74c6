// A table: named columns of equal length, as a reader found them and before anything was learnt from them.
import { InputError } from "./input-error.js";
import { didYouMean } from "./suggest.js";

/** Numbers, each finite or missing. */
export interface NumberColumn {
  readonly kind: "number";
  readonly name: string;
  readonly values: Float64Array; // [rows]; 0 where missing
  readonly valid: Uint8Array | null; // [rows], 1 where there is a value; null when none is missing
}

/** Text, and everything that is a name rather than a quantity: truth values, class labels. */
export interface TextColumn {
  readonly kind: "text";
  readonly name: string;
  readonly codes: Int32Array; // [rows], indices into values; −1 where missing
  readonly values: readonly string[]; // distinct, in the order of their first row
}

/** As many numbers in every row, such as the pixels of a picture. None is missing. */
export interface VectorColumn {
  readonly kind: "vector";
  readonly name: string;
  readonly shape: readonly number[]; // of one row, e.g. [28, 28]
  readonly width: number; // the product of shape
  readonly values: Uint8Array | Float32Array; // [rows, width]
}

/** A column of a type that cannot be learnt from; an error only when it is used. */
export interface OpaqueColumn {
  readonly kind: "opaque";
  readonly name: string;
  readonly type: string; // as the file calls it
}

export type Column = NumberColumn | TextColumn | VectorColumn | OpaqueColumn;

/** What rows are called in messages, and their numbers there. */
export interface RowPlaces {
  readonly noun: "line" | "row";
  readonly first: number; // row i is number first + i …
  readonly numbers: Int32Array | null; // … unless numbers are listed: then numbers[i]
  /** Where rows come from several files: their names, and which of them each row is from. */
  readonly files?: { readonly names: readonly string[]; readonly file: Int32Array } | undefined;
}

/** Columns of equal length and where they come from. */
export interface Table {
  readonly source: string; // a file name, for messages
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly places: RowPlaces;
  /** What a reader found worth telling, one line each. */
  readonly notes: readonly string[];
  /** True when a column that no row has may be absent, as in JSON lines. */
  readonly sparse?: boolean | undefined;
  /** True when the source gives columns their types, as Arrow and Parquet do. */
  readonly typed?: boolean | undefined;
}

/** The rows of a table from the first to the last. */
export function allRows(table: Table): Int32Array {
  const rows = new Int32Array(table.rows);
  for (let row = 0; row < rows.length; row += 1) rows[row] = row;
  return rows;
}

/** The place of a row in messages, e.g. `penguins.csv: line 4`. */
export function placeOf(table: Table, row: number): string {
  const { noun, first, numbers, files } = table.places;
  return `${files?.names[files.file[row] ?? 0] ?? table.source}: ${noun} ${numbers?.[row] ?? first + row}`;
}

/** The column of that name. Throws InputError that suggests the nearest name or lists them. */
export function columnOf(table: Table, name: string): Column {
  const found = table.columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = table.columns.map((column) => column.name);
  const hint = didYouMean(name, names) || `; the columns are ${listed(names)}`;
  throw new InputError(`${table.source}: there is no column ${JSON.stringify(name)}${hint}`);
}

/** The types of a table's columns, to read another file of the same kind with: pass them to readTable as `types`. */
export function typesOf(table: Table): Record<string, "number" | "text"> {
  return Object.fromEntries(
    table.columns.flatMap(({ name, kind }) =>
      kind === "number" || kind === "text" ? [[name, kind]] : [],
    ),
  );
}

/** Names for a message: all of them when they are few, else the first and how many there are. */
export function listed(names: readonly string[], most = 12): string {
  const quoted = names.slice(0, most).map((name) => JSON.stringify(name));
  const rest = names.length - quoted.length;
  return quoted.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** Whether a row has a value in this column. */
export function hasValue(column: Column, row: number): boolean {
  if (column.kind === "number") return column.valid === null || column.valid[row] === 1;
  return column.kind === "text" ? (column.codes[row] ?? -1) >= 0 : true;
}

/** A copy of some rows in the given order. Messages keep the places they have in the source. */
export function selectRows(table: Table, rows: Int32Array): Table {
  const { noun, first, numbers, files } = table.places;
  return {
    source: table.source,
    rows: rows.length,
    columns: table.columns.map((column) => selectColumn(column, rows)),
    places: {
      noun,
      first,
      numbers: rows.map((row) => numbers?.[row] ?? first + row),
      files: files && { ...files, file: rows.map((row) => files.file[row] ?? 0) },
    },
    notes: table.notes,
  };
}

function selectColumn(column: Column, rows: Int32Array): Column {
  switch (column.kind) {
    case "number": {
      const { values, valid } = column;
      return {
        ...column,
        values: Float64Array.from(rows, (row) => values[row] ?? 0),
        valid: valid && Uint8Array.from(rows, (row) => valid[row] ?? 0),
      };
    }
    case "text":
      return { ...column, codes: rows.map((row) => column.codes[row] ?? -1) };
    case "vector": {
      const { values, width } = column;
      const length = rows.length * width;
      const copy = values instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
      rows.forEach((row, i) =>
        copy.set(values.subarray(row * width, (row + 1) * width), i * width),
      );
      return { ...column, values: copy };
    }
    case "opaque":
      return column;
  }
}
