// The graphs of a job: the loss and its gradients for training, outputs and row losses for scoring.
import {
  gradients,
  input,
  outputOf,
  parameterSpecs,
  ROWS,
  rowLoss,
  sum,
  sumsRows,
  type ParameterSpec,
  type Value,
} from "@shardgrad/core";
import type { CustomOps } from "../custom-ops.js";
import type { JobSpec, TargetSpec } from "./job.js";

/** Graph of a training step over the rows of a batch part. */
export interface TrainingGraph {
  readonly x: Value; // [rows, inputs]
  readonly target: Value; // i32 [rows] or [rows, outputs]
  readonly parameters: readonly Value[]; // in the order of parameterSpecs
  /** For each parameter the gradient's sums over rows, one a use; the gradient is their sum in this order. */
  readonly uses: readonly (readonly Value[])[];
  readonly loss: Value; // sum over rows of the loss
}

/** Graph of scoring rows: outputs and, when there is a target, each row's loss. */
export interface ScoringGraph {
  readonly x: Value;
  readonly target: Value | null;
  readonly parameters: readonly Value[];
  readonly outputs: Value; // [rows, outputs]
  readonly perRow: Value | null; // [rows]
}

function leaves(job: JobSpec): {
  x: Value;
  specs: ParameterSpec[];
  parameters: Value[];
  byName: Map<string, Value>;
} {
  const specs = parameterSpecs(job.model);
  const parameters = specs.map(({ name, shape }) => input(shape, name));
  return {
    x: input([ROWS, job.model.inputs], "x"),
    specs,
    parameters,
    byName: new Map(specs.map(({ name }, i) => [name, parameters[i] as Value])),
  };
}

function targetLeaf(target: TargetSpec): Value {
  return target.kind === "class"
    ? input([ROWS], "labels", "i32")
    : input([ROWS, target.width], "targets");
}

/** Builds the training graph. Throws RangeError when a parameter has no influence on the loss. */
export function trainingGraph(job: JobSpec, ops: CustomOps["ops"]): TrainingGraph {
  const spec = job.training?.data.target;
  if (spec === null || spec === undefined)
    throw new RangeError("training: the data have no target");
  const { x, specs, parameters, byName } = leaves(job);
  const target = targetLeaf(spec);
  const output = outputOf(job.model, byName, x, { training: true, ops });
  const loss = sum(rowLoss(job.loss, output, target), 0);
  const uses = gradients(loss, parameters).map((gradient, i) => {
    const name = specs[i]?.name ?? "?";
    if (gradient === null) throw new RangeError(`training: ${name} has no influence on the loss`);
    const parts = addends(gradient);
    for (const part of parts)
      if (!sumsRows(part))
        throw new RangeError(
          `training: the gradient of ${name} goes through ${part.op.name} after the sum over rows`,
        );
    return parts;
  });
  return { x, target, parameters, uses, loss };
}

/** The sums of which a gradient is the sum, left to right: a parameter used n times has n. */
function addends(gradient: Value): Value[] {
  if (gradient.op.name !== "add" || sumsRows(gradient)) return [gradient];
  return gradient.inputs.flatMap(addends);
}

/** Builds the scoring graph. */
export function scoringGraph(job: JobSpec, ops: CustomOps["ops"]): ScoringGraph {
  const { x, parameters, byName } = leaves(job);
  const outputs = outputOf(job.model, byName, x, { ops });
  const spec = job.scored?.target ?? null;
  const target = spec === null ? null : targetLeaf(spec);
  return {
    x,
    target,
    parameters,
    outputs,
    perRow: target === null ? null : rowLoss(job.loss, outputs, target),
  };
}
