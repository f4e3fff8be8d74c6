// Scores of predicted classes over a whole set: sums in row order in f64, so the same for any number of workers.
import { scalar } from "@shardgrad/core";
import type { ClassPredictions } from "../dataset/encode/decode.js";
import { classScores, confusionMatrix, type ClassScores, type ConfusionMatrix } from "./metrics.js";

/** Scores of one class against all others. */
export interface OneAgainstRest extends ClassScores {
  /** The area under the ROC curve: how often a row of the class has a higher probability than one of another. */
  readonly rocAuc: number | null;
  /** Σ (Rₙ − Rₙ₋₁)·Pₙ over falling thresholds, R recall and P precision: the area under their curve, in steps. */
  readonly averagePrecision: number | null;
}

/** Scores over all classes. Means are unweighted, over the classes that occur. */
export interface ClassReport {
  readonly accuracy: number;
  readonly balancedAccuracy: number; // the mean recall
  readonly precision: number; // the mean
  readonly recall: number; // the mean
  readonly f1: number; // the mean
  /** From the counts of all classes together; with one label a row it equals the accuracy, as do precision and recall. */
  readonly microF1: number;
  readonly rocAuc: number | null; // the mean; null when only one class occurs
  readonly averagePrecision: number | null; // the mean; null when only one class occurs
  /** −mean ln p of the true class, p being at least 2⁻¹⁰²². */
  readonly logLoss: number;
}

/** All scores of classified rows. */
export interface ClassMetrics {
  readonly report: ClassReport;
  readonly classes: readonly OneAgainstRest[];
  readonly matrix: ConfusionMatrix;
}

/** Scores predictions against labels [rows]. Throws RangeError when they do not fit or there are none. */
export function classMetrics(
  { classes, indices, probabilities }: ClassPredictions,
  labels: Int32Array,
): ClassMetrics {
  if (labels.length === 0) throw new RangeError("classMetrics: there are no rows to score");
  const width = classes.length;
  const matrix = confusionMatrix(width, labels, indices);
  const scores = classScores(matrix).map((score, own): OneAgainstRest => {
    const [ofOwn, ofRest]: [number[], number[]] = [[], []];
    labels.forEach((label, row) => {
      (label === own ? ofOwn : ofRest).push(probabilities[row * width + own] ?? 0);
    });
    return { ...score, ...ranking(Float64Array.from(ofOwn), Float64Array.from(ofRest)) };
  });
  const right = indices.reduce((sum, index, row) => sum + (index === labels[row] ? 1 : 0), 0);
  const accuracy = right / labels.length;
  const present = scores.filter(({ support }) => support > 0);
  const recall = mean(present.map((score) => score.recall));
  return {
    report: {
      accuracy,
      balancedAccuracy: recall,
      precision: mean(present.map((score) => score.precision)),
      recall,
      f1: mean(present.map((score) => score.f1)),
      microF1: accuracy,
      rocAuc: meanOrNull(present.map((score) => score.rocAuc)),
      averagePrecision: meanOrNull(present.map((score) => score.averagePrecision)),
      logLoss: logLoss(probabilities, width, labels),
    },
    classes: scores,
    matrix,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function meanOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : mean(known);
}

/** The least probability that a logarithm is taken of. */
const LEAST = 2.2250738585072014e-308;

function logLoss(probabilities: Float64Array, width: number, labels: Int32Array): number {
  let sum = 0;
  labels.forEach((label, row) => {
    sum -= scalar.log(Math.max(probabilities[row * width + label] ?? 0, LEAST));
  });
  return sum / labels.length;
}

/**
 * Area under the ROC curve and average precision of the scores of rows that are of a class, and of those that are not.
 * Equal scores are one threshold: half of their pairs count as right. Both null when there are no rows of either kind.
 */
export function ranking(
  own: Float64Array,
  rest: Float64Array,
): Pick<OneAgainstRest, "rocAuc" | "averagePrecision"> {
  if (own.length === 0 || rest.length === 0) return { rocAuc: null, averagePrecision: null };
  own.sort();
  rest.sort();
  let [i, j] = [own.length, rest.length]; // rows below the threshold
  let pairs = 0; // twice the pairs in which the row of the class is ahead: whole numbers, so exact
  let area = 0;
  while (i > 0) {
    const threshold = Math.max(own[i - 1] ?? 0, rest[j - 1] ?? -Infinity);
    const [above, beside] = [i, j];
    while (i > 0 && own[i - 1] === threshold) i -= 1;
    while (j > 0 && rest[j - 1] === threshold) j -= 1;
    const found = above - i;
    pairs += found * (2 * j + (beside - j));
    const taken = own.length - i + (rest.length - j);
    area += (found / own.length) * ((own.length - i) / taken);
  }
  return { rocAuc: pairs / (2 * own.length * rest.length), averagePrecision: area };
}
