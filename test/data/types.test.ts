// Every format × compression × type of column: the same values give the same tensors to the bit.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import {
  allRows,
  columnOf,
  denseFeatures,
  encode,
  fitEncoding,
  readTable,
  tableFromRecords,
  type Cell,
  type Table,
  type TableRecord,
} from "@shardgrad/parallel";
import { compressionRegistry, CompressionType, tableToIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { packLz4 } from "./packers.js";
import { arrowTable } from "./samples/arrow.ts";
import { columns, ROWS } from "./samples/rows.ts";
import { temporaryFiles } from "./support.js";

const { file } = temporaryFiles();
type Name = keyof typeof columns;
const names = Object.keys(columns) as Name[];
const lists: readonly Name[] = ["floats", "bytes"];

/** The rows as a program has them. */
const records = Array.from({ length: ROWS }, (_, i): TableRecord =>
  Object.fromEntries(
    names.map((name): [string, Cell] => {
      const value = columns[name][i];
      return [name, name === "bytes" ? Uint8Array.from(value as readonly number[]) : value];
    }),
  ),
);

/** The features of one column, and what was learnt for them, as a hash. */
function tensor(table: Table, name: Name): string {
  const encoding = fitEncoding(table, allRows(table), { target: "y", features: [name] });
  const hash = createHash("sha256").update(denseFeatures(encode(encoding, table)));
  return hash.update(JSON.stringify(encoding.features)).digest("hex");
}

const expected = tableFromRecords(records);

function csv(separator: string): string {
  const singles = names.filter((name) => !lists.includes(name));
  const quoted = (value: string | number | null): string => {
    const text = String(value ?? "");
    return /[",\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = records.map((_, i) =>
    singles.map((name) => quoted(columns[name][i] as string | number | null)).join(separator),
  );
  return [singles.join(separator), ...lines].join("\r\n");
}

// Without bytes: an array of its numbers is a vector of floats.
const jsonl = records
  .map((_, i) =>
    Object.fromEntries(
      names.filter((name) => name !== "bytes").map((name) => [name, columns[name][i]]),
    ),
  )
  .map((row) => JSON.stringify(row))
  .join("\n");

function packedArrow(form: "file" | "stream"): Uint8Array {
  compressionRegistry.set(CompressionType.LZ4_FRAME, { encode: packLz4 });
  return tableToIPC(arrowTable(), form, CompressionType.LZ4_FRAME);
}

const sample = (name: string): Uint8Array =>
  readFileSync(new URL(`samples/${name}`, import.meta.url));

/** Formats: the content of a file, and the columns that it cannot hold. */
const formats: readonly (readonly [string, () => string | Uint8Array, readonly Name[]])[] = [
  ["t.csv", () => csv(","), lists],
  ["t.tsv", () => csv("\t"), lists],
  ["t.csv.gz", () => gzipSync(csv(",")), lists],
  ["bom.csv", () => `\ufeff${csv(",")}`, lists],
  ["t.jsonl", () => jsonl, ["bytes"]],
  ["t.jsonl.gz", () => gzipSync(jsonl), ["bytes"]],
  ["t.arrow", () => tableToIPC(arrowTable(), "file"), ["decimal"]],
  ["t.arrows", () => tableToIPC(arrowTable(), "stream"), ["decimal"]],
  ["t.arrow.gz", () => gzipSync(tableToIPC(arrowTable(), "file")), ["decimal"]],
  ["lz4.arrow", () => packedArrow("file"), ["decimal"]],
  ["lz4.arrows", () => packedArrow("stream"), ["decimal"]],
  ["zstd.arrow", () => sample("zstd.arrow"), ["decimal"]],
  ["zstd.arrows", () => sample("zstd.arrows"), ["decimal"]],
  ...["uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"].map(
    (codec) => [`${codec}.parquet`, () => sample(`${codec}.parquet`), ["float16"]] as const,
  ),
  ["t.parquet.gz", () => gzipSync(sample("zstd.parquet")), ["float16"]],
];

describe.each(formats)("%s", (name, content, without) => {
  it("gives every column the tensor of the same values in a program", async () => {
    const table = await readTable(file(name, content()));
    const held = names.filter((column) => !without.includes(column));
    expect(table.columns.map((column) => column.name).sort()).toEqual([...held].sort());
    const features = held.filter((column) => column !== "y");
    const other = features.filter((column) => tensor(table, column) !== tensor(expected, column));
    expect(other).toEqual([]);
    expect(columnOf(table, "y")).toEqual(columnOf(expected, "y"));
  });
});

it("every column but the lists and the target has missing values, which are not the zeros of their buffers", () => {
  for (const name of names.filter((column) => !lists.includes(column) && column !== "y")) {
    const column = columnOf(expected, name);
    const missing =
      column.kind === "number"
        ? column.valid?.includes(0)
        : (column as { codes: Int32Array }).codes.includes(-1);
    expect(missing, name).toBe(true);
    const filled = tableFromRecords(
      records.map((row) => ({ ...row, [name]: row[name] ?? (column.kind === "number" ? 0 : "0") })),
    );
    expect(tensor(filled, name), name).not.toBe(tensor(expected, name));
  }
});
