// sha256 of what goes into a run: files, row numbers, settings.
import { createHash } from "node:crypto";
import { QUERY, storedBytes, type Table } from "@shardgrad/parallel";
import type { AnyOptionTable } from "./options/option.js";
import { UsageError } from "./usage-error.js";

/** A file as it was when the run read it. */
export interface FileFingerprint {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads the files once more, in pieces. */
export async function fingerprintFiles(
  paths: readonly string[],
): Promise<readonly FileFingerprint[]> {
  return Promise.all(paths.map((path) => fingerprintFile(path)));
}

async function fingerprintFile(path: string): Promise<FileFingerprint> {
  try {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of storedBytes(path)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { path, bytes, sha256: hash.digest("hex") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(
      `${path}: could be read a moment ago and cannot any more (${code}); bring it back, then begin again`,
    );
  }
}

/** Of a query and the values of its result, in the order of its rows. */
export function fingerprintQuery(sql: string, { columns }: Table): FileFingerprint {
  const hash = createHash("sha256").update(JSON.stringify(sql));
  let bytes = 0;
  const add = (values: Uint8Array | Int32Array | Float32Array | Float64Array): void => {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    bytes += values.byteLength;
  };
  for (const column of columns) {
    hash.update(JSON.stringify([column.kind, column.name]));
    if (column.kind === "opaque") continue;
    if (column.kind === "text") {
      hash.update(JSON.stringify(column.values));
      add(column.codes);
    } else add(column.values);
    if (column.kind === "number" && column.valid) add(column.valid);
  }
  return { path: QUERY, bytes, sha256: hash.digest("hex") };
}

/** Of row numbers, each as a little-endian i32. */
export function fingerprintRows(rows: Int32Array): string {
  return createHash("sha256").update(littleEndian(rows)).digest("hex");
}

/** The same of the first `count` numbers of a list that is too long for the memory. */
export function fingerprintRowsOf(count: number, numberAt: (i: number) => number): string {
  const hash = createHash("sha256");
  const piece = 65_536;
  for (let first = 0; first < count; first += piece)
    hash.update(
      littleEndian(
        Int32Array.from({ length: Math.min(piece, count - first) }, (_, i) => numberAt(first + i)),
      ),
    );
  return hash.digest("hex");
}

function littleEndian(rows: Int32Array): DataView {
  const bytes = new DataView(new ArrayBuffer(rows.length * 4));
  rows.forEach((row, i) => bytes.setInt32(i * 4, row, true));
  return bytes;
}

/** Of the settings that the weights depend on, but for the files, which have fingerprints of their own. */
export function fingerprintSettings(settings: object, table: AnyOptionTable): string {
  return createHash("sha256")
    .update(JSON.stringify(resultEntries(settings, table)))
    .digest("hex");
}

/** The settings that the weights depend on, but for paths, as [key, value] in the table's order. */
export function resultEntries(
  settings: object,
  table: AnyOptionTable,
): readonly (readonly [key: string, value: unknown])[] {
  return Object.entries(table).flatMap(([key, option]) => {
    const value: unknown = Reflect.get(settings, key);
    const isPath = value !== undefined && option.kind.isPath?.(value) === true;
    return option.scope !== "result" || value === undefined || isPath
      ? []
      : [[key, value] as const];
  });
}
