// The losses that a specification names, as graphs.
import { mul, sub } from "../ops/arithmetic.js";
import {
  binaryCrossEntropy,
  crossEntropy,
  logLoss,
  softCrossEntropy,
  squaredError,
  sumPerRow,
} from "../ops/loss.js";
import { norm } from "../ops/normalize.js";
import { reshape } from "../ops/shape.js";
import { elements, formatShape, sameShape } from "../shape.js";
import type { Value } from "../value.js";
import type { LossName, LossSpec } from "./spec.js";

/** What the mean of a loss divides the sum over rows by besides the number of rows. */
export function lossesPerRow({ name }: Pick<LossSpec, "name">, outputs: number): number {
  return losses[name].perOutput ? outputs : 1;
}

interface LossFormula {
  /** The loss of each row [rows] of outputs f and targets t, both [rows, outputs]. */
  readonly perRow: (f: Value, t: Value) => Value;
  /** Whether the mean divides by the outputs, too. */
  readonly perOutput: boolean;
}

const losses = {
  meanSquaredError: { perRow: (f, t) => sumPerRow(squaredError(f, t)), perOutput: true },
  halfSquaredError: { perRow: (f, t) => mul(0.5, sumPerRow(squaredError(f, t))), perOutput: false },
  norm: { perRow: (f, t) => norm(rowVectors(sub(f, t))), perOutput: false },
  binaryCrossEntropy: { perRow: (f, t) => sumPerRow(binaryCrossEntropy(f, t)), perOutput: true },
  logLoss: { perRow: (f, t) => sumPerRow(logLoss(f, t)), perOutput: true },
  crossEntropy: {
    perRow: (f, t) => (t.element === "i32" ? crossEntropy(f, t) : softCrossEntropy(f, t)),
    perOutput: false,
  },
} satisfies Record<LossName, LossFormula>;

/** The losses by name. */
export const lossNames: readonly LossName[] = Object.keys(losses) as LossName[];

/** x [rows, …] as [rows, numbers of a row]. */
const rowVectors = (x: Value): Value =>
  reshape(x, [...x.shape.slice(0, 1), elements(x.shape.slice(1))]);

/**
 * The loss of every row [rows] of outputs [rows, outputs] against a target: i32 labels [rows], or numbers [rows, outputs].
 * The one place where a loss's name becomes its formula.
 */
export function rowLoss({ name }: Pick<LossSpec, "name">, output: Value, target: Value): Value {
  const labels = target.element === "i32";
  if (labels && name !== "crossEntropy")
    throw new RangeError(
      `loss: ${name} needs numbers as its target; class labels go with crossEntropy`,
    );
  if (!labels && !sameShape(target.shape, output.shape))
    throw new RangeError(
      `loss: the target ${formatShape(target.shape)} does not fit the output ${formatShape(output.shape)}`,
    );
  return losses[name].perRow(output, target);
}
