// Reads JSON lines (.jsonl, .ndjson): an object a line, its keys being the columns.
import { InputError, shown } from "../table/input-error.js";
import { columnFrom, type Cell } from "../table/records.js";
import { contentStream, readError, type Source } from "./source.js";
import type { Column, Table } from "../table/table.js";
import { textChunks } from "./utf8.js";

/** Options of JSON lines. */
export interface JsonlOptions {
  /** The type of some columns by name; default: "number" where every value is one, else "text". */
  readonly types?: Readonly<Record<string, "number" | "text">> | undefined;
}

/** The longest line, in UTF-16 code units. */
const LINE_LIMIT = 2 ** 27;

/**
 * The table of a file of JSON lines. Null and absent keys are missing; truth values become text; arrays of as many numbers
 * in every row become vectors; a column with anything else is kept by name only. Empty lines are passed over.
 * Throws InputError that names the file, the line and the column.
 */
export async function readJsonl(source: Source, options: JsonlOptions = {}): Promise<Table> {
  for await (const all of jsonlChunks(source, options, Infinity)) return all;
  throw new InputError(`${source.path}: the file has no lines with objects`);
}

/** The rows of a file of JSON lines, `most` at a time; a table has the columns that its own rows have. */
export async function* jsonlChunks(
  source: Source,
  { types = {} }: JsonlOptions,
  most: number,
): AsyncGenerator<Table> {
  const typeOf = new Map(Object.entries(types));
  let cells = new Map<string, unknown[]>();
  let numbers: number[] = []; // of the line of each row
  let any = false;
  for await (const { text, line } of lines(source)) {
    if (text.trim() === "") continue;
    const row = numbers.length;
    for (const [name, value] of Object.entries(objectOf(source, text, line))) {
      let column = cells.get(name);
      if (column === undefined) cells.set(name, (column = []));
      while (column.length < row) column.push(null); // rows without this key
      column.push(value);
    }
    numbers.push(line);
    any = true;
    if (numbers.length < most) continue;
    yield tableOf(source, cells, numbers, typeOf);
    [cells, numbers] = [new Map<string, unknown[]>(), []];
  }
  if (!any) throw new InputError(`${source.path}: the file has no lines with objects`);
  if (numbers.length > 0) yield tableOf(source, cells, numbers, typeOf);
}

function tableOf(
  source: Source,
  cells: ReadonlyMap<string, unknown[]>,
  numbers: readonly number[],
  typeOf: ReadonlyMap<string, "number" | "text">,
): Table {
  const rows = numbers.length;
  if (cells.size === 0)
    throw new InputError(`${source.path}: the objects have no keys, so there are no columns`);
  const place = (row: number): string => `${source.path}: line ${numbers[row] ?? 0}`;
  const columns = Array.from(cells, ([name, values]): Column => {
    while (values.length < rows) values.push(null);
    const type = opaqueType(values);
    return type === null
      ? columnFrom(place, name, values as Cell[], typeOf.get(name)) // every value has been seen to be a cell
      : { kind: "opaque", name, type };
  });
  return {
    source: source.path,
    rows,
    columns,
    places: { noun: "line", first: 1, numbers: Int32Array.from(numbers) },
    notes: [],
    sparse: true,
  };
}

function objectOf(source: Source, text: string, line: number): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(
      `${source.path}: line ${line}: not JSON: ${reason}; write one object a line`,
      { cause: error },
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InputError(
      `${source.path}: line ${line}: ${shown(value)} is not an object; write one object a line, such as {"column": 1}`,
    );
  return value;
}

/** What a column holds that cannot be a cell, or null. */
function opaqueType(values: readonly unknown[]): string | null {
  let width = -1;
  for (const value of values) {
    if (typeof value !== "object" || value === null) continue;
    if (!Array.isArray(value)) return "JSON objects";
    if (!value.every((entry) => typeof entry === "number"))
      return "lists of other things than numbers";
    if (width >= 0 && value.length !== width) return "lists of different lengths";
    width = value.length;
  }
  return width === 0 ? "empty lists" : null;
}

async function* lines(source: Source): AsyncGenerator<{ text: string; line: number }> {
  let rest: string[] = []; // of the line that goes on in the next chunk
  let length = 0;
  let line = 1;
  try {
    for await (const chunk of textChunks(source, contentStream(source))) {
      const parts = chunk.split("\n");
      rest.push(parts[0] ?? "");
      length += parts[0]?.length ?? 0;
      if (length > LINE_LIMIT)
        throw new InputError(
          `${source.path}: line ${line} is longer than ${LINE_LIMIT} characters; write one object a line`,
        );
      for (let i = 1; i < parts.length; i += 1) {
        yield { text: rest.join(""), line };
        line += 1;
        rest = [parts[i] ?? ""];
        length = rest[0]?.length ?? 0;
      }
    }
  } catch (error) {
    throw readError(source.path, error);
  }
  yield { text: rest.join(""), line };
}
