// shardgrad evaluate: scores a trained model on a table.
import {
  classMetrics,
  type ClassMetrics,
  columnOf,
  decodeOutputs,
  encode,
  evaluate,
  numberMetrics,
  predict,
  type Table,
} from "@shardgrad/parallel";
import { evaluateOptions } from "../options/use.js";
import { formatClassScores, formatConfusion } from "../report/confusion.js";
import { columns, count, percent, short } from "../report/format.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { openModelAndTable } from "../trained-model.js";
import type { CommandResult } from "./run.js";

/** Prints scores over all rows; for classes also the confusion matrix and each class's scores. */
export async function evaluateModel(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(evaluateOptions, flags, process.env, null);
  const { workers } = settings;
  const { model, ops, encoding, table, rows } = await openModelAndTable(settings);
  const data = encode(encoding, table, rows);
  const { spec, parameters, loss } = model;
  const { loss: meanLoss = null } = await evaluate(spec, parameters, loss, data, { workers, ops });
  const outputs = await predict(spec, parameters, data, { workers, ops });
  const predictions = decodeOutputs(encoding, outputs);
  if (predictions.kind === "class") {
    const labels = data.target?.kind === "class" ? data.target.labels : new Int32Array(0);
    const metrics = classMetrics(predictions, labels);
    const scores = { loss: meanLoss, ...metrics.report };
    const classes = { names: predictions.classes, metrics };
    print(settings.json, table, rows.length, scores, classes);
  } else {
    const targets = targetNumbers(table, encoding.target.column, rows);
    const scores = { loss: meanLoss, ...numberMetrics(predictions.values, targets) };
    print(settings.json, table, rows.length, scores, null);
  }
  return 0;
}

/** The numbers to be predicted, as the table has them; `encode` has seen that there are such. */
function targetNumbers(table: Table, name: string, rows: Int32Array): Float64Array {
  const column = columnOf(table, name);
  return Float64Array.from(rows, (row) =>
    column.kind === "number" ? (column.values[row] ?? Number.NaN) : Number.NaN,
  );
}

interface Classes {
  readonly names: readonly string[];
  readonly metrics: ClassMetrics;
}

function print(
  json: boolean,
  table: Table,
  rows: number,
  scores: Readonly<Record<string, number | null>>,
  classes: Classes | null,
): void {
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ rows, scores, ...(classes && classesAsJson(classes)) })}\n`,
    );
    return;
  }
  const lines = Object.entries(scores).map(([name, value]) => [
    words[name] ?? name,
    shown(name, value),
  ]);
  process.stdout.write(
    `${count(rows)} rows of ${table.source}\n\n${columns(lines, [false, true])}\n`,
  );
  if (classes === null) return;
  const { names, metrics } = classes;
  process.stdout.write(
    `\n${formatConfusion(names, metrics.matrix)}\n\n${formatClassScores(names, metrics.classes)}\n`,
  );
}

/** What scores are called for people, where the name alone does not say it. */
const words: Readonly<Record<string, string>> = {
  balancedAccuracy: "balanced accuracy",
  precision: "precision (mean of the classes)",
  recall: "recall (mean of the classes)",
  f1: "F1 (mean of the classes)",
  microF1: "F1 (all classes together)",
  rocAuc: "ROC AUC (mean of the classes)",
  averagePrecision: "average precision (mean of the classes)",
  logLoss: "log loss",
  rmse: "RMSE",
  mae: "MAE",
  r2: "R²",
  mape: "MAPE",
};

const PARTS = new Set([
  "accuracy",
  "balancedAccuracy",
  "precision",
  "recall",
  "f1",
  "microF1",
  "mape",
]);

const shown = (name: string, value: number | null): string =>
  value === null ? "–" : PARTS.has(name) ? percent(value) : short(value);

function classesAsJson({ names, metrics: { classes, matrix } }: Classes): object {
  const { classes: width, counts } = matrix;
  const confusion = names.map((_, row) => [...counts.subarray(row * width, (row + 1) * width)]);
  return { classes: names.map((name, i) => ({ name, ...classes[i] })), confusion };
}
