// Counts of true against predicted classes, and each class's scores, as tables for people.
import type { ClassScores, ConfusionMatrix } from "@shardgrad/parallel";
import { columns, count } from "./format.js";

const MOST_CLASSES = 30; // a wider matrix is not readable on a screen

/** The matrix, a true class a line; a remark when it would be too wide. */
export function formatConfusion(
  names: readonly string[],
  { classes, counts }: ConfusionMatrix,
): string {
  if (classes > MOST_CLASSES)
    return `(a confusion matrix of ${classes} classes is in the output of --json)`;
  const rows = names.map((name, row) => [
    name,
    ...names.map((_, column) => count(counts[row * classes + column] ?? 0)),
  ]);
  return columns([["true \\ predicted", ...names], ...rows], [false, ...names.map(() => true)]);
}

/** Precision, recall and F1 of every class. */
export function formatClassScores(
  names: readonly string[],
  scores: readonly ClassScores[],
): string {
  const rows = names.map((name, i) => {
    const { precision = 0, recall = 0, f1 = 0, support = 0 } = scores[i] ?? {};
    return [name, percent(precision), percent(recall), percent(f1), count(support)];
  });
  return columns(
    [["class", "precision", "recall", "f1", "rows"], ...rows],
    [false, true, true, true, true],
  );
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)}%`;
}
