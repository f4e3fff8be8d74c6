// Reads Arrow IPC, as a file (.arrow, Feather V2) or a stream (.arrows).
import { open } from "node:fs/promises";
import type { Data, DataType, RecordBatch, Schema } from "apache-arrow";
import { checkArrow } from "./arrow-check.js";
import {
  forEachValue,
  isNumeric,
  isText,
  isTimes,
  numbers,
  texts,
  times,
  vectors,
  type Arrow,
  type ChunkPlace,
} from "./arrow-values.js";
import { NumberBuilder, TextBuilder } from "../table/columns.js";
import { InputError, shown } from "../table/input-error.js";
import { unpackLz4 } from "./lz4.js";
import { content, contentStream, readError, type Source } from "./source.js";
import type { Column, Table, VectorColumn } from "../table/table.js";
import { timeColumn } from "../table/times.js";
import { UnpackBudget } from "./unpack-budget.js";
import { unpackZstd } from "./zstd.js";

const FILE_MAGIC = "ARROW1";

/**
 * The table of an Arrow IPC file or stream. Null and NaN are missing. Integers, floats and dictionaries of them become
 * numbers; text, truth values, times and dictionaries of them become text; fixed-size lists of numbers become vectors; a
 * column of any other type is kept by name only.
 * Throws InputError that names the file, the row and the column.
 */
export async function readArrow(source: Source): Promise<Table> {
  const bytes = await content(source);
  if (isFile(bytes) && !endsWithMagic(bytes))
    throw new InputError(
      `${source.path}: the Arrow file does not end as it should; it is cut short`,
    );
  const arrow = await import("apache-arrow"); // 0.1 s to load: only when there is such a file
  let table;
  try {
    checkArrow(bytes, isFile(bytes));
    allowPacked(arrow, bytes.length);
    table = arrow.tableFromIPC(bytes);
  } catch (error) {
    throw unreadable(source, error);
  }
  return tableOfBatches(arrow, source.path, table.schema, table.batches);
}

/**
 * The rows of an Arrow IPC file or stream, one record batch at a time, in the columns that `keeps` says yes to.
 * Throws as readArrow does.
 */
export async function* arrowChunks(
  source: Source,
  keeps: (column: string) => boolean,
): AsyncGenerator<Table> {
  if (source.gzip && isFile(source.head))
    throw new InputError(
      `${source.path}: an Arrow file inside gzip cannot be read in parts; unpack it, or save an Arrow stream`,
    );
  const arrow = await import("apache-arrow");
  allowPacked(arrow, source.size);
  const file = isFile(source.head) ? await open(source.path) : null;
  try {
    const reader =
      file === null
        ? await arrow.RecordBatchReader.from(contentStream(source))
        : await arrow.RecordBatchReader.from(file);
    yield* batchTables(arrow, source.path, reader, keeps);
  } catch (error) {
    const known = readError(source.path, error);
    throw known instanceof InputError ? known : unreadable(source, known);
  } finally {
    await file?.close().catch(() => {}); // the library may have closed it
  }
}

/** The tables of record batches, as they come. Throws InputError. */
export async function* batchTables(
  arrow: Arrow,
  name: string,
  batches: AsyncIterable<RecordBatch> | Iterable<RecordBatch>,
  keeps: (column: string) => boolean,
): AsyncGenerator<Table> {
  let first = 0;
  for await (const batch of batches) {
    if (batch.numRows > 0) yield tableOfBatches(arrow, name, batch.schema, [batch], first, keeps);
    first += batch.numRows;
  }
}

/**
 * The table of record batches, in the columns that `keeps` says yes to; `first` rows of the source come before them.
 * Throws InputError that begins with the name of the source.
 */
export function tableOfBatches(
  arrow: Arrow,
  source: string,
  schema: Schema,
  batches: readonly RecordBatch[],
  first = 0,
  keeps: (column: string) => boolean = () => true,
): Table {
  const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  const names = schema.fields.map((field) => field.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(`${source}: two columns are named ${shown(twice)}; rename one`);
  if (names.includes("")) throw new InputError(`${source}: a column has no name; name it`);
  if (names.length === 0 || rows === 0) throw new InputError(`${source}: the table has no rows`);
  const columns = schema.fields.flatMap(({ name, type }, i): Column[] => {
    if (!keeps(name)) return [];
    const chunks = batches
      .map((batch) => batch.data.children[i])
      .filter((data) => data !== undefined);
    try {
      return [readColumn(arrow, source, name, type, chunks, first)];
    } catch (error) {
      throw error instanceof InputError ? error : unreadable({ path: source }, error);
    }
  });
  return {
    source,
    rows,
    columns,
    places: { noun: "row", first: first + 1, numbers: null },
    notes: [],
    typed: true,
  };
}

/** Lets the library unpack buffers, all of a file within one budget. */
function allowPacked(arrow: Arrow, size: number): void {
  const budget = new UnpackBudget(size);
  const { compressionRegistry, CompressionType } = arrow;
  compressionRegistry.set(CompressionType.LZ4_FRAME, {
    decode: (bytes) => unpackLz4(bytes, budget),
  });
  compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => unpackZstd(bytes, budget) });
}

/** Whether a file starts like an Arrow IPC file or stream. */
export function isArrow(head: Uint8Array): boolean {
  const isStream =
    head.length >= 8 &&
    head[0] === 0xff &&
    head[1] === 0xff &&
    head[2] === 0xff &&
    head[3] === 0xff;
  return isFile(head) || isStream;
}

function isFile(bytes: Uint8Array): boolean {
  return textOf(bytes.subarray(0, FILE_MAGIC.length)) === FILE_MAGIC;
}

function endsWithMagic(bytes: Uint8Array): boolean {
  return (
    bytes.length > 2 * FILE_MAGIC.length &&
    textOf(bytes.subarray(-FILE_MAGIC.length)) === FILE_MAGIC
  );
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function unreadable(source: Pick<Source, "path">, error: unknown): InputError {
  const reason = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  return new InputError(
    `${source.path}: not a readable Arrow file: ${reason}; it may be damaged or cut short`,
    options,
  );
}

function readColumn(
  arrow: Arrow,
  source: string,
  name: string,
  type: DataType,
  chunks: readonly Data[],
  before: number,
): Column {
  let firstRow = before + 1;
  const places = chunks.map((chunk): ChunkPlace => {
    const place = { source, column: name, firstRow };
    firstRow += chunk.length;
    return place;
  });
  const each = (read: (chunk: Data, place: ChunkPlace) => void): void =>
    chunks.forEach((chunk, i) => read(chunk, places[i] ?? { source, column: name, firstRow: 1 }));

  const valueType: DataType = arrow.DataType.isDictionary(type) ? type.dictionary : type;
  if (isNumeric(arrow, valueType)) {
    const builder = new NumberBuilder();
    each((chunk, place) =>
      forEachValue(arrow, chunk, place, numbers, (value) => builder.push(value)),
    );
    return builder.build(name);
  }
  if (isTimes(arrow, valueType)) {
    const builder = new NumberBuilder();
    each((chunk, place) =>
      forEachValue(arrow, chunk, place, times, (value) => builder.push(value)),
    );
    return timeColumn(builder.build(name));
  }
  if (isText(arrow, valueType)) {
    const builder = new TextBuilder();
    each((chunk, place) =>
      forEachValue(arrow, chunk, place, texts, (value) => builder.push(value)),
    );
    return builder.build(name);
  }
  if (arrow.DataType.isFixedSizeList(type) && isNumeric(arrow, type.valueType)) {
    const width = type.listSize;
    const parts: (Uint8Array | Float32Array)[] = [];
    each((chunk, place) => parts.push(vectors(chunk, width, place)));
    return concatenate(name, width, parts);
  }
  return { kind: "opaque", name, type: arrow.Type[type.typeId] };
}

function concatenate(
  name: string,
  width: number,
  parts: readonly (Uint8Array | Float32Array)[],
): VectorColumn {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const values = parts[0] instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return { kind: "vector", name, shape: [width], width, values };
}
