// Reads a table from a file, whatever format its first bytes say it has.
import { InputError } from "./input-error.js";
import { isArrow, readArrow } from "./read-arrow.js";
import type { CsvOptions } from "./read-csv.js";
import { isIdx, labelsBeside, readIdx } from "./read-idx.js";
import { openSource } from "./source.js";
import type { Table } from "./table.js";

/** Options of readTable; each concerns CSV and TSV only. */
export type ReadOptions = CsvOptions;

/** Formats that are often given and not read, by their first bytes. */
const otherFormats: readonly (readonly [magic: string, name: string, remedy: string])[] = [
  ["PAR1", "a Parquet file", "save it as CSV or uncompressed Arrow"],
  ["FEA1", "a Feather V1 file", "save it as Feather V2 or CSV"],
  ["PK\u0003\u0004", "a zip archive or an Excel file", "save the table in it as CSV"],
  ["\u0093NUMPY", "a NumPy file", "save it as CSV or Arrow"],
  ["\u0089HDF", "an HDF5 file", "save it as CSV or Arrow"],
  ["SQLite", "an SQLite database", "save the table in it as CSV"],
  ["%PDF", "a PDF", "save the table in it as CSV"],
];

/**
 * Reads a table: CSV, TSV, Arrow IPC (file or stream) or IDX (MNIST), plain or gzip; the content decides, not the name.
 * Throws InputError, one line with the place, the value and the remedy, for anything that cannot be read.
 */
export async function readTable(path: string, options: ReadOptions = {}): Promise<Table> {
  const source = await openSource(path);
  if (isArrow(source.head)) return readArrow(source);
  if (isIdx(source.head)) return readIdx(source);
  const start = String.fromCharCode(...source.head.subarray(0, 8));
  const other = otherFormats.find(([magic]) => start.startsWith(magic));
  if (other !== undefined)
    throw new InputError(`${path}: this is ${other[1]}, which is not read; ${other[2]}`);
  if (/\.(?:jsonl?|ndjson)(?:\.gz)?$/i.test(path))
    throw new InputError(`${path}: JSON is not read; save it as CSV or Arrow`);
  const { readCsv } = await import("./read-csv.js"); // the parser takes 10 ms to load
  return readCsv(source, options);
}

/** The files that readTable reads for a path: the file itself, and for IDX images that of their labels. Throws InputError. */
export async function tableFiles(path: string): Promise<readonly string[]> {
  const source = await openSource(path);
  const labels = isIdx(source.head) ? await labelsBeside(source) : null;
  return labels === null ? [path] : [path, labels.path];
}
