// Reads Parquet.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { Compressors, FileMetaData, ParquetParsers } from "hyparquet";
import { InputError, shown } from "./input-error.js";
import { parquetColumn, type ParquetCell } from "./parquet-column.js";
import { content, type Source } from "./source.js";
import type { Column, Table } from "./table.js";
import { UnpackBudget } from "./unpack-budget.js";
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
  const { parquetMetadata, parquetRead, parquetSchema } = await import("hyparquet"); // only when there is such a file
  const unreadable = (error: unknown): unknown => {
    if (error instanceof InputError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new InputError(
      `${source.path}: not a readable Parquet file: ${reason}; it may be damaged or cut short`,
      { cause: error },
    );
  };
  try {
    const metadata = parquetMetadata(buffer, { geoparquet: false });
    const rows = checkRows(metadata, buffer.byteLength);
    if (rows === 0) throw new InputError(`${source.path}: the table has no rows`);
    const { children } = parquetSchema(metadata);
    const names = children.map(({ element }) => element.name);
    checkNames(source, names);
    const compressors = await unpackers(new UnpackBudget(buffer.byteLength));
    const columns: Column[] = [];
    for (const tree of children) {
      const { name } = tree.element;
      const cells: ParquetCell[] = new Array<ParquetCell>(rows);
      let found = 0;
      await parquetRead({
        file: { byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) },
        metadata,
        columns: [name],
        compressors,
        parsers,
        geoparquet: false,
        onChunk: ({ columnData, rowStart }) => {
          for (let i = 0; i < columnData.length && rowStart + i < rows; i += 1) {
            cells[rowStart + i] = columnData[i] as ParquetCell; // whatever the library has made of it
            found += 1;
          }
        },
      });
      if (found !== rows)
        throw new InputError(
          `${source.path}: column ${shown(name)} has ${found} of ${rows} rows; the file is damaged`,
        );
      columns.push(parquetColumn(source.path, tree, cells));
    }
    return {
      source: source.path,
      rows,
      columns,
      places: { noun: "row", first: 1, numbers: null },
      notes: [],
    };
  } catch (error) {
    throw unreadable(error);
  }
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
