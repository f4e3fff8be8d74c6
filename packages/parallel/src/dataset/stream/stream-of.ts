// Streamed rows from what a program has: Arrow tables and record batches, objects, Node streams.
import type { RecordBatch, Table as ArrowTable, TypeMap } from "apache-arrow";
import { InputError, shown } from "../table/input-error.js";
import { batchTables, tableOfBatches } from "../read/read-arrow.js";
import { tableFromRecords, type TableRecord } from "../table/records.js";
import type { Source } from "../read/source.js";
import type { TableSource } from "./stream-source.js";
import { counted, type ChunkOptions } from "../read/table-chunks.js";
import type { Table } from "../table/table.js";

/** What rows can come in: record batches, arrays of objects, single objects, or pieces of a file. */
type Item = RecordBatch | readonly TableRecord[] | TableRecord | Uint8Array;

/** What comes in items: an async iterable such as a Node stream, or an iterable such as an array. */
type Items = AsyncIterable<unknown> | Iterable<unknown>;

/** What `streamOf` takes. */
export type StreamInput = ArrowTable | Items | (() => Items | Promise<Items>);

/** The names of the columns of a source, where its type tells them. */
export type ColumnsOf<Input> =
  Input extends ArrowTable<infer Types>
    ? keyof Types & string
    : Input extends () => infer Opened
      ? ColumnsOf<Awaited<Opened>>
      : Input extends AsyncIterable<infer One> | Iterable<infer One>
        ? ColumnsOfItem<One>
        : string;

type ColumnsOfItem<One> =
  One extends RecordBatch<infer Types>
    ? keyof Types & string
    : One extends Uint8Array
      ? string
      : One extends readonly (infer Row)[]
        ? keyof Row & string
        : keyof One & string;

/** Options of streamOf. */
export interface StreamOfOptions {
  /** What to call the rows in messages. Default "stream". */
  readonly source?: string | undefined;
  /** What bytes are; needed when the items are pieces of a file. */
  readonly format?: "csv" | "tsv" | "jsonl" | "arrow" | undefined;
}

/** Single objects that become a table together, and rows of text formats. */
const ROWS = 8192;

/**
 * A source of streamed rows: an Arrow table, or an (async) iterable of Arrow record batches, of arrays of objects or of
 * objects, such as a Node stream in object mode, or of bytes in a `format`. Give a function that opens such an iterable
 * if the rows are to be read more than once, as fitStream and more than one epoch need; an array is read as often as
 * needed. The thread that trains reads the rows: it must not be blocked for long.
 */
export function streamOf<const Input extends StreamInput>(
  input: Input,
  { source: name = "stream", format }: StreamOfOptions = {},
): TableSource<ColumnsOf<Input>> {
  const opened = isArrowTable(input) ? input.batches : input;
  const once = typeof opened !== "function" && !Array.isArray(opened);
  let isRead = false;
  const open = async (): Promise<Items> => {
    if (typeof opened === "function") return opened();
    if (once && isRead)
      throw new InputError(`${name} can be read once only; give a function that opens it`);
    isRead = true;
    return opened;
  };
  return { name, once, chunks: (options) => counted(tables(name, open, format, options)) };
}

async function* tables(
  name: string,
  open: () => Promise<Items>,
  format: StreamOfOptions["format"],
  { types, columns }: ChunkOptions,
): AsyncGenerator<Table> {
  const wanted = columns === null ? null : new Set(columns);
  const keeps = (column: string): boolean => wanted?.has(column) ?? true;
  const items = await open();
  if (format !== undefined) {
    yield* tablesOfBytes(name, items as AsyncIterable<Uint8Array>, format, types, keeps); // checked when they are decoded
    return;
  }
  let first = 0;
  let loose: TableRecord[] = [];
  const tableOf = (rows: readonly TableRecord[]): Table => {
    const kept =
      columns === null
        ? rows
        : rows.map((row): TableRecord =>
            Object.fromEntries(columns.map((column) => [column, row[column]])),
          );
    const table = tableFromRecords(kept, { source: name, types });
    const places = { ...table.places, first: first + 1 };
    first += rows.length;
    return { ...table, places, sparse: true };
  };
  for await (const value of items) {
    const item = itemOf(name, value);
    if (item instanceof Uint8Array)
      throw new InputError(
        `${name}: bytes; say what they are with format: "csv", "jsonl" or "arrow"`,
      );
    if (isBatch(item)) {
      const arrow = await import("apache-arrow");
      if (item.numRows > 0) yield tableOfBatches(arrow, name, item.schema, [item], first, keeps);
      first += item.numRows;
    } else if (isRows(item)) {
      if (item.length > 0) yield tableOf(item);
    } else if (loose.push(item) === ROWS) {
      yield tableOf(loose);
      loose = [];
    }
  }
  if (loose.length > 0) yield tableOf(loose);
}

async function* tablesOfBytes(
  name: string,
  stream: AsyncIterable<Uint8Array>,
  format: NonNullable<StreamOfOptions["format"]>,
  types: ChunkOptions["types"],
  keeps: (column: string) => boolean,
): AsyncGenerator<Table> {
  const source: Source = {
    path: name,
    name,
    gzip: false,
    head: new Uint8Array(0),
    size: 0,
    stream,
  };
  switch (format) {
    case "arrow": {
      const arrow = await import("apache-arrow");
      yield* batchTables(arrow, name, await arrow.RecordBatchReader.from(stream), keeps);
      return;
    }
    case "jsonl":
      yield* (await import("../read/read-jsonl.js")).jsonlChunks(source, { types }, ROWS);
      return;
    default: {
      const delimiter = format === "tsv" ? "\t" : ",";
      const { csvChunks } = await import("../read/read-csv.js");
      yield* csvChunks(source, { types, delimiter }, ROWS, keeps);
    }
  }
}

function isArrowTable(input: StreamInput): input is ArrowTable {
  return typeof input === "object" && "batches" in input && "schema" in input;
}

function isBatch(item: Item): item is RecordBatch {
  return "numRows" in item && "schema" in item && typeof item.schema === "object";
}

function isRows(item: readonly TableRecord[] | TableRecord): item is readonly TableRecord[] {
  return Array.isArray(item);
}

function itemOf(name: string, value: unknown): Item {
  if (typeof value === "object" && value !== null) return value as Item; // its cells are checked one by one
  throw new InputError(
    `${name}: ${shown(value)} among the rows; give objects, arrays of objects or record batches`,
  );
}

/** An Arrow table of a program as a table. Throws InputError as readTable does for an Arrow file. */
export async function tableFromArrow<Types extends TypeMap>(
  table: ArrowTable<Types>,
  source = "table",
): Promise<Table> {
  return tableOfBatches(await import("apache-arrow"), source, table.schema, table.batches);
}
