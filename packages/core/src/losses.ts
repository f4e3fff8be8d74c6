// Losses of outputs against targets as one number: the mean or the sum over rows of each row's loss.
import { lossesPerRow, rowLoss } from "./nn/row-loss.js";
import type { LossName } from "./nn/spec.js";
import { softplus } from "./ops/activations.js";
import { mul, neg } from "./ops/arithmetic.js";
import { sum } from "./ops/reduce.js";
import { elements, hasRows } from "./shape.js";
import { lift, type Value, type ValueLike } from "./value.js";

/** "sum" adds the rows' losses; "mean" divides that by what the loss says. */
export type Reduction = "mean" | "sum";

/** The loss of outputs f [rows, …] against targets t of the same shape, or labels. Default "mean". */
export type Loss = (f: ValueLike, t: ValueLike, reduction?: Reduction) => Value;

/** The rows' losses as one number. Throws RangeError for the mean over the rows of a batch, whose number is not known. */
function reduced(perRow: Value, perRowCount: number, reduction: Reduction): Value {
  const total = sum(perRow);
  if (reduction === "sum") return total;
  if (hasRows(perRow.shape))
    throw new RangeError(
      "loss: over the rows of a batch, sum and let the trainer divide by the rows of the whole batch",
    );
  return mul(total, 1 / (elements(perRow.shape) * perRowCount));
}

/** The loss that a model's specification calls by this name. */
export function lossOf(name: LossName): Loss {
  return (f, t, reduction = "mean") => {
    const [output, target] = [lift(f), lift(t)];
    return reduced(
      rowLoss({ name }, output, target),
      lossesPerRow({ name }, elements(output.shape.slice(1))),
      reduction,
    );
  };
}

/** Σ(f − t)²; the mean divides by all numbers. */
export const meanSquaredError: Loss = lossOf("meanSquaredError");
/** ½Σ(f − t)²; the mean divides by the rows N: 1/(2N)·Σ(f − t)². */
export const halfSquaredError: Loss = lossOf("halfSquaredError");
/** Σ‖f − t‖ with the Euclidean norm of each row, whose gradient is 0 where f = t; the mean divides by the rows. */
export const norm: Loss = lossOf("norm");
/**
 * −Σ[t·log f + (1 − t)·log(1 − f)] for probabilities f in [0, 1] and t in [0, 1], with 0·log 0 = 0; the mean divides by all
 * numbers. Where f comes from a sigmoid, `binaryCrossEntropy` on what goes into it is more exact.
 */
export const logLoss: Loss = lossOf("logLoss");
/** logLoss of σ(f) for logits f; the mean divides by all numbers. */
export const binaryCrossEntropy: Loss = lossOf("binaryCrossEntropy");
/** −Σ log softmax(f)[t] for logits f [rows, classes] and i32 labels or rows of weights t; the mean divides by the rows. */
export const crossEntropy: Loss = lossOf("crossEntropy");

/** −Σ log σ(z) = Σ log(1 + e⁻ᶻ) for margins z = ±wᵀx, positive where the class is right; the mean divides by all numbers. */
export function logistic(margins: ValueLike, reduction: Reduction = "mean"): Value {
  return reduced(softplus(neg(margins)), 1, reduction);
}
