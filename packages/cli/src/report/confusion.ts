// Counts of true against predicted classes, and each class's scores, as tables for people.
import type { ConfusionMatrix, OneAgainstRest } from "@shardgrad/parallel";
import { columns, count, percent, short } from "./format.js";

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

/** The scores of every class against the others, or of every label. */
export function formatClassScores(
  names: readonly string[],
  scores: readonly OneAgainstRest[],
  what: "class" | "label" = "class",
): string {
  const rows = names.map((name, i) => {
    const { precision = 0, recall = 0, f1 = 0, support = 0 } = scores[i] ?? {};
    const { rocAuc = null, averagePrecision = null } = scores[i] ?? {};
    const areas = [rocAuc, averagePrecision].map((area) => (area === null ? "–" : short(area)));
    return [name, percent(precision), percent(recall), percent(f1), ...areas, count(support)];
  });
  const head = [what, "precision", "recall", "f1", "ROC AUC", "average precision", "rows"];
  return columns([head, ...rows], [false, ...head.slice(1).map(() => true)]);
}
