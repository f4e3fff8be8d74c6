// Checks the options of a trainer once, at the edge, and turns them into a job.
import {
  customOpNames,
  outputWidth,
  parameterSpecs,
  DEFAULT_OPTIMIZER,
  type LossSpec,
} from "@shardgrad/core";
import { autoWorkers } from "./auto-workers.js";
import { NO_OPS } from "./custom-ops.js";
import { featureWidth, type Dataset, type Target } from "./dataset/table/dataset.js";
import type { EarlyStopping, StoppingSpec } from "./step/early-stopping.js";
import { isStream, type DatasetStream } from "./dataset/stream/stream.js";
import { dataSpec, rowBytes, type JobSpec, type TrainingSpec } from "./step/job.js";
import { scoreNames } from "./metrics/metrics.js";
import { trainingGraph } from "./step/network.js";
import type { TrainerOptions } from "./options.js";
import { scalarOptions } from "./scalar-options.js";
import { defaultShards, presentShards } from "./step/shards.js";
import { windowRows } from "./step/windows.js";

const defaultLosses = {
  class: "crossEntropy",
  number: "meanSquaredError",
  labels: "binaryCrossEntropy",
} as const satisfies Record<Target["kind"], LossSpec["name"]>;

/** The loss that goes with a target unless told otherwise. */
export function defaultLoss(target: Target): LossSpec {
  return { name: defaultLosses[target.kind], reduction: "mean" };
}

/** The job of a trainer's options. Throws RangeError naming the option, its value and what is allowed. */
export function checkOptions(
  options: TrainerOptions,
  cores: number,
): { job: JobSpec; training: TrainingSpec; workersReason: string } {
  const { model, data, validation } = options;
  const checked = scalarOptions(options);
  const parameters = parameterSpecs(model); // throws on layers that do not fit
  const form = isStream(data) ? data.form : data;
  if (isStream(data)) checkStream(options, data, checked.epochs);
  else if (checked.shuffleBuffer !== undefined)
    throw new RangeError(
      "Trainer: shuffleBuffer is for streamed data; rows in memory are all shuffled",
    );
  else checkDataset("data", data, model.inputs, outputWidth(model));
  if (form.target === null) throw new RangeError("Trainer: data has no target");
  if (validation !== undefined) {
    checkDataset("validation", validation, model.inputs, outputWidth(model));
    if (validation.target?.kind !== form.target.kind)
      throw new RangeError("Trainer: validation has another kind of target than data");
  }
  const shardCount =
    checked.shards ?? defaultShards(Math.min(checked.batchSize, data.rows), checked.backend);
  if (shardCount > checked.batchSize)
    throw new RangeError(
      `Trainer: shards ${shardCount} is more than the ${checked.batchSize} rows of a batch; a shard has at least one row`,
    );
  const training: TrainingSpec = {
    data: { ...dataSpec(form), rows: data.rows },
    optimizer: options.optimizer ?? DEFAULT_OPTIMIZER,
    l1: checked.l1,
    l2: checked.l2,
    batchSize: checked.batchSize,
    shards: shardCount,
    epochs: checked.epochs,
    seed: checked.seed,
    shuffle: checked.shuffle,
    window: isStream(data)
      ? windowRows(rowBytes(dataSpec(form)), checked.batchSize, checked.shuffleBuffer)
      : null,
    onNonFinite: checked.onNonFinite,
    stopping: checkStopping(options),
    hashEvery: hashEvery(options),
    until: checked.until ?? null,
    convergence:
      checked.tolerance === undefined
        ? null
        : { tolerance: checked.tolerance, on: checked.toleranceOn },
  };
  // A worker without a shard would only wait.
  const useful = presentShards(
    Math.min(checked.batchSize, data.rows),
    checked.batchSize,
    shardCount,
  );
  const { maxWorkers = checked.workers === "auto" ? cores : checked.workers } = checked;
  const { workers: wanted, reason: workersReason } =
    checked.workers === "auto"
      ? autoWorkers(
          parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
          Math.min(checked.batchSize, data.rows),
          useful,
          Math.min(cores, maxWorkers),
        )
      : { workers: checked.workers, reason: "as asked for" };
  if (wanted > maxWorkers)
    throw new RangeError(
      `Trainer: maxWorkers ${maxWorkers}: is less than workers ${wanted}; raise it, or give fewer workers`,
    );
  const job: JobSpec = {
    model,
    loss: options.loss ?? defaultLoss(form.target),
    training,
    scored: validation === undefined ? null : dataSpec(validation),
    keepOutputs: false,
    backend: checked.backend,
    opModules: options.ops?.modules ?? [],
    workers: Math.min(wanted, useful),
    maxWorkers: Math.min(maxWorkers, useful),
  };
  // Ops that are missing, or give another shape than their layer says, are told before anything is started.
  if (customOpNames(model).length > 0) trainingGraph(job, (options.ops ?? NO_OPS).ops);
  return { job, training, workersReason };
}

function hashEvery({ hashes }: TrainerOptions): number | null {
  if (hashes === undefined) return null;
  if (!Number.isSafeInteger(hashes.every) || hashes.every < 1)
    throw new RangeError(
      `Trainer: hashes.every ${hashes.every}: give a whole number of steps from 1 on`,
    );
  return hashes.every;
}

function checkStopping({
  earlyStopping,
  validation,
  unit = 1,
}: TrainerOptions): StoppingSpec | null {
  if (earlyStopping === undefined) return null;
  const { patience, monitor = "loss", minDelta = 0 }: EarlyStopping = earlyStopping;
  if (validation?.target === null || validation === undefined)
    throw new RangeError("Trainer: earlyStopping needs validation rows; give some");
  if (!Number.isInteger(patience) || patience < 1)
    throw new RangeError(
      `Trainer: earlyStopping.patience ${patience}: give a whole number of epochs from 1 on`,
    );
  if (!(minDelta >= 0 && minDelta < Infinity))
    throw new RangeError(`Trainer: earlyStopping.minDelta ${minDelta}: give a number from 0 on`);
  const scores = scoreNames[validation.target.kind];
  if (!scores.includes(monitor))
    throw new RangeError(
      `Trainer: earlyStopping.monitor ${monitor}: give one of ${scores.join(", ")}`,
    );
  return { patience, monitor, minDelta, unit };
}

/** Throws RangeError when streamed data do not fit the model, or can be read only once and are needed more often. */
function checkStream(
  { model, resume }: TrainerOptions,
  { name, rows, form, once }: DatasetStream,
  epochs: number,
): void {
  const fail = (text: string): never => {
    throw new RangeError(`Trainer: data: ${name} ${text}`);
  };
  if (!Number.isInteger(rows) || rows < 1) fail(`has ${rows} rows; at least one is needed`);
  if (featureWidth(form) !== model.inputs)
    fail(`has ${featureWidth(form)} features a row, the model ${model.inputs} inputs`);
  const outputs = outputWidth(model);
  const { target } = form;
  if (target?.kind === "class" && target.classes > outputs)
    fail(`has ${target.classes} classes, the model ${outputs} outputs`);
  if (target !== null && target.kind !== "class" && target.width !== outputs)
    fail(`has ${target.width} target columns, the model ${outputs} outputs`);
  if (once && epochs > 1)
    fail(
      `can be read once only, and ${epochs} epochs need it as often; set epochs to 1, or give a function that opens it`,
    );
  if (once && resume !== undefined)
    fail(
      "can be read once only, and a run that goes on reads it again; give a function that opens it",
    );
}

/** Throws RangeError when a dataset does not fit the model or contradicts itself. */
export function checkDataset(place: string, data: Dataset, inputs: number, outputs: number): void {
  const fail = (text: string): never => {
    throw new RangeError(`Trainer: ${place} ${text}`);
  };
  if (!Number.isInteger(data.rows) || data.rows < 1)
    fail(`has ${data.rows} rows; at least one is needed`);
  if (featureWidth(data) !== inputs)
    fail(`has ${featureWidth(data)} features a row, the model ${inputs} inputs`);
  data.features.forEach((block, i) => {
    const [length, width] =
      block.kind === "oneHot" ? [block.codes.length, 1] : [block.values.length, block.width];
    if (length !== data.rows * width)
      fail(`features[${i}] holds ${length} numbers, not ${data.rows} rows of ${width}`);
  });
  const { target } = data;
  if (target?.kind === "class") {
    if (target.labels.length !== data.rows)
      fail(`has ${target.labels.length} labels for ${data.rows} rows`);
    if (target.classes > outputs)
      fail(`has ${target.classes} classes, the model ${outputs} outputs`);
    const bad = target.labels.findIndex((label) => label < 0 || label >= target.classes);
    if (bad >= 0)
      fail(`row ${bad} has label ${target.labels[bad]}, not one of 0…${target.classes - 1}`);
  }
  if (target && target.kind !== "class") {
    if (target.values.length !== data.rows * target.width)
      fail(`has ${target.values.length} target values, not ${data.rows} rows of ${target.width}`);
    if (target.width !== outputs)
      fail(`has ${target.width} target columns, the model ${outputs} outputs`);
  }
  if (target?.kind === "labels") {
    const bad = target.values.findIndex((value) => value !== 0 && value !== 1);
    if (bad >= 0)
      fail(
        `row ${Math.floor(bad / target.width)} has ${target.values[bad]} as a label; give 0 or 1`,
      );
  }
}
