// Reads Arrow IPC, as a file (.arrow, Feather V2) or a stream (.arrows).
import type { Data, DataType } from "apache-arrow";
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
import { NumberBuilder, TextBuilder } from "./columns.js";
import { InputError, shown } from "./input-error.js";
import { unpackLz4 } from "./lz4.js";
import { content, type Source } from "./source.js";
import type { Column, Table, VectorColumn } from "./table.js";
import { timeColumn } from "./times.js";
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
  const rows = table.numRows;
  const names = table.schema.fields.map((field) => field.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(`${source.path}: two columns are named ${shown(twice)}; rename one`);
  if (names.includes("")) throw new InputError(`${source.path}: a column has no name; name it`);
  if (names.length === 0 || rows === 0)
    throw new InputError(`${source.path}: the table has no rows`);
  const columns = table.schema.fields.map(({ name, type }, i): Column => {
    const chunks = table.batches
      .map((batch) => batch.data.children[i])
      .filter((data) => data !== undefined);
    try {
      return readColumn(arrow, source.path, name, type, chunks);
    } catch (error) {
      throw error instanceof InputError ? error : unreadable(source, error);
    }
  });
  return {
    source: source.path,
    rows,
    columns,
    places: { noun: "row", first: 1, numbers: null },
    notes: [],
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

function unreadable(source: Source, error: unknown): InputError {
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
): Column {
  let firstRow = 1;
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
