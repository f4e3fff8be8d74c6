// The threshold of two classes: the probability from which on the second of them is predicted.
import { scalar } from "@shardgrad/core";

/**
 * By how much the logit of the second class must exceed that of the first, in f32, for its probability to reach the
 * threshold: ln(t/(1 − t)). A comparison of logits is the same in every format that a model is exported to.
 */
export function logitMargin(threshold: number): number {
  return Math.fround(scalar.log(threshold) - scalar.log(1 - threshold));
}

/**
 * The threshold with the best mean F1 of two classes, half-way between two neighbouring probabilities, or ½; of equals the
 * one next to ½. Throws RangeError unless rows of both classes are there.
 * @param probabilities of the second class [rows]
 * @param labels 0 and 1 [rows]
 */
export function bestThreshold(
  probabilities: ArrayLike<number>,
  labels: Int32Array,
): { readonly threshold: number; readonly f1: number } {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (positives === 0 || positives === labels.length)
    throw new RangeError(
      `bestThreshold: ${positives} of ${labels.length} rows are of the second class; give rows of both`,
    );
  const order = Array.from(labels, (label, row) => ({
    p: probabilities[row] ?? Number.NaN,
    label,
  }));
  order.sort((a, b) => a.p - b.p);
  const f1 = (found: number, alarms: number): number => {
    const wrong = positives - found + alarms;
    const rejected = labels.length - positives - alarms;
    return found / (2 * found + wrong) + rejected / (2 * rejected + wrong);
  };
  let [found, alarms] = [positives, labels.length - positives]; // rows at or above the threshold
  let atHalf: number | null = null;
  let best = { threshold: 0.5, f1: -1 };
  const consider = (threshold: number, score: number): void => {
    const isNearer = Math.abs(threshold - 0.5) < Math.abs(best.threshold - 0.5);
    if (score > best.f1 || (score === best.f1 && isNearer)) best = { threshold, f1: score };
  };
  order.forEach(({ p, label }, i) => {
    const below = order[i - 1]?.p ?? 0;
    if (p >= 0.5) atHalf ??= f1(found, alarms);
    if (i > 0 && p > below) consider((p + below) / 2, f1(found, alarms));
    if (label === 1) found -= 1;
    else alarms -= 1;
  });
  consider(0.5, atHalf ?? f1(found, alarms));
  return best;
}
