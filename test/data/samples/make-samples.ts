// Writes the sample files beside it with other programs than those that read them: DuckDB's Parquet writer, and the
// Zstandard library around Arrow's buffers. They are committed; run it again when rows.ts changes:
//   npm install --no-save --prefix /tmp/samples @duckdb/node-api @bokuweb/zstd-wasm
//   NODE_PATH=/tmp/samples/node_modules node test/data/samples/make-samples.ts   (Node 24, which reads TypeScript)
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { compressionRegistry, CompressionType, tableToIPC } from "apache-arrow";
import { arrowTable } from "./arrow.ts";
import { columns, ROWS, sqlTypes } from "./rows.ts";

const require = createRequire(import.meta.url);
// As much of the two as is used; they are no dependencies.
const { DuckDBInstance } = require("@duckdb/node-api") as {
  DuckDBInstance: {
    create(path: string): Promise<{ connect(): Promise<{ run(sql: string): Promise<unknown> }> }>;
  };
};
const zstd = require("@bokuweb/zstd-wasm") as {
  init(): Promise<void>;
  compress(bytes: Uint8Array, level: number): Uint8Array;
};

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const connection = await (await DuckDBInstance.create(":memory:")).connect();
const rows = Array.from({ length: ROWS }, (_, i) =>
  JSON.stringify(
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]])),
  ),
);
const source = path("rows.jsonl");
writeFileSync(source, rows.join("\n"));
const selected = Object.entries(sqlTypes).map(
  ([name, type]) => `CAST(${name} AS ${type}) AS ${name}`,
);
const jsonType = (name: string): string => {
  if (name === "floats" || name === "bytes") return "DOUBLE[]";
  if (/int64/.test(name)) return "BIGINT";
  return /int|^float|^decimal|^y/.test(name) ? "DOUBLE" : "VARCHAR";
};
const types = Object.keys(sqlTypes).map((name) => `${name}: '${jsonType(name)}'`);
const read = `read_json('${source}', format = 'newline_delimited', columns = {${types.join(", ")}})`;
for (const codec of ["uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"])
  await connection.run(
    `COPY (SELECT ${selected.join(", ")} FROM ${read}) TO '${path(`${codec}.parquet`)}' (FORMAT parquet, CODEC '${codec}')`,
  );
rmSync(source);

await zstd.init();
compressionRegistry.set(CompressionType.ZSTD, {
  encode: (bytes) => zstd.compress(bytes, 9),
});
writeFileSync(path("zstd.arrow"), tableToIPC(arrowTable(), "file", CompressionType.ZSTD));
writeFileSync(path("zstd.arrows"), tableToIPC(arrowTable(), "stream", CompressionType.ZSTD));
