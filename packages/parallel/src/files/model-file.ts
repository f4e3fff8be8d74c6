// Saves, loads and applies a trained model: one safetensors file with weights, network and preprocessing.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  checkParameters,
  createPredictor,
  customOpNames,
  outputWidth,
  type EmbeddingTable,
  type LossSpec,
  type ModelSpec,
  type Parameters,
  type Predictor,
} from "@shardgrad/core";
import { NO_OPS, type CustomOps } from "../custom-ops.js";
import { decodeOutputs, type Predictions } from "../dataset/encode/decode.js";
import { denseFeatures, encodeFeatures } from "../dataset/encode/encode.js";
import {
  columnTypes,
  embeddingTables,
  encodedWidth,
  type Encoding,
} from "../dataset/encode/encoding.js";
import { targetWidth } from "../dataset/encode/target-encoding.js";
import { errorCode, InputError, shown } from "../dataset/table/input-error.js";
import { tableFromRecords, type TableRecord } from "../dataset/table/records.js";
import type { Table } from "../dataset/table/table.js";
import { metadataJson, readTensorFile, writeTensorFile } from "./tensor-file.js";

/** The file with the model in the folder of a run. */
export const MODEL_FILE = "model.safetensors";

const KIND = "model";
const MODEL_KEY = "shardgrad.model";
const LOSS_KEY = "shardgrad.loss";
const ENCODING_KEY = "shardgrad.encoding";

/** What a model file holds. */
export interface StoredModel {
  readonly spec: ModelSpec;
  readonly loss: LossSpec;
  /** How a table becomes features; null for a model of numbers as they are. */
  readonly encoding: Encoding | null;
  readonly parameters: Parameters;
  /** Anything else that should stay with the model, as text. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** Predictions of a model without an encoding: its outputs as they are. */
export interface OutputPredictions {
  readonly kind: "outputs";
  readonly width: number;
  readonly values: Float32Array; // [rows, width]
}

/** Rows to predict: a table or objects by column name; rows of numbers for a model without an encoding. */
export type PredictRows =
  | Table
  | readonly TableRecord[]
  | readonly (readonly number[])[]
  | Float32Array;

/** A model that can predict. */
export interface TrainedModel extends StoredModel {
  readonly source: string; // the file it came from
  readonly metadata: Readonly<Record<string, string>>;
  /** Predicts rows on this thread. Throws InputError or RangeError naming the row and column that do not fit. */
  readonly predict: (rows: PredictRows) => Predictions | OutputPredictions;
}

/** Writes a model file as a whole or not at all. Throws RangeError when the parts do not fit one another. */
export async function saveModel(path: string, model: StoredModel): Promise<void> {
  const { spec, loss, encoding, parameters, metadata = {} } = model;
  checkModel(spec, parameters, encoding);
  await writeTensorFile(path, parameters, {
    ...metadata,
    [MODEL_KEY]: JSON.stringify(spec),
    [LOSS_KEY]: JSON.stringify(loss),
    ...(encoding === null ? {} : { [ENCODING_KEY]: JSON.stringify(encoding) }),
  });
}

/** How a model is loaded. */
export interface LoadOptions {
  /**
   * Ops of your own, from `loadOps`, when the model names some; a file never says where they are. Null: only what the
   * file says is wanted; a model that needs ops cannot predict then.
   */
  readonly ops?: CustomOps | null | undefined;
}

/** Loads a model from its file or from the folder of its run. Throws InputError, one line, when it is not one. */
export async function loadModel(
  path: string,
  { ops = NO_OPS }: LoadOptions = {},
): Promise<TrainedModel> {
  const source = await modelPath(path);
  const { tensors, metadata } = await readTensorFile(source, KIND);
  const { encodingSchema, lossSchema, modelSchema } = await import("./model-schema.js"); // with zod, 40 ms
  const spec = metadataJson(source, KIND, metadata, MODEL_KEY, modelSchema);
  const loss = metadataJson(source, KIND, metadata, LOSS_KEY, lossSchema);
  const encoding =
    metadata[ENCODING_KEY] === undefined
      ? null
      : metadataJson(source, KIND, metadata, ENCODING_KEY, encodingSchema);
  try {
    checkModel(spec, tensors, encoding);
  } catch (error) {
    if (error instanceof RangeError)
      throw new InputError(`${source}: ${error.message}; the file is damaged`, { cause: error });
    throw error;
  }
  const checkOps = (known: CustomOps["ops"]): void => {
    for (const name of customOpNames(spec))
      if (!known.has(name))
        throw new InputError(
          `${source}: the model uses the op ${shown(name)}, which is not part of shardgrad; name the module that exports it (--ops FILE, or loadOps)`,
        );
  };
  if (ops !== null) checkOps(ops.ops);
  let predictor: Predictor | null = null; // made at the first prediction: not every caller predicts
  const apply = (features: Float32Array, rows: number): Float32Array => {
    if (predictor === null) {
      const known = (ops ?? NO_OPS).ops;
      checkOps(known);
      predictor = createPredictor(spec, tensors, known);
    }
    return predictor(features, rows);
  };
  return {
    source,
    spec,
    loss,
    encoding,
    parameters: tensors,
    metadata,
    predict: (rows) =>
      encoding === null ? predictNumbers(spec, apply, rows) : predictTable(encoding, apply, rows),
  };
}

/** The model's file: the path itself, or the file in a run's folder. */
async function modelPath(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? join(path, MODEL_FILE) : path;
  } catch (error) {
    if (errorCode(error) === "ENOENT")
      throw new InputError(`${path}: no such model; name a run's folder or a ${MODEL_FILE}`, {
        cause: error,
      });
    throw error;
  }
}

function checkModel(spec: ModelSpec, parameters: Parameters, encoding: Encoding | null): void {
  checkParameters(spec, parameters);
  for (const [name, { data }] of parameters)
    if (!(data instanceof Float32Array)) throw new RangeError(`parameters: ${name} is not of f32`);
  if (encoding === null) return;
  const inputs = encoding.features.reduce((sum, feature) => sum + encodedWidth(feature), 0);
  if (inputs !== spec.inputs)
    throw new RangeError(`model: ${spec.inputs} inputs, but the encoding gives ${inputs} features`);
  const [first] = spec.layers;
  const own = first?.type === "embedding" ? first.tables : [];
  const wanted = embeddingTables(encoding);
  const differs = wanted.some(
    ({ size, width }, i) => own[i]?.size !== size || own[i].width !== width,
  );
  if (differs || own.length !== wanted.length)
    throw new RangeError(
      `model: embeddings ${tablesText(own)}, but the encoding's columns need ${tablesText(wanted)}`,
    );
  const outputs = outputWidth(spec);
  if (outputs !== targetWidth(encoding))
    throw new RangeError(
      `model: ${outputs} outputs, but the encoding's target needs ${targetWidth(encoding)}`,
    );
}

function tablesText(tables: readonly EmbeddingTable[]): string {
  return `[${tables.map(({ size, width }) => `${size}×${width}`).join(", ")}]`;
}

function predictTable(encoding: Encoding, apply: Predictor, rows: PredictRows): Predictions {
  const table = isTable(rows)
    ? rows
    : tableFromRecords(records(rows), { source: "predict", types: columnTypes(encoding) });
  const dataset = encodeFeatures(encoding, table);
  return decodeOutputs(encoding, apply(denseFeatures(dataset), dataset.rows));
}

function predictNumbers(spec: ModelSpec, apply: Predictor, rows: PredictRows): OutputPredictions {
  const features = rows instanceof Float32Array ? rows : numbers(rows, spec.inputs);
  if (features.length % spec.inputs !== 0)
    throw new RangeError(
      `predict: ${features.length} numbers are not rows of ${spec.inputs} features`,
    );
  const values = apply(features, features.length / spec.inputs);
  return { kind: "outputs", width: outputWidth(spec), values };
}

function isTable(rows: PredictRows): rows is Table {
  return "columns" in rows;
}

function records(rows: Exclude<PredictRows, Table>): readonly TableRecord[] {
  const wrong =
    rows instanceof Float32Array ||
    rows.some((row: unknown) => typeof row !== "object" || row === null || Array.isArray(row));
  if (wrong)
    throw new InputError(
      "predict: rows of numbers, where the model was trained on named columns; give objects such as { column: value }",
    );
  return rows as readonly TableRecord[]; // neither flat numbers nor arrays, as the line above has seen
}

function numbers(rows: Exclude<PredictRows, Float32Array>, inputs: number): Float32Array {
  const nested: readonly unknown[] = isTable(rows) ? [rows] : rows;
  const flat = new Float32Array(nested.length * inputs);
  nested.forEach((row, i) => {
    if (!Array.isArray(row))
      throw new InputError(
        "predict: named columns, where the model was trained on rows of numbers; give arrays of numbers",
      );
    if (row.length !== inputs || !row.every((value) => Number.isFinite(value)))
      throw new InputError(
        `predict: row ${i + 1} has ${row.length} values; give ${inputs} finite numbers`,
      );
    flat.set(row, i * inputs);
  });
  return flat;
}
