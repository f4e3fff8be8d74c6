// Reads Parquet.
import { open as openFile } from "node:fs/promises";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type {
  AsyncBuffer,
  ColumnMetaData,
  Compressors,
  FileMetaData,
  ParquetParsers,
  SchemaElement,
  SchemaTree,
} from "hyparquet";
import { InputError, shown } from "../table/input-error.js";
import { parquetColumn, type ParquetCell, type ParquetCells } from "./parquet-column.js";
import { checkPages, columnForm } from "./parquet-pages.js";
import { content, readError, type Source } from "./source.js";
import type { Column, Table } from "../table/table.js";
import { UnpackBudget } from "./unpack-budget.js";
import { unpackOnce } from "./unpack-once.js";
import { unpackZstd } from "./zstd.js";

/** Cells of a table that are never too many; beyond them a file holds a byte for every so many cells. */
const FREE_CELLS = 2 ** 25;
const CELLS_PER_BYTE = 100;

/** Whether a file starts like Parquet. */
export function isParquet(head: Uint8Array): boolean {
  return String.fromCharCode(...head.subarray(0, 4)) === "PAR1";
}

/**
 * The table of a Parquet file, plain or packed in any of the format's ways. Null and NaN are missing. Integers, floats and
 * decimals become numbers; text, truth values and times become text; lists of as many numbers in every row become vectors;
 * a column of any other type is kept by name only. Throws InputError that names the file, the row and the column.
 */
export async function readParquet(source: Source): Promise<Table> {
  const { buffer } = await content(source);
  try {
    const parquet = await open(source, {
      byteLength: buffer.byteLength,
      slice: (start, end) => buffer.slice(start, end),
    });
    return await parquet.read(0, parquet.rows, () => true);
  } catch (error) {
    throw unreadable(source, error);
  }
}

/** Some rows of a file, and the number of the first among all. */
export interface ParquetChunk {
  readonly table: Table;
  readonly first: number; // from 0
}

/**
 * The rows of a Parquet file, one row group at a time, from the group that holds row `from` on, in the columns that
 * `keeps` says yes to. Reads no more of the file than that. Throws as readParquet does.
 */
export async function* parquetChunks(
  source: Source,
  from: number,
  keeps: (column: string) => boolean,
): AsyncGenerator<ParquetChunk> {
  if (source.gzip)
    throw new InputError(
      `${source.path}: a Parquet file inside gzip cannot be read in parts; unpack it`,
    );
  const file = await openFile(source.path);
  try {
    const parquet = await open(source, {
      byteLength: source.size,
      slice: async (start, end = source.size) => {
        const bytes = new Uint8Array(end - start);
        await file.read(bytes, 0, bytes.length, start);
        return bytes.buffer;
      },
    });
    let first = 0;
    for (const rows of parquet.groups) {
      if (first + rows > from)
        yield { table: await parquet.read(first, first + rows, keeps), first };
      first += rows;
    }
  } catch (error) {
    throw unreadable(source, readError(source.path, error));
  } finally {
    await file.close();
  }
}

function unreadable(source: Source, error: unknown): unknown {
  if (error instanceof InputError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new InputError(
    `${source.path}: not a readable Parquet file: ${reason}; it may be damaged or cut short`,
    { cause: error },
  );
}

/** A file whose schema is known. */
interface OpenParquet {
  readonly rows: number;
  readonly groups: readonly number[]; // rows of each
  /** Rows [first, end) in some columns. */
  read(first: number, end: number, keeps: (column: string) => boolean): Promise<Table>;
}

async function open(source: Source, file: AsyncBuffer): Promise<OpenParquet> {
  const { parquetMetadataAsync, parquetRead, parquetSchema } = await import("hyparquet"); // only when there is such a file
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  const rows = checkRows(metadata, file.byteLength);
  if (rows === 0) throw new InputError(`${source.path}: the table has no rows`);
  const { children } = parquetSchema(metadata);
  checkNames(
    source,
    children.map(({ element }) => element.name),
  );
  const unpacked = unpackOnce(await unpackers(new UnpackBudget(file.byteLength)));
  /** Looks at the pages of a column that hold rows [first, end). */
  const checkColumn = async (tree: SchemaTree, first: number, end: number): Promise<void> => {
    let row = 0;
    for (const { num_rows: count, columns } of metadata.row_groups) {
      const inside = row < end && row + Number(count) > first;
      row += Number(count);
      if (!inside) continue;
      for (const { meta_data: chunk } of columns) {
        if (chunk?.path_in_schema[0] !== tree.element.name) continue;
        const { start, size } = placeOfChunk(chunk, file.byteLength);
        const bytes = new Uint8Array(await file.slice(start, start + size));
        const form = columnForm(chunk, elementsOf(tree, chunk.path_in_schema));
        checkPages(bytes, Number(chunk.num_values), form, unpacked.first);
      }
    }
  };
  const cellsOf = async (tree: SchemaTree, first: number, end: number): Promise<ParquetCells> => {
    await checkColumn(tree, first, end);
    const { name } = tree.element;
    let cells: ParquetCell[] = [];
    let whole: ParquetCells | null = null;
    let found = 0;
    await parquetRead({
      file,
      metadata,
      columns: [name],
      rowStart: first,
      rowEnd: end,
      compressors: unpacked.again,
      parsers,
      geoparquet: false,
      onChunk: ({ columnData, rowStart }) => {
        // A chunk may begin before the rows asked for and end behind them.
        const [from, to] = [Math.max(rowStart, first), Math.min(rowStart + columnData.length, end)];
        const data = columnData as ParquetCells; // whatever the library has made of it
        found += Math.max(to - from, 0);
        if (rowStart === first && data.length === end - first) whole = data;
        else {
          if (cells.length === 0) cells = new Array<ParquetCell>(end - first);
          for (let row = from; row < to; row += 1) cells[row - first] = data[row - rowStart];
        }
      },
    });
    unpacked.forget();
    if (found !== end - first)
      throw new InputError(
        `${source.path}: column ${shown(name)} has ${found} of ${end - first} rows; the file is damaged`,
      );
    return whole ?? cells;
  };
  return {
    rows,
    groups: metadata.row_groups.map(({ num_rows: count }) => Number(count)),
    read: async (first, end, keeps) => {
      const columns: Column[] = [];
      for (const tree of children)
        if (keeps(tree.element.name))
          columns.push(
            parquetColumn(source.path, tree, await cellsOf(tree, first, end), first + 1),
          );
      return {
        source: source.path,
        rows: end - first,
        columns,
        places: { noun: "row", first: first + 1, numbers: null },
        notes: [],
        typed: true,
      };
    },
  };
}

/** The rows that the metadata claim, which must agree with one another and be possible. */
function checkRows({ num_rows, row_groups, schema }: FileMetaData, bytes: number): number {
  const rows = Number(num_rows);
  const sum = row_groups.reduce((total, group) => total + Number(group.num_rows), 0);
  if (rows !== sum || rows < 0)
    throw new RangeError(`${rows} rows in all, and ${sum} in its groups`);
  if (rows * schema.length > Math.max(FREE_CELLS, CELLS_PER_BYTE * bytes))
    throw new RangeError(`${rows} rows in ${bytes} bytes`);
  for (const { columns } of row_groups)
    for (const { meta_data } of columns)
      if (meta_data !== undefined && Number(meta_data.num_values) > 1024 * rows)
        throw new RangeError(`${meta_data.num_values} values of a column in ${rows} rows`);
  return rows;
}

/** Where the pages of a column in a row group lie, as the library reads them. */
function placeOfChunk(
  {
    dictionary_page_offset: dictionary,
    data_page_offset: data,
    total_compressed_size,
  }: ColumnMetaData,
  bytes: number,
): { start: number; size: number } {
  const [first, size] = [Number(data), Number(total_compressed_size)];
  const start =
    dictionary === undefined || !dictionary ? first : Math.min(Number(dictionary), first);
  if (!(start >= 0 && size >= 0 && start + size <= bytes))
    throw new RangeError(`pages at ${start} to ${start + size} in a file of ${bytes} bytes`);
  return { start, size };
}

/** The schema's elements along a path below its first name. */
function elementsOf(tree: SchemaTree, path: readonly string[]): SchemaElement[] {
  const elements = [tree.element];
  let at: SchemaTree | undefined = tree;
  for (const name of path.slice(1)) {
    at = at?.children.find(({ element }) => element.name === name);
    if (at === undefined) throw new RangeError(`column ${path.join(".")} is not in the schema`);
    elements.push(at.element);
  }
  return elements;
}

function checkNames(source: Source, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(`${source.path}: two columns are named ${shown(twice)}; rename one`);
  if (names.includes("")) throw new InputError(`${source.path}: a column has no name; name it`);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Times become milliseconds, cut to whole ones towards −∞; text must be UTF-8. */
const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (time) => milliseconds(time, 1n),
  timestampFromMicroseconds: (time) => milliseconds(time, 1000n),
  timestampFromNanoseconds: (time) => milliseconds(time, 1_000_000n),
  dateFromDays: (days: number | undefined) => (days === undefined ? null : days * 86_400_000),
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && utf8.decode(bytes),
  jsonFromBytes: () => null,
};

function milliseconds(time: bigint | undefined, divisor: bigint): number | null {
  if (time === undefined) return null;
  const quotient = time / divisor;
  return Number(time < 0n && quotient * divisor !== time ? quotient - 1n : quotient);
}

/** What unpacks pages, all of them within one budget. */
async function unpackers(budget: UnpackBudget): Promise<Compressors> {
  const { decompressLz4, decompressLz4Raw, decompressSnappy } =
    await import("hyparquet-compressors");
  return {
    SNAPPY: (packed, length) => {
      budget.take(length);
      return decompressSnappy(packed, length);
    },
    GZIP: (packed, length) => {
      budget.take(length);
      return gunzipSync(packed, { maxOutputLength: Math.max(length, 1) });
    },
    BROTLI: (packed, length) => {
      budget.take(length);
      return brotliDecompressSync(packed, { maxOutputLength: Math.max(length, 1) });
    },
    ZSTD: (packed) => unpackZstd(packed, budget),
    LZ4: (packed, length) => {
      budget.take(length);
      return decompressLz4(packed, length);
    },
    LZ4_RAW: (packed, length) => {
      budget.take(length);
      return decompressLz4Raw(packed, length);
    },
  };
}
