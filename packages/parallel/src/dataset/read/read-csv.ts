// Reads CSV and TSV (RFC 4180): a header line, then rows of as many cells.
import { CsvColumn, nearlyNumbers } from "./csv-column.js";
import { csvRecords } from "./csv-records.js";
import { InputError, shown } from "../table/input-error.js";
import type { Source } from "./source.js";
import type { Table } from "../table/table.js";

/** Options of a CSV or TSV file. */
export interface CsvOptions {
  /** One character between cells. Default: a tab for .tsv and .tab, else a comma. */
  readonly delimiter?: string | undefined;
  /**
   * The type of some columns by name; names that the file does not have are passed over.
   * Default: "number" where every cell that is not missing is a finite decimal number, else "text".
   */
  readonly types?: Readonly<Record<string, "number" | "text">> | undefined;
  /** Cells that count as missing, blanks around them aside. Default: MISSING. */
  readonly missing?: readonly string[] | undefined;
}

/** The cells that count as missing unless told otherwise. */
export const MISSING: readonly string[] = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL"];

/** The table of a CSV or TSV file. Throws InputError that names the file, the line and the column. */
export async function readCsv(source: Source, options: CsvOptions = {}): Promise<Table> {
  const { delimiter, missing, types } = settings(source, options);
  const first = await scan(source, delimiter, missing, types);
  const late = first.columns.filter((column) => column.late).map((column) => column.name);
  if (late.length === 0) return toTable(source, first);
  for (const name of late) types.set(name, "text");
  const second = await scan(source, delimiter, missing, types);
  second.columns.forEach((column, i) => (column.firstText = first.columns[i]?.firstText ?? null));
  return toTable(source, second);
}

/**
 * The rows of a CSV or TSV file, `most` at a time, in the columns that `keeps` says yes to. A column without a type is one
 * of numbers in a table when all of its cells there are. Throws as readCsv does.
 */
export async function* csvChunks(
  source: Source,
  options: CsvOptions,
  most: number,
  keeps: (column: string) => boolean,
): AsyncGenerator<Table> {
  const { delimiter, missing, types } = settings(source, options);
  for await (const found of scans(source, delimiter, missing, types, most, keeps))
    yield toTable(source, found);
}

function settings(
  source: Source,
  options: CsvOptions,
): {
  readonly delimiter: string;
  readonly missing: ReadonlySet<string>;
  readonly types: Map<string, "number" | "text">;
} {
  return {
    delimiter: options.delimiter ?? (/\.(?:tsv|tab)(?:\.gz)?$/i.test(source.name) ? "\t" : ","),
    missing: new Set(options.missing ?? MISSING),
    types: new Map(Object.entries(options.types ?? {})),
  };
}

interface Scan {
  readonly rows: number;
  readonly columns: readonly CsvColumn[];
  readonly start: number; // the line of the first row
  readonly lines: Int32Array | null; // null: row i is on line start + i
}

/** All rows of the file. */
async function scan(
  source: Source,
  delimiter: string,
  missing: ReadonlySet<string>,
  types: ReadonlyMap<string, "number" | "text">,
): Promise<Scan> {
  for await (const all of scans(source, delimiter, missing, types, Infinity, () => true))
    return all;
  throw new InputError(`${source.path}: there are no rows after the header; add some`);
}

/** The rows of the file, `most` at a time. */
async function* scans(
  source: Source,
  delimiter: string,
  missing: ReadonlySet<string>,
  types: ReadonlyMap<string, "number" | "text">,
  most: number,
  keeps: (column: string) => boolean,
): AsyncGenerator<Scan> {
  let names: readonly string[] = [];
  let columns: (CsvColumn | null)[] | null = null; // null for those that are passed over
  let line = 1; // where the next record starts
  let blank = 0; // empty lines that wait for what follows: nothing matters at the end of a file
  let rows = 0;
  let start = 0;
  let lines: number[] | null = null; // made when a record takes more than one line
  let any = false;
  const place = (): { file: string; line: number } => ({ file: source.path, line });
  const begin = (): (CsvColumn | null)[] => {
    [rows, start, lines] = [0, line, null];
    return names.map((name) => (keeps(name) ? new CsvColumn(name, types.get(name)) : null));
  };
  const found = (to: readonly (CsvColumn | null)[]): Scan => ({
    rows,
    columns: to.filter((column) => column !== null),
    start,
    lines: lines && Int32Array.from(lines),
  });
  const isMissing = missingTest(missing);
  const row = (
    to: readonly (CsvColumn | null)[],
    record: readonly string[],
    taken: number, // lines
  ): void => {
    if (record.length !== to.length) throw ragged(source, line, record, names);
    for (let i = 0; i < to.length; i += 1) {
      const cell = record[i] ?? "";
      to[i]?.push(isMissing(cell) ? null : cell, rows, place);
    }
    if (taken > 1) lines ??= Array.from({ length: rows }, (_, earlier) => start + earlier);
    lines?.push(line);
    line += taken;
    rows += 1;
  };
  for await (const { records, linesOf } of csvRecords(source, delimiter))
    for (const record of records) {
      if (columns === null) {
        names = header(source, record, delimiter);
        line += linesOf(record);
        columns = begin();
        continue;
      }
      if (record.length === 1 && record[0] === "") {
        blank += 1;
        continue;
      }
      for (; blank > 0; blank -= 1) row(columns, [""], 1);
      row(columns, record, linesOf(record));
      any = true;
      if (rows < most) continue;
      yield found(columns);
      columns = begin();
    }
  if (columns === null || !any)
    throw new InputError(`${source.path}: there are no rows after the header; add some`);
  if (rows > 0) yield found(columns);
}

/** Tells cells that count as missing, blanks around them aside. Most others are told by their first character alone. */
function missingTest(missing: ReadonlySet<string>): (cell: string) => boolean {
  const begins = new Uint8Array(128).fill(1, 0, 33); // blanks and what may be one
  for (const text of missing) begins[text.charCodeAt(0)] = 1;
  return (cell) => begins[cell.charCodeAt(0)] !== 0 && missing.has(cell.trim());
}

/** A row with fewer or more cells than the header. */
function ragged(
  source: Source,
  line: number,
  record: readonly string[],
  names: readonly string[],
): InputError {
  if (record.length === 1 && record[0] === "")
    return new InputError(`${source.path}: line ${line} is empty; remove it`);
  const detail =
    record.length < names.length
      ? `column ${shown(names[record.length])} is the first without one`
      : `${shown(record[names.length])} is the first too many`;
  return new InputError(
    `${source.path}: line ${line} has ${record.length} cells, where the header has ${names.length}; ${detail}`,
  );
}

function header(source: Source, record: readonly string[], delimiter: string): string[] {
  const names = record.map((name) => name.trim());
  const empty = names.indexOf("");
  if (empty >= 0)
    throw new InputError(
      `${source.path}: line 1: column ${empty + 1} of ${names.length} has no name; name it or remove the column`,
    );
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(
      `${source.path}: line 1: two columns are named ${shown(twice)}; rename one`,
    );
  const [only = ""] = names;
  const other =
    names.length === 1
      ? [",", ";", "\t", "|"].find((mark) => mark !== delimiter && only.includes(mark))
      : undefined;
  if (other !== undefined)
    throw new InputError(
      `${source.path}: line 1: one column, ${shown(only)}; the cells seem to be separated by ${shown(other)}, not ${shown(delimiter)}`,
    );
  return names;
}

function toTable(source: Source, { rows, columns, start, lines }: Scan): Table {
  const built = columns.map((column) => column.build());
  return {
    source: source.path,
    rows,
    columns: built,
    places: { noun: "line", first: start, numbers: lines },
    notes: built.flatMap((column, i) => {
      const found = columns[i]?.firstText;
      return column.kind === "text" && found ? nearlyNumbers(column, found) : [];
    }),
  };
}
