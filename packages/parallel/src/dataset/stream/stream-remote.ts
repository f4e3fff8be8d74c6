// A streamed dataset as data: what another thread needs to read the same rows from files.
import { encode } from "../encode/encode.js";
import { columnTypes, type Encoding } from "../encode/encoding.js";
import { InputError } from "../table/input-error.js";
import type { DatasetStream } from "./stream.js";
import { emptyForm, encodedColumns } from "./stream-form.js";
import { heldBefore, trainingRows } from "./stream-split.js";
import { conform, typesOfSchema, type StreamSchema } from "./stream-schema.js";
import { sourceOfFiles, type CountedFile, type TableSource } from "./stream-source.js";

/** How rows of a source become a dataset. */
export interface StreamRecipe {
  /** Null for a source that can be read once only: its chunks are taken as they are. */
  readonly schema: StreamSchema | null;
  readonly encoding: Encoding;
  /** Rows that are not trained on, ascending. */
  readonly held: Int32Array;
  readonly rows: number; // of an epoch
}

/** The same with files to read; it crosses threads. */
export interface RemoteStream {
  readonly name: string;
  readonly files: readonly CountedFile[];
  readonly recipe: StreamRecipe;
}

/** The dataset of some rows of a source. */
export function datasetStream(source: TableSource, recipe: StreamRecipe): DatasetStream {
  const { schema, encoding, held, rows } = recipe;
  const { name, once, files } = source;
  const columns = encodedColumns(encoding);
  const kept = schema?.columns.filter((column) => columns.includes(column.name)) ?? null;
  const types = schema === null ? columnTypes(encoding) : typesOfSchema(schema);
  const sourceRow = (row: number): number => rowBeyond(held, row);
  return {
    name,
    rows,
    form: emptyForm(encoding),
    once,
    sourceRow,
    chunks: async function* chunks(first) {
      if (once && first > 0)
        throw new InputError(`${name} can be read once only, from its first row`);
      const from = sourceRow(first);
      for await (const { table, first: at } of source.chunks({ types, columns, from })) {
        const wanted = trainingRows(at, table.rows, held, from);
        if (wanted.length > 0)
          yield encode(encoding, kept === null ? table : conform(table, kept), wanted);
      }
    },
    ...(files !== undefined && { remote: { name, files, recipe } }),
  };
}

/** The dataset that another thread has described. */
export function openRemote({ name, files, recipe }: RemoteStream): DatasetStream {
  return datasetStream(sourceOfFiles(name, files), recipe);
}

/** The number in the source of training row `row`, counted without the rows that are held out. */
function rowBeyond(held: Int32Array, row: number): number {
  // Each round counts the held rows up to where the last one came to.
  for (let at = row; ;) {
    const next = row + heldBefore(held, at + 1);
    if (next === at) return at;
    at = next;
  }
}
