// Tables of a file's rows, some at a time: what is read of a file that need not fit into memory.
import { InputError } from "../table/input-error.js";
import { arrowChunks } from "./read-arrow.js";
import { parquetChunks } from "./read-parquet.js";
import { formatOf } from "./read.js";
import { openSource, STDIN } from "./source.js";
import type { Table } from "../table/table.js";

/** Rows of a text file that are read together. */
const TEXT_ROWS = 4096;

/** Some consecutive rows of a source. */
export interface TableChunk {
  readonly table: Table;
  readonly first: number; // the number of its first row, from 0
}

/** Which part of a source is read, and how. */
export interface ChunkOptions {
  /** Types of columns of text formats. */
  readonly types: Readonly<Record<string, "number" | "text">>;
  /** The columns that are needed; null: all. */
  readonly columns: readonly string[] | null;
  /** Rows before this one are not needed; a chunk may hold some of them. */
  readonly from: number;
}

/**
 * The rows of a file in chunks: CSV, TSV and JSON lines some thousands at a time, Parquet by row groups, Arrow by record
 * batches; plain or, but for Parquet and Arrow files, gzip.
 * Throws InputError, one line with the place, the value and the remedy.
 */
export async function* fileChunks(
  path: string,
  { types, columns, from }: ChunkOptions,
): AsyncGenerator<TableChunk> {
  if (path === STDIN)
    throw new InputError(
      `standard input can be read once only, and training by streaming reads its data several times; save it to a file`,
    );
  const source = await openSource(path);
  const wanted = columns === null ? null : new Set(columns);
  const keeps = (name: string): boolean => wanted?.has(name) ?? true;
  const format = formatOf(source);
  switch (format) {
    case "parquet":
      return yield* parquetChunks(source, from, keeps);
    case "arrow":
      return yield* counted(arrowChunks(source, keeps));
    case "jsonl": {
      const { jsonlChunks } = await import("./read-jsonl.js");
      return yield* counted(jsonlChunks(source, { types }, TEXT_ROWS));
    }
    case "csv": {
      const { csvChunks } = await import("./read-csv.js");
      return yield* counted(csvChunks(source, { types }, TEXT_ROWS, keeps));
    }
    default:
      throw new InputError(
        `${path}: ${format} files cannot be read in parts; train without streaming, or save it as CSV, JSON lines, Arrow or Parquet`,
      );
  }
}

/** Tables of rows that follow one another, with the number of the first row of each. */
export async function* counted(tables: AsyncIterable<Table>): AsyncGenerator<TableChunk> {
  let first = 0;
  for await (const table of tables) {
    yield { table, first };
    first += table.rows;
  }
}
