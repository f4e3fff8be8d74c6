// Evaluation and prediction in parallel, with weights that are there already.
import {
  checkParameters,
  outputWidth,
  type LossSpec,
  type ModelSpec,
  type Parameters,
} from "@shardgrad/core";
import { cores } from "./threads/cores.js";
import { NO_OPS, type CustomOps } from "./custom-ops.js";
import type { Dataset } from "./dataset/table/dataset.js";
import type { Scores } from "./events.js";
import { dataSpec, jobScorer, type JobSpec } from "./step/job.js";
import { SCORED_CHUNK } from "./step/layout.js";
import { foldSums } from "./metrics/metrics.js";
import { writeParameters } from "./step/parameters.js";
import { Pool } from "./threads/pool.js";
import { checkDataset } from "./validate.js";

/** Options of evaluate and predict. */
export interface ScoreOptions {
  /** Threads; never changes the result. Default: as many as cores, and no more than there is work for. */
  readonly workers?: number | "auto" | undefined;
  /** The target's scale: scores in its own unit are the model's times this. Default 1. */
  readonly unit?: number | undefined;
  /** Ops of your own, from `loadOps`, when layers of the model name some. */
  readonly ops?: CustomOps | undefined;
}

async function withScored<Result>(
  model: ModelSpec,
  parameters: Parameters,
  loss: LossSpec,
  data: Dataset,
  keepOutputs: boolean,
  { workers = "auto", ops = NO_OPS }: ScoreOptions,
  read: (pool: Pool) => Result,
): Promise<Result> {
  checkParameters(model, parameters);
  checkDataset("data", data, model.inputs, outputWidth(model));
  const chunks = Math.ceil(data.rows / SCORED_CHUNK);
  const threads = Math.min(workers === "auto" ? cores().count : workers, chunks);
  const job: JobSpec = {
    model,
    loss,
    training: null,
    scored: dataSpec(data),
    keepOutputs,
    backend: "wasm",
    opModules: ops.modules,
    workers: threads,
    maxWorkers: threads,
  };
  const pool = new Pool(job, { ops: ops.ops });
  try {
    const { layout, memory } = pool;
    writeParameters(layout, memory.buffer, layout.theta[0], parameters);
    if (layout.scoring !== null) pool.place(data, layout.scoring.data);
    await pool.score();
    return read(pool);
  } finally {
    await pool.close();
  }
}

/** Scores of a model on rows with a target. */
export function evaluate(
  model: ModelSpec,
  parameters: Parameters,
  loss: LossSpec,
  data: Dataset,
  options: ScoreOptions = {},
): Promise<Scores> {
  if (data.target === null) throw new RangeError("evaluate: the data have no target");
  return withScored(model, parameters, loss, data, false, options, ({ layout, memory }) => {
    const { scoring, job } = layout;
    if (scoring === null) return {};
    const sums = new Float64Array(memory.buffer, scoring.sums, scoring.chunks * scoring.sumSize);
    const folded = new Float64Array(scoring.sumSize);
    for (let at = 0; at < sums.length; at += scoring.sumSize)
      foldSums(folded, sums.subarray(at, at + scoring.sumSize));
    return jobScorer(job, options.unit).finish(folded);
  });
}

/** Outputs of a model for every row, [rows, outputs], as its last layer gives them. */
export function predict(
  model: ModelSpec,
  parameters: Parameters,
  data: Dataset,
  options: ScoreOptions = {},
): Promise<Float32Array> {
  const loss: LossSpec = { name: "meanSquaredError", reduction: "mean" }; // not used without a target
  return withScored(
    model,
    parameters,
    loss,
    { ...data, target: null },
    true,
    options,
    ({ layout, memory }) =>
      new Float32Array(
        memory.buffer,
        layout.scoring?.outputs ?? 0,
        data.rows * outputWidth(model),
      ).slice(),
  );
}
