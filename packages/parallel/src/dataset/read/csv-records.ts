// The records of a CSV or TSV file: split at line ends and delimiters while there is no quote, by csv-parse from the first one on.
import { pipeline } from "node:stream";
import type { CsvError } from "csv-parse";
import { InputError } from "../table/input-error.js";
import { contentStream, readError, type Source } from "./source.js";
import { textChunks } from "./utf8.js";

/** Records that follow one another, and the lines that each takes. */
export interface Records {
  readonly records: Iterable<readonly string[]>;
  readonly linesOf: (record: readonly string[]) => number;
}

/** The longest row, in bytes: an unclosed quote must not fill the memory. */
const ROW_LIMIT = 2 ** 27;

/** A line that has not ended after so many characters is left to csv-parse. */
const LONG_LINE = 2 ** 20;

/** Records of csv-parse that are handed on together. */
const AT_ONCE = 256;

const LINE_END = /\r\n|\n|\r/;

/**
 * The records of the file, the header included; the first `most` when that is given. Throws InputError that names the file
 * and the line.
 */
export async function* csvRecords(
  source: Source,
  delimiter: string,
  most: number = Infinity,
): AsyncGenerator<Records> {
  let split = 0; // records before csv-parse takes over, a line each
  try {
    const pieces = textChunks(source, contentStream(source));
    let rest = ""; // the line that has not ended
    for await (const piece of pieces) {
      const text = rest + piece;
      if (!canSplit(delimiter) || rest.length > LONG_LINE || piece.includes('"')) {
        yield* parsed(source, delimiter, split, most - split, following(text, pieces));
        return;
      }
      const end = endOfLines(text);
      rest = text.slice(end);
      if (end === 0) continue;
      const lines = linesIn(text.slice(0, end)).slice(0, most - split);
      yield { records: cellsOf(lines, delimiter), linesOf: oneLine };
      split += lines.length;
      if (split >= most) return;
    }
    if (rest !== "") yield { records: cellsOf(linesIn(rest), delimiter), linesOf: oneLine };
  } catch (error) {
    throw readError(source.path, error);
  }
}

/** Whether lines and cells can be told apart by these characters alone, where there is no quote. */
function canSplit(delimiter: string): boolean {
  return delimiter.length === 1 && !'"\r\n'.includes(delimiter);
}

/** Where the last line that has certainly ended does: a carriage return at the end of a piece may be half of a line end. */
function endOfLines(text: string): number {
  const certain = text.endsWith("\r") ? text.slice(0, -1) : text;
  return Math.max(certain.lastIndexOf("\n"), certain.lastIndexOf("\r")) + 1;
}

function linesIn(text: string): string[] {
  const lines = text.split(text.includes("\r") ? LINE_END : "\n");
  if (lines.at(-1) === "") lines.pop(); // what follows the last line end
  return lines;
}

/** The cells of each line, those that csv-parse finds where there are no quotes; one line at a time, so that they die young. */
function* cellsOf(lines: readonly string[], delimiter: string): Generator<readonly string[]> {
  for (const line of lines) yield line.split(delimiter);
}

const oneLine = (): number => 1;

/** One, and one more for each line break inside a quoted cell. */
function linesOfQuoted(record: readonly string[]): number {
  let lines = 1;
  for (const cell of record)
    if (cell.includes("\n") || cell.includes("\r")) lines += cell.split(LINE_END).length - 1;
  return lines;
}

async function* following(first: string, pieces: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* pieces;
}

/** The first `most` records, by csv-parse, of what follows `before` lines with a record each. */
async function* parsed(
  source: Source,
  delimiter: string,
  before: number,
  most: number,
  text: AsyncIterable<string>,
): AsyncGenerator<Records> {
  const { CsvError, parse } = await import("csv-parse"); // takes 10 ms to load
  const parser = parse({
    delimiter,
    max_record_size: ROW_LIMIT,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true, // rows that are too short or too long get a message of our own
    to: most === Infinity ? -1 : most,
  });
  const stream = pipeline(text, parser, () => {});
  let records: (readonly string[])[] = [];
  try {
    for await (const record of stream as AsyncIterable<readonly string[]>) {
      records.push(record);
      if (records.length < AT_ONCE) continue;
      yield { records, linesOf: linesOfQuoted };
      records = [];
    }
  } catch (error) {
    throw error instanceof CsvError ? await csvError(source, delimiter, before, error) : error;
  }
  yield { records, linesOf: linesOfQuoted };
}

/** What is wrong with the quotes, and where. */
async function csvError(
  source: Source,
  delimiter: string,
  before: number,
  error: CsvError,
): Promise<InputError> {
  const options = { cause: error };
  const column = typeof error["column"] === "number" ? `, column ${error["column"] + 1}` : "";
  const lines = before + Number(error["lines"]);
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
    case "CSV_MAX_RECORD_SIZE": {
      // The parser tells where it stopped; the row with the quote starts after the ones that it finished.
      let line = 1;
      const finished = before + Number(error["records"]);
      if (source.stream !== undefined)
        return new InputError(
          `${source.path}: a quote is opened and never closed after ${finished} lines; close it`,
          options,
        );
      if (finished > 0)
        for await (const { records, linesOf } of csvRecords(source, delimiter, finished))
          for (const record of records) line += linesOf(record);
      return new InputError(
        `${source.path}: line ${line}${column}: a quote is opened and never closed; close it`,
        options,
      );
    }
    case "CSV_INVALID_CLOSING_QUOTE":
      return new InputError(
        `${source.path}: line ${lines}${column}: a quote inside a quoted cell; write it twice ("")`,
        options,
      );
    case "INVALID_OPENING_QUOTE":
      return new InputError(
        `${source.path}: line ${lines}${column}: a quote in the middle of a cell; put the whole cell in quotes and write the quote twice ("")`,
        options,
      );
    default:
      return new InputError(`${source.path}: line ${lines}${column}: ${error.message}`, options);
  }
}
