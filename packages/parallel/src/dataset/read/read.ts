// Reads a table from one file or several, whatever format their first bytes say they have.
import { concatenate, mixedColumns } from "../table/concatenate.js";
import { filesNamed } from "./glob.js";
import { InputError } from "../table/input-error.js";
import { isArrow, readArrow } from "./read-arrow.js";
import type { CsvOptions } from "./read-csv.js";
import { isIdx, labelsBeside, readIdx } from "./read-idx.js";
import { isNpy, isNpz, readNpy, readNpz } from "./read-npy.js";
import { isParquet, readParquet } from "./read-parquet.js";
import { openSource, type Source } from "./source.js";
import type { Table } from "../table/table.js";

/** Options of readTable; `types` concern CSV, TSV and JSON lines, the others CSV and TSV. */
export type ReadOptions = CsvOptions;

/** Formats that are often given and not read, by their first bytes. */
const otherFormats: readonly (readonly [magic: string, name: string, remedy: string])[] = [
  ["FEA1", "a Feather V1 file", "save it as Feather V2 or CSV"],
  ["PK\u0003\u0004", "a zip archive or an Excel file", "save the table in it as CSV"],
  ["(\u00b5/\u00fd", "a file packed by zstd", "unpack it, or pack it with gzip"],
  ["BZh", "a file packed by bzip2", "unpack it, or pack it with gzip"],
  ["\u00fd7zXZ", "a file packed by xz", "unpack it, or pack it with gzip"],
  ["\u0089HDF", "an HDF5 file", "save it as CSV or Arrow"],
  ["SQLite", "an SQLite database", "save the table in it as CSV"],
  ["%PDF", "a PDF", "save the table in it as CSV"],
];

/**
 * Reads a table: CSV, TSV, JSON lines, Parquet, Arrow IPC (file or stream), NumPy (.npy, .npz) or IDX (MNIST), plain or gzip;
 * the content decides, not the name, but for CSV, TSV and JSON lines. "-" is standard input. Several files, or a pattern
 * such as `part-*.csv` or `{a,b}.csv`, give the rows of all of them.
 * Throws InputError, one line with the place, the value and the remedy, for anything that cannot be read.
 */
export async function readTable(
  path: string | readonly string[],
  options: ReadOptions = {},
): Promise<Table> {
  const names = typeof path === "string" ? [path] : path;
  const files = (await Promise.all(names.map((name) => filesNamed(name)))).flat();
  const [only] = files;
  if (only === undefined) throw new InputError("readTable: no files; name at least one");
  if (files.length === 1) return readFile(only, options);
  const readAll = async (types: ReadOptions["types"]): Promise<Table[]> => {
    const tables: Table[] = [];
    for (const file of files) tables.push(await readFile(file, { ...options, types }));
    return tables;
  };
  const tables = await readAll(options.types);
  const mixed = mixedColumns(tables);
  const asText = Object.fromEntries(mixed.map((name) => [name, "text"] as const));
  return concatenate(
    names.join(", "),
    mixed.length === 0 ? tables : await readAll({ ...asText, ...options.types }),
  );
}

async function readFile(path: string, options: ReadOptions): Promise<Table> {
  const source = await openSource(path);
  switch (formatOf(source)) {
    case "arrow":
      return readArrow(source);
    case "parquet":
      return readParquet(source);
    case "npy":
      return readNpy(source);
    case "npz":
      return readNpz(source);
    case "IDX":
      return readIdx(source);
    case "jsonl":
      return (await import("./read-jsonl.js")).readJsonl(source, options);
    case "csv":
      return (await import("./read-csv.js")).readCsv(source, options);
  }
}

/** What a file is by its first bytes and, for text, its name. Throws InputError for what is not read. */
export function formatOf({
  path,
  head,
}: Source): "arrow" | "parquet" | "npy" | "npz" | "IDX" | "jsonl" | "csv" {
  if (isArrow(head)) return "arrow";
  if (isParquet(head)) return "parquet";
  if (isNpy(head)) return "npy";
  if (isNpz(head)) return "npz";
  if (isIdx(head)) return "IDX";
  const start = String.fromCharCode(...head.subarray(0, 8));
  const other = otherFormats.find(([magic]) => start.startsWith(magic));
  if (other !== undefined)
    throw new InputError(`${path}: this is ${other[1]}, which is not read; ${other[2]}`);
  if (/\.(?:jsonl|ndjson)(?:\.gz)?$/i.test(path) || /^\ufeff?\s*\{\s*["}]/.test(textOf(head)))
    return "jsonl";
  if (/\.json(?:\.gz)?$/i.test(path))
    throw new InputError(
      `${path}: JSON other than one object a line is not read; save it as JSON lines or CSV`,
    );
  return "csv";
}

function textOf(head: Uint8Array): string {
  return new TextDecoder().decode(head.subarray(0, 64));
}

/** The files that readTable reads for a path: those that it names, and for IDX images that of their labels. Throws InputError. */
export async function tableFiles(path: string): Promise<readonly string[]> {
  const files = await Promise.all(
    (await filesNamed(path)).map(async (file) => {
      const source = await openSource(file);
      const labels = isIdx(source.head) ? await labelsBeside(source) : null;
      return labels === null ? [file] : [file, labels.path];
    }),
  );
  return files.flat();
}
