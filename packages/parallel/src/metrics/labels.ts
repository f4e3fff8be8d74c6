// Scores of predicted labels over a whole set: sums in row order in f64, so the same for any number of workers.
import { scalar } from "@shardgrad/core";
import type { LabelsPredictions } from "../dataset/encode/decode.js";
import { ranking, type OneAgainstRest } from "./classes.js";
import { labelScores, microF1, type LabelCounts } from "./metrics.js";

/** Scores over all labels. Means are unweighted, over the labels that occur. */
export interface LabelReport {
  readonly exactMatch: number; // the part of the rows whose labels are all right
  readonly precision: number; // the mean
  readonly recall: number; // the mean
  readonly f1: number; // the mean
  readonly microF1: number; // from the counts of all labels together
  /** The mean over the labels that some rows have and some have not; null when there are none. */
  readonly rocAuc: number | null;
  readonly averagePrecision: number | null; // like rocAuc
  /** The mean over rows and labels of −ln of the probability of what is true, which is at least 2⁻⁵³. */
  readonly logLoss: number;
}

/** All scores of labelled rows. */
export interface LabelMetrics {
  readonly report: LabelReport;
  readonly labels: readonly OneAgainstRest[];
}

/** Half the distance from 1 to the next number: a probability of 1 is not known any better. */
const LEAST = Number.EPSILON / 2;

/** Scores predictions against labels [rows, names] of 0 and 1. Throws RangeError when they do not fit or there are none. */
export function labelMetrics(
  { names, flags, probabilities }: LabelsPredictions,
  labels: Float32Array,
): LabelMetrics {
  const width = names.length;
  if (labels.length === 0) throw new RangeError("labelMetrics: there are no rows to score");
  if (labels.length !== flags.length)
    throw new RangeError(`labelMetrics: ${flags.length} predictions for ${labels.length} labels`);
  const rows = labels.length / width;
  const counts = names.map((_, j): LabelCounts => {
    let [support, predicted, right] = [0, 0, 0];
    for (let i = j; i < labels.length; i += width) {
      const [has, is] = [labels[i] ?? 0, flags[i] ?? 0];
      support += has;
      predicted += is;
      right += has * is;
    }
    return { support, predicted, right };
  });
  const scores = counts.map((count, j): OneAgainstRest => {
    const [own, rest]: [number[], number[]] = [[], []];
    for (let i = j; i < labels.length; i += width)
      (labels[i] === 1 ? own : rest).push(probabilities[i] ?? 0);
    return { ...labelScores(count), ...ranking(Float64Array.from(own), Float64Array.from(rest)) };
  });
  let exact = 0;
  for (let row = 0; row < rows; row += 1) {
    const start = row * width;
    const isRight = names.every((_, j) => labels[start + j] === flags[start + j]);
    if (isRight) exact += 1;
  }
  const present = scores.filter(({ support }) => support > 0);
  return {
    report: {
      exactMatch: exact / rows,
      precision: mean(present.map(({ precision }) => precision)) ?? 0,
      recall: mean(present.map(({ recall }) => recall)) ?? 0,
      f1: mean(present.map(({ f1 }) => f1)) ?? 0,
      microF1: microF1(counts),
      rocAuc: mean(present.flatMap(({ rocAuc }) => rocAuc ?? [])),
      averagePrecision: mean(present.flatMap(({ averagePrecision }) => averagePrecision ?? [])),
      logLoss: logLoss(probabilities, labels),
    },
    labels: scores,
  };
}

/** Null when there is nothing. */
function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function logLoss(probabilities: Float64Array, labels: Float32Array): number {
  let sum = 0;
  labels.forEach((label, i) => {
    const p = probabilities[i] ?? 0;
    sum -= scalar.log(Math.max(label === 1 ? p : 1 - p, LEAST));
  });
  return sum / labels.length;
}
