// Turns a model's outputs back into labels, probabilities and numbers in their own unit.
import { scalar } from "@shardgrad/core";
import type { Encoding } from "./encoding.js";
import { targetWidth } from "./target-encoding.js";
import { logitMargin } from "./threshold.js";

/** Predicted classes of some rows. */
export interface ClassPredictions {
  readonly kind: "class";
  readonly classes: readonly string[];
  readonly indices: Int32Array; // [rows], into classes
  readonly labels: readonly string[]; // [rows]
  readonly probabilities: Float64Array; // [rows, classes]; each row sums to 1
}

/** Predicted numbers of some rows, each in its own unit. */
export interface NumberPredictions {
  readonly kind: "number";
  readonly columns: readonly string[]; // of the table, one or more
  readonly values: Float64Array; // [rows, columns]
}

/** Predicted labels of some rows, of which a row has any number. */
export interface LabelsPredictions {
  readonly kind: "labels";
  readonly names: readonly string[]; // of all labels
  /** 1 for a label whose probability is at least ½, else 0. */
  readonly flags: Uint8Array; // [rows, names]
  readonly labels: readonly (readonly string[])[]; // [rows], the names of those that are 1
  readonly probabilities: Float64Array; // [rows, names], each on its own
}

export type Predictions = ClassPredictions | NumberPredictions | LabelsPredictions;

/** What a predicted number is called where it leaves: one of several says which it is. */
export function predictionName(predicted: number, column: string): string {
  return predicted === 1 ? "prediction" : `prediction_${column}`;
}

/**
 * What outputs [rows, outputs] mean: the class of the largest logit (the first of equals), or that on its side of the
 * threshold, and the softmax of the logits; or value·sd + mean; or the sigmoid of each logit, and the labels whose logit is at least 0. Throws RangeError when an output is not finite or they are no whole number of rows.
 */
export function decodeOutputs(
  { target }: Pick<Encoding, "target">,
  outputs: Float32Array,
): Predictions {
  const width = targetWidth({ target });
  const rows = outputs.length / width;
  if (!Number.isInteger(rows))
    throw new RangeError(
      `decodeOutputs: ${outputs.length} outputs are not rows of ${width}; is this the model's encoding?`,
    );
  const wrong = outputs.findIndex((output) => !Number.isFinite(output));
  if (wrong >= 0)
    throw new RangeError(
      `decodeOutputs: row ${Math.floor(wrong / width)}: the model's output is ${outputs[wrong]}; its weights are not usable`,
    );
  if (target.kind === "number") {
    const { columns } = target;
    return {
      kind: "number",
      columns: columns.map(({ column }) => column),
      values: Float64Array.from(outputs, (output, i) => {
        const { mean = 0, sd = 1 } = columns[i % width] ?? {};
        return output * sd + mean;
      }),
    };
  }
  if (target.kind === "labels") {
    const flags = Uint8Array.from(outputs, (output) => (output >= 0 ? 1 : 0));
    return {
      kind: "labels",
      names: target.labels,
      flags,
      labels: Array.from({ length: rows }, (_, row) =>
        target.labels.filter((_name, j) => flags[row * width + j] === 1),
      ),
      probabilities: Float64Array.from(outputs, sigmoid),
    };
  }
  const largest = Int32Array.from({ length: rows }, (_, row) =>
    argmax(outputs, row * width, width),
  );
  const indices = target.threshold === undefined ? largest : atThreshold(outputs, target.threshold);
  return {
    kind: "class",
    classes: target.classes,
    indices,
    labels: Array.from(indices, (index) => target.classes[index] ?? ""),
    probabilities: softmaxRows(outputs, width, largest),
  };
}

/** 1 where the second of two logits exceeds the first by enough, else 0. */
function atThreshold(logits: Float32Array, threshold: number): Int32Array {
  const margin = logitMargin(threshold);
  return Int32Array.from({ length: logits.length / 2 }, (_, row) =>
    Math.fround((logits[2 * row + 1] ?? 0) - (logits[2 * row] ?? 0)) >= margin ? 1 : 0,
  );
}

/** The index of the largest of `width` numbers from `start`, the first of equals. */
export function argmax(values: Float32Array, start: number, width: number): number {
  let best = 0;
  for (let j = 1; j < width; j += 1)
    if ((values[start + j] ?? 0) > (values[start + best] ?? 0)) best = j;
  return best;
}

/** 1/(1 + e^−x), by a power that does not overflow. */
function sigmoid(logit: number): number {
  const power = scalar.exp(-Math.abs(logit));
  return (logit >= 0 ? 1 : power) / (1 + power);
}

/** p_j = e^(x_j − max x) / Σ_k e^(x_k − max x). */
function softmaxRows(logits: Float32Array, width: number, largest: Int32Array): Float64Array {
  const probabilities = new Float64Array(logits.length);
  largest.forEach((index, row) => {
    const start = row * width;
    const max = logits[start + index] ?? 0;
    let sum = 0;
    for (let j = 0; j < width; j += 1) {
      const power = scalar.exp((logits[start + j] ?? 0) - max);
      probabilities[start + j] = power;
      sum += power;
    }
    for (let j = 0; j < width; j += 1)
      probabilities[start + j] = (probabilities[start + j] ?? 0) / sum;
  });
  return probabilities;
}
