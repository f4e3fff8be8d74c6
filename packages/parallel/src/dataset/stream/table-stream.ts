// Tables from a stream of CSV or JSON lines, a few rows at a time, in memory that does not grow with the stream.
import { finished } from "node:stream/promises";
import { columnTypes, type Encoding } from "../encode/encoding.js";
import { InputError, shown } from "../table/input-error.js";
import { columnFrom, type Cell } from "../table/records.js";
import { didYouMean } from "../table/suggest.js";
import { listed, type Table } from "../table/table.js";
import { textChunks } from "../read/utf8.js";

/** Whether bytes from the start of a stream can be CSV or JSON lines: binary formats have control characters there. */
export function isTextHead(head: Uint8Array): boolean {
  return head.subarray(0, 512).every((byte) => byte >= 9);
}

/** The longest row, in bytes: an unclosed quote must not fill the memory. */
const ROW_LIMIT = 2 ** 24;

/** Rows of a stream that came together: the cells of each by column name, and the line of each. */
interface Rows {
  readonly cells: readonly ReadonlyMap<string, Cell>[];
  readonly lines: readonly number[];
}

/**
 * The columns that an encoding takes from, as the rows arrive: each table holds those of one piece of the stream.
 * JSON lines when the first character is a brace, else CSV with commas and a header. In JSON lines an absent key is a
 * missing value, once a row of the same or an earlier piece had it.
 * Throws InputError that names the line and the column.
 * @param name what to call the stream in messages
 */
export async function* tablesOfStream(
  stream: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  name: string,
): AsyncGenerator<Table> {
  const types = columnTypes(encoding);
  const wanted = [...new Set(encoding.features.map(({ column }) => column))];
  const seen = new Set<string>();
  for await (const { cells, lines } of rowsOf(stream, name)) {
    for (const row of cells) for (const key of row.keys()) seen.add(key);
    const place = (row: number): string => `${name}: line ${lines[row] ?? 0}`;
    const absent = wanted.find((column) => !seen.has(column));
    if (absent !== undefined) {
      const hint = didYouMean(absent, [...seen]) || `; the columns are ${listed([...seen])}`;
      throw new InputError(`${name}: there is no column ${shown(absent)}${hint}`);
    }
    yield {
      source: name,
      rows: cells.length,
      columns: wanted.map((column) =>
        columnFrom(
          place,
          column,
          cells.map((row) => row.get(column) ?? null),
          Object.hasOwn(types, column) ? types[column] : undefined,
        ),
      ),
      places: { noun: "line", first: 1, numbers: Int32Array.from(lines) },
      notes: [],
    };
  }
}

/** Takes the next piece of text, null at the end; answers the rows that are complete. */
type Reader = (text: string | null) => Rows | Promise<Rows>;

async function* rowsOf(stream: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Rows> {
  let read: Reader | null = null;
  let any = false;
  for await (const text of textChunks({ path: name }, stream)) {
    read ??= /^\s*\{/.test(text) ? jsonReader(name) : await csvReader(name);
    const rows = await read(text);
    any ||= rows.cells.length > 0;
    if (rows.cells.length > 0) yield rows;
  }
  const rest = await read?.(null);
  if (rest && rest.cells.length > 0) yield rest;
  else if (!any) throw new InputError(`${name}: there are no rows; give some`);
}

function jsonReader(name: string): Reader {
  let rest = "";
  let line = 0;
  return (text) => {
    const parts = (rest + (text ?? "")).split("\n");
    rest = text === null ? "" : (parts.pop() ?? "");
    if (rest.length > ROW_LIMIT)
      throw new InputError(
        `${name}: line ${line + parts.length + 1} is longer than ${ROW_LIMIT} characters; write one object a line`,
      );
    const [cells, lines]: [ReadonlyMap<string, Cell>[], number[]] = [[], []];
    for (const part of parts) {
      line += 1;
      if (part.trim() === "") continue;
      cells.push(jsonRow(part, `${name}: line ${line}`));
      lines.push(line);
    }
    return { cells, lines };
  };
}

function jsonRow(text: string, place: string): ReadonlyMap<string, Cell> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`${place}: not JSON: ${reason}; write one object a line`, {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InputError(`${place}: ${shown(value)} is not an object; write one object a line`);
  return new Map<string, Cell>(Object.entries(value));
}

async function csvReader(name: string): Promise<Reader> {
  const { CsvError, parse } = await import("csv-parse"); // only when there are such rows
  const { MISSING } = await import("../read/read-csv.js");
  const missing = new Set(MISSING);
  let header: readonly string[] | null = null;
  let empty = 0; // the line of an empty row: nothing when it is the last
  let failure: unknown = null;
  const parser = parse({
    info: true,
    max_record_size: ROW_LIMIT,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true, // rows that are too short or too long get a message of our own
  });
  parser.on("error", (error) => (failure = error));
  const row = (record: readonly string[], line: number): ReadonlyMap<string, Cell> | null => {
    if (header === null) {
      header = headerOf(record, name);
      return null;
    }
    if (record.length === 1 && record[0] === "" && header.length > 1) {
      empty ||= line;
      return null;
    }
    if (empty > 0) throw new InputError(`${name}: line ${empty} is empty; remove it`);
    if (record.length !== header.length)
      throw new InputError(
        `${name}: line ${line} has ${record.length} cells, where the header has ${header.length}`,
      );
    return new Map(
      header.map((column, i) => {
        const cell = record[i] ?? "";
        return [column, missing.has(cell.trim()) ? null : cell];
      }),
    );
  };
  return async (text) => {
    if (text === null) {
      parser.end();
      await finished(parser, { readable: false }).catch(() => undefined); // `failure` has the error
    } else parser.write(text);
    const [cells, lines]: [ReadonlyMap<string, Cell>[], number[]] = [[], []];
    for (let next = take(parser); next !== null; next = take(parser)) {
      const { record, info } = next;
      // The parser tells the line on which the row ends.
      const line = info.lines - record.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);
      const read = row(record, line);
      if (read === null) continue;
      cells.push(read);
      lines.push(line);
    }
    if (failure instanceof CsvError)
      throw new InputError(`${name}: line ${String(failure["lines"])}: ${failure.message}`, {
        cause: failure,
      });
    if (failure !== null) throw failure;
    return { cells, lines };
  };
}

interface CsvRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** The next row that the parser has found, or null. */
const take = (parser: NodeJS.ReadableStream): CsvRow | null =>
  parser.read() as unknown as CsvRow | null; // with `info` the parser gives such objects

function headerOf(record: readonly string[], name: string): string[] {
  const names = record.map((column) => column.trim());
  const empty = names.indexOf("");
  if (empty >= 0)
    throw new InputError(`${name}: line 1: column ${empty + 1} of ${names.length} has no name`);
  const twice = names.find((column, i) => names.indexOf(column) < i);
  if (twice !== undefined)
    throw new InputError(`${name}: line 1: two columns are named ${shown(twice)}; rename one`);
  return names;
}
