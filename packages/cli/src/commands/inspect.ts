// shardgrad inspect: what is in a table, a model file or a run folder.
import { open, stat } from "node:fs/promises";
import { lintTable, loadModel } from "@shardgrad/parallel";
import { inspectOptions } from "../options/use.js";
import { describeModel, formatModel } from "../report/model-summary.js";
import { formatSummary, summarise } from "../report/table-summary.js";
import { readManifest } from "../run-folder.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { readPlace } from "../table-source.js";
import { UsageError } from "../usage-error.js";
import type { CommandResult } from "./run.js";

/** Prints a summary as text, or as one JSON object. */
export async function inspect(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(inspectOptions, flags, process.env, null);
  const { file, sql, types, json } = settings;
  if (file === undefined && sql === undefined)
    throw new UsageError(
      "FILE: nothing to look at; give a table, a model file or a run folder, or --sql",
    );
  if (file !== undefined && sql === undefined && (await inspectModel(file, json))) return 0;
  const table = await readPlace({ data: file, sql }, { types });
  const columns = summarise(table);
  const notes = [...table.notes, ...lintTable(table)];
  print(json, { source: table.source, rows: table.rows, columns, notes }, () =>
    [formatSummary(table, columns), ...notes.map((note) => `note: ${note}`)].join("\n"),
  );
  return 0;
}

/** Prints a run folder or a model file; false when the file is neither. */
async function inspectModel(file: string, json: boolean): Promise<boolean> {
  const info = await stat(file).catch(() => null);
  if (info?.isDirectory()) {
    const manifest = await readManifest(file);
    const model =
      manifest.status === "running" || manifest.status === "failed"
        ? null
        : await loadModel(file, { ops: null });
    print(json, { run: manifest, ...(model && describeModel(model)) }, () =>
      formatModel(model, manifest),
    );
    return true;
  }
  if (!info?.isFile() || !(await isModel(file))) return false;
  const model = await loadModel(file, { ops: null });
  print(json, describeModel(model), () => formatModel(model, null));
  return true;
}

function print(json: boolean, data: object, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(data) : text()}\n`);
}

/** A safetensors file begins with the length of its header, a little-endian u64, and the `{` of that header. */
async function isModel(path: string): Promise<boolean> {
  if (path.endsWith(".safetensors")) return true;
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(9), 0, 9, 0);
    return bytesRead === 9 && buffer.readUInt32LE(4) === 0 && buffer[8] === 0x7b;
  } finally {
    await file.close();
  }
}
