// Scores of predictions: sums over chunks of rows that fold to the same bits however rows were spread over workers.
import type { Target } from "../dataset/table/dataset.js";
import type { Scores } from "../events.js";

/** Targets of adjacent rows, the first of them being row 0 of `add`. */
export type TargetRows =
  | { readonly kind: "class"; readonly labels: Int32Array } // [count]
  | { readonly kind: "number" | "labels"; readonly values: Float32Array }; // [count, width]

/**
 * Scores rows in two steps: `add` a chunk of rows to its own `size` sums, then fold the sums of all chunks in their
 * order with `foldSums`, and `finish`. Chunks must be the same for any number of workers; then the scores are.
 */
export interface Scorer {
  /** Numbers of f64 that a chunk's sums take. They start as 0. */
  readonly size: number;
  /**
   * Adds `count` rows.
   * @param outputs [count, width]: logits or values
   * @param rowLoss [count], or null when the loss is not wanted
   */
  readonly add: (
    sums: Float64Array,
    outputs: Float32Array,
    rowLoss: Float32Array | null,
    targets: TargetRows,
    count: number,
  ) => void;
  /**
   * { loss, accuracy } for classes, { loss, rmse, mae, r2 } for numbers, { loss, f1, microF1 } for labels; loss only when
   * row losses were added.
   */
  readonly finish: (sums: Float64Array) => Scores;
}

/** What a scorer must know of the targets. */
export interface ScorerOptions {
  readonly kind: Target["kind"];
  /** Outputs of a row: classes, or numbers. */
  readonly width: number;
  /** The target's scale: rmse and mae are in its own unit, the model's times this. Default 1. */
  readonly unit?: number | undefined;
  /** What a mean of row losses is divided by besides the rows. Default 1. */
  readonly perRowCount?: number | undefined;
}

/** The scores of each kind of target. */
export const scoreNames: Readonly<Record<Target["kind"], readonly string[]>> = {
  class: ["loss", "accuracy"],
  number: ["loss", "rmse", "mae", "r2"],
  labels: ["loss", "f1", "microF1"],
};

/** The scorer for targets of this kind. */
export function scorer({ kind, width, unit = 1, perRowCount = 1 }: ScorerOptions): Scorer {
  switch (kind) {
    case "class":
      return classScorer(width, perRowCount);
    case "number":
      return numberScorer(width, unit, perRowCount);
    case "labels":
      return labelScorer(width, perRowCount);
  }
}

/** Adds the sums of the next chunk to those of the chunks before it. */
export function foldSums(total: Float64Array, next: Float64Array): void {
  for (let i = 0; i < total.length; i += 1) total[i] = at(total, i) + at(next, i);
}

// the first three sums of every scorer
const ROWS = 0;
const LOSSES = 1; // rows that came with a loss
const LOSS = 2;
const CORRECT = 3;

function addLoss(sums: Float64Array, rowLoss: Float32Array | null, count: number): void {
  sums[ROWS] = at(sums, ROWS) + count;
  if (rowLoss === null) return;
  sums[LOSSES] = at(sums, LOSSES) + count;
  for (let row = 0; row < count; row += 1) sums[LOSS] = at(sums, LOSS) + (rowLoss[row] ?? 0);
}

function lossScore(sums: Float64Array, perRowCount: number): Scores {
  return at(sums, LOSSES) > 0 ? { loss: at(sums, LOSS) / (at(sums, LOSSES) * perRowCount) } : {};
}

function classScorer(width: number, perRowCount: number): Scorer {
  return {
    size: 4,
    add: (sums, outputs, rowLoss, targets, count) => {
      if (targets.kind !== "class")
        throw new TypeError(`scorer: class labels expected, a ${targets.kind} target given`);
      addLoss(sums, rowLoss, count);
      for (let row = 0; row < count; row += 1)
        if (isRight(outputs, row * width, width, targets.labels[row] ?? -1))
          sums[CORRECT] = at(sums, CORRECT) + 1;
    },
    finish: (sums) => ({
      ...lossScore(sums, perRowCount),
      accuracy: at(sums, CORRECT) / at(sums, ROWS),
    }),
  };
}

/** Whether the label's output is the first largest. False when an output is NaN. */
function isRight(outputs: Float32Array, start: number, width: number, label: number): boolean {
  const own = outputs[start + label] ?? Number.NaN;
  for (let j = 0; j < width; j += 1) {
    const other = outputs[start + j] ?? Number.NaN;
    if (!(j < label ? own > other : own >= other)) return false;
  }
  return true;
}

/**
 * A label is predicted when its logit is at least 0. f1 is the unweighted mean over the labels that occur, microF1 comes
 * from the counts of all labels together.
 */
function labelScorer(width: number, perRowCount: number): Scorer {
  const PER_LABEL = 3; // rows that have it, rows predicted to have it, rows of both kinds
  return {
    size: 3 + PER_LABEL * width,
    add: (sums, outputs, rowLoss, targets, count) => {
      if (targets.kind !== "labels")
        throw new TypeError(`scorer: labels of 0 and 1 expected, a ${targets.kind} target given`);
      addLoss(sums, rowLoss, count);
      for (let i = 0; i < count * width; i += 1) {
        const first = 3 + PER_LABEL * (i % width);
        const has = targets.values[i] ?? 0;
        const predicted = (outputs[i] ?? Number.NaN) >= 0 ? 1 : 0;
        sums[first] = at(sums, first) + has;
        sums[first + 1] = at(sums, first + 1) + predicted;
        sums[first + 2] = at(sums, first + 2) + has * predicted;
      }
    },
    finish: (sums) => {
      const counts = Array.from({ length: width }, (_, j): LabelCounts => {
        const first = 3 + PER_LABEL * j;
        return {
          support: at(sums, first),
          predicted: at(sums, first + 1),
          right: at(sums, first + 2),
        };
      });
      return {
        ...lossScore(sums, perRowCount),
        f1: macroF1(counts.map(labelScores)),
        microF1: microF1(counts),
      };
    },
  };
}

/** Rows that have a label, rows that are predicted to have it, and rows of both kinds. */
export interface LabelCounts {
  readonly support: number;
  readonly predicted: number;
  readonly right: number;
}

/** Precision, recall and F1 of a label. */
export function labelScores({ support, predicted, right }: LabelCounts): ClassScores {
  return {
    support,
    precision: ratio(right, predicted),
    recall: ratio(right, support),
    f1: ratio(2 * right, support + predicted),
  };
}

/** F1 from the counts of all labels together. */
export function microF1(counts: readonly LabelCounts[]): number {
  const sum = (of: keyof LabelCounts): number =>
    counts.reduce((total, count) => total + count[of], 0);
  return ratio(2 * sum("right"), sum("support") + sum("predicted"));
}

/**
 * rmse = √(Σe²/(n·width)), mae = Σ|e|/(n·width), r2 = mean over outputs of 1 − Σe²/Σ(t − mean t)²,
 * with Σ(t − mean t)² = Σt² − (Σt)²/n in f64: t is f32, so the difference keeps its digits.
 */
function numberScorer(width: number, unit: number, perRowCount: number): Scorer {
  const PER_OUTPUT = 4; // Σe², Σ|e|, Σt, Σt²
  return {
    size: 3 + PER_OUTPUT * width,
    add: (sums, outputs, rowLoss, targets, count) => {
      if (targets.kind !== "number")
        throw new TypeError(`scorer: numbers expected, a ${targets.kind} target given`);
      addLoss(sums, rowLoss, count);
      for (let row = 0; row < count; row += 1)
        for (let j = 0; j < width; j += 1) {
          const target = targets.values[row * width + j] ?? 0;
          const error = (outputs[row * width + j] ?? 0) - target;
          const first = 3 + PER_OUTPUT * j;
          sums[first] = at(sums, first) + error * error;
          sums[first + 1] = at(sums, first + 1) + Math.abs(error);
          sums[first + 2] = at(sums, first + 2) + target;
          sums[first + 3] = at(sums, first + 3) + target * target;
        }
    },
    finish: (sums) => {
      const rows = at(sums, ROWS);
      let [squares, distances, explained] = [0, 0, 0];
      for (let j = 0; j < width; j += 1) {
        const first = 3 + PER_OUTPUT * j;
        const mean = at(sums, first + 2) / rows;
        const squaresOfTargets = at(sums, first + 3);
        const difference = squaresOfTargets - at(sums, first + 2) * mean;
        const variation = difference > rows * Number.EPSILON * squaresOfTargets ? difference : 0; // not rounding alone
        squares += at(sums, first);
        distances += at(sums, first + 1);
        explained += determination(at(sums, first), variation);
      }
      return {
        ...lossScore(sums, perRowCount),
        rmse: Math.sqrt(squares / (rows * width)) * unit,
        mae: (distances / (rows * width)) * unit,
        r2: explained / width,
      };
    },
  };
}

/** R² = 1 − Σe²/Σ(t − mean t)²; for targets that are all equal 1 when they are met exactly, else 0. */
function determination(squares: number, variation: number): number {
  if (variation > 0) return 1 - squares / variation;
  return squares === 0 ? 1 : 0;
}

/** Counts of rows by true class (row) and predicted class (column). */
export interface ConfusionMatrix {
  readonly classes: number;
  readonly counts: Float64Array; // [classes, classes]
}

/** The confusion matrix of labels against predicted classes, both [rows] in [0, classes). Throws RangeError. */
export function confusionMatrix(
  classes: number,
  labels: Int32Array,
  predicted: Int32Array,
): ConfusionMatrix {
  if (labels.length !== predicted.length)
    throw new RangeError(
      `confusionMatrix: ${predicted.length} predictions for ${labels.length} labels`,
    );
  const counts = new Float64Array(classes * classes);
  labels.forEach((label, row) => {
    const guess = predicted[row] ?? -1;
    for (const index of [label, guess])
      if (index < 0 || index >= classes)
        throw new RangeError(`confusionMatrix: row ${row}: class ${index} of ${classes}`);
    const cell = label * classes + guess;
    counts[cell] = at(counts, cell) + 1;
  });
  return { classes, counts };
}

/** How well one class is told from the others; each score is 0 where it would be 0/0. */
export interface ClassScores {
  readonly support: number; // rows of this class
  readonly precision: number; // of the rows predicted as this class, the part that is
  readonly recall: number; // of the rows of this class, the part predicted so
  readonly f1: number; // harmonic mean of the two
}

/** Precision, recall and F1 of every class. */
export function classScores({ classes, counts }: ConfusionMatrix): ClassScores[] {
  return Array.from({ length: classes }, (_, own) => {
    let [support, predicted] = [0, 0];
    for (let other = 0; other < classes; other += 1) {
      support += at(counts, own * classes + other);
      predicted += at(counts, other * classes + own);
    }
    return labelScores({ support, predicted, right: at(counts, own * classes + own) });
  });
}

/** The unweighted mean of F1 over the classes that occur. */
export function macroF1(scores: readonly ClassScores[]): number {
  const present = scores.filter((score) => score.support > 0);
  return ratio(
    present.reduce((sum, score) => sum + score.f1, 0),
    present.length,
  );
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function at(values: Float64Array, i: number): number {
  return values[i] ?? 0;
}
