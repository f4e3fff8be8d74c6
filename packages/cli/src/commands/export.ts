// shardgrad export: a trained model as a file for other runtimes.
import { basename, dirname } from "node:path";
import { stat } from "node:fs/promises";
import { customOpNames, ONNX_IR_VERSION, ONNX_OPSET } from "@shardgrad/core";
import {
  columnTypes,
  encodeWeights,
  type Encoding,
  exportJs,
  exportOnnx,
  InputError,
  loadModel,
  readTable,
  selectRows,
  type Table,
  targetColumns,
  type TrainedModel,
  writeFileAtomic,
} from "@shardgrad/parallel";
import { readConfigFile } from "../config-file.js";
import { type Comparison, compareJs, compareOnnx } from "../export-check.js";
import { exportOptions, type ExportSettings } from "../options/export.js";
import { trainOptions } from "../options/train.js";
import { count } from "../report/format.js";
import { runFiles } from "../run-folder.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { heldOutRows } from "../training-data.js";
import { cannotWrite, UsageError } from "../usage-error.js";
import type { CommandResult } from "./run.js";

/** Rows that are compared at most: more would tell no more. */
const MOST_ROWS = 1000;

/** Differences up to which an export counts as right: of probabilities, and of numbers in the target's sd. */
const TOLERANCE = { class: 1e-5, labels: 1e-5, number: 1e-4 };

/** Writes the file, then compares it with the model; the code is 1 when they differ by more than rounding. */
export async function exportModel(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(exportOptions, flags, process.env, null);
  const { model: path, out, data } = settings;
  if (path === undefined)
    throw new UsageError("MODEL: no model; give a run folder or a .safetensors file");
  if (out === undefined)
    throw new UsageError(
      "--out: no file to write; give one that ends in .onnx, .js, .mjs or .safetensors",
    );
  const format = settings.format ?? formatOf(out);
  const model = await loadModel(path, { ops: null });
  const [op] = customOpNames(model.spec);
  if (op !== undefined && format !== "safetensors")
    throw new UsageError(
      `${path}: the model uses the op ${op}, which ${format} cannot hold; give --format safetensors for the weights alone`,
    );
  if (format === "safetensors") {
    const bytes = encodeWeights(model.parameters);
    await write(out, bytes);
    process.stdout.write(`${out}: ${count(bytes.length)} bytes, the weights of ${path} alone\n`);
    return 0;
  }
  const { encoding } = model;
  const written = format === "onnx" ? await writeOnnx(model, out) : await writeJs(model, out);
  process.stdout.write(`${written.line}\n`);
  if (encoding === null) return 0;
  const rows = await comparisonRows(path, encoding, data);
  if (typeof rows === "string") {
    process.stdout.write(`not compared with the model: ${rows}\n`);
    return 0;
  }
  const comparison = await written.compare(encoding, rows);
  if (comparison === null) {
    process.stdout.write(
      "not compared with the model: npm install onnxruntime-node, here or beside shardgrad, to have it done\n",
    );
    return 0;
  }
  process.stdout.write(`${comparisonLine(comparison, encoding)}\n`);
  return comparison.largest <= TOLERANCE[encoding.target.kind] ? 0 : 1;
}

/** A file that was written: what to say of it, and how to compare it with the model. */
interface Written {
  readonly line: string;
  readonly compare: (encoding: Encoding, table: Table) => Promise<Comparison | null>;
}

async function writeOnnx(model: TrainedModel, out: string): Promise<Written> {
  const bytes = await exported(model.source, () => exportOnnx(model));
  await write(out, bytes);
  return {
    line: `${out}: ${count(bytes.length)} bytes, ONNX opset ${ONNX_OPSET}, IR version ${ONNX_IR_VERSION}`,
    compare: (encoding, table) => compareOnnx(model, encoding, bytes, table),
  };
}

async function writeJs(model: TrainedModel, out: string): Promise<Written> {
  const { code, types } = await exported(model.source, () => exportJs(model));
  const declarations = out.replace(/\.(m?)js$/, ".d.$1ts");
  await write(out, code);
  const hasTypes = declarations !== out;
  if (hasTypes) await write(declarations, types);
  return {
    line: `${out}: ${count(Buffer.byteLength(code))} bytes, a JavaScript module${hasTypes ? `; its types are in ${declarations}` : ""}`,
    compare: (encoding, table) => compareJs(model, encoding, code, table),
  };
}

/** A model that cannot be written is the user's input, not a failure. */
async function exported<Result>(
  source: string,
  make: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${source}: ${error.message}`);
    throw error;
  }
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await writeFileAtomic(path, content).catch((error: unknown) => {
    throw cannotWrite("--out", path, error);
  });
}

function formatOf(out: string): NonNullable<ExportSettings["format"]> {
  if (/\.onnx$/i.test(out)) return "onnx";
  if (/\.m?js$/i.test(out)) return "js";
  if (/\.safetensors$/i.test(out)) return "safetensors";
  throw new UsageError(
    `--out ${out}: the name says no format; end it in .onnx, .js, .mjs or .safetensors, or give --format`,
  );
}

/** The first rows of the table, or of those that the run held out; or why there are none. */
async function comparisonRows(
  path: string,
  encoding: Encoding,
  data: string | undefined,
): Promise<Table | string> {
  if (data !== undefined) return firstRows(await readTable(data, { types: columnTypes(encoding) }));
  const isFolder = (await stat(path)).isDirectory();
  const folder = isFolder ? path : dirname(path);
  const { config } = runFiles(folder);
  if ((await stat(config).catch(() => null)) === null)
    return `${isFolder ? folder : basename(path)} is not in the folder of a run; give a table after the model`;
  const file = await readConfigFile(config, trainOptions);
  const { settings } = resolveSettings(trainOptions, new Map(), {}, file);
  try {
    const held = await heldOutRows(settings);
    return held === null
      ? "the run held no rows out; give a table after the model"
      : firstRows(held);
  } catch (error) {
    if (error instanceof InputError) return `${error.message}; or give a table after the model`;
    throw error;
  }
}

function firstRows(table: Table): Table {
  return selectRows(
    table,
    Int32Array.from({ length: Math.min(table.rows, MOST_ROWS) }, (_, i) => i),
  );
}

function comparisonLine({ rows, largest, otherLabels }: Comparison, { target }: Encoding): string {
  const on = `compared with the model on ${count(rows)} rows:`;
  const difference = largest.toExponential(1);
  if (target.kind === "number")
    return target.columns.length === 1
      ? `${on} ${targetColumns(target).join()} differs by at most ${difference} of its standard deviation`
      : `${on} ${targetColumns(target).join(", ")} differ by at most ${difference} of their standard deviations`;
  const labels =
    otherLabels === 0 ? "all labels equal" : `the labels of ${count(otherLabels)} rows differ`;
  return `${on} ${labels}, probabilities differ by at most ${difference}`;
}
