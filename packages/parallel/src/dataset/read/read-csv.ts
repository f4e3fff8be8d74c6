// Reads CSV and TSV (RFC 4180): a header line, then rows of as many cells.
import { pipeline } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { CsvColumn, nearlyNumbers } from "./csv-column.js";
import { InputError, shown } from "../table/input-error.js";
import { contentStream, readError, type Source } from "./source.js";
import type { Table } from "../table/table.js";
import { textChunks } from "./utf8.js";

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

/** The longest row, in bytes: an unclosed quote must not fill the memory. */
const ROW_LIMIT = 2 ** 27;

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
  const row = (to: readonly (CsvColumn | null)[], record: readonly string[]): void => {
    if (record.length !== to.length) throw ragged(source, line, record, names);
    for (const [i, column] of to.entries()) {
      if (column === null) continue;
      const cell = record[i] ?? "";
      column.push(missing.has(cell.trim()) ? null : cell, rows, place);
    }
    const taken = linesOf(record);
    if (taken > 1) lines ??= Array.from({ length: rows }, (_, earlier) => start + earlier);
    lines?.push(line);
    line += taken;
    rows += 1;
  };
  for await (const record of records(source, delimiter)) {
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
    for (; blank > 0; blank -= 1) row(columns, [""]);
    row(columns, record);
    any = true;
    if (rows < most) continue;
    yield found(columns);
    columns = begin();
  }
  if (columns === null || !any)
    throw new InputError(`${source.path}: there are no rows after the header; add some`);
  if (rows > 0) yield found(columns);
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

/** Lines that a record takes in the file: one, and one more for each line break inside a quoted cell. */
function linesOf(record: readonly string[]): number {
  let lines = 1;
  for (const cell of record)
    if (cell.includes("\n") || cell.includes("\r")) lines += cell.split(/\r\n|\n|\r/).length - 1;
  return lines;
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

/** The records of the file, the header included; the first `most` when that is given. */
async function* records(
  source: Source,
  delimiter: string,
  most = -1,
): AsyncGenerator<readonly string[]> {
  const parser = parse({
    bom: true,
    delimiter,
    max_record_size: ROW_LIMIT,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true, // rows that are too short or too long get a message of our own
    to: most,
  });
  const stream = pipeline(
    contentStream(source),
    (chunks: AsyncIterable<Uint8Array>) => textChunks(source, chunks),
    parser,
    () => {},
  );
  try {
    for await (const record of stream as AsyncIterable<readonly string[]>) yield record;
  } catch (error) {
    if (error instanceof CsvError) throw await csvError(source, delimiter, error);
    throw readError(source.path, error);
  }
}

/** What is wrong with the quotes, and where. */
async function csvError(source: Source, delimiter: string, error: CsvError): Promise<InputError> {
  const options = { cause: error };
  const column = typeof error["column"] === "number" ? `, column ${error["column"] + 1}` : "";
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
    case "CSV_MAX_RECORD_SIZE": {
      // The parser tells where it stopped; the row with the quote starts after the ones that it finished.
      let line = 1;
      const finished = Number(error["records"]);
      if (source.stream !== undefined)
        return new InputError(
          `${source.path}: a quote is opened and never closed after ${finished} lines; close it`,
          options,
        );
      if (finished > 0)
        for await (const record of records(source, delimiter, finished)) line += linesOf(record);
      return new InputError(
        `${source.path}: line ${line}${column}: a quote is opened and never closed; close it`,
        options,
      );
    }
    case "CSV_INVALID_CLOSING_QUOTE":
      return new InputError(
        `${source.path}: line ${String(error["lines"])}${column}: a quote inside a quoted cell; write it twice ("")`,
        options,
      );
    case "INVALID_OPENING_QUOTE":
      return new InputError(
        `${source.path}: line ${String(error["lines"])}${column}: a quote in the middle of a cell; put the whole cell in quotes and write the quote twice ("")`,
        options,
      );
    default:
      return new InputError(
        `${source.path}: line ${String(error["lines"])}${column}: ${error.message}`,
        options,
      );
  }
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
