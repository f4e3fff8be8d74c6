// shardgrad evaluate: scores a trained model on a table.
import {
  classMetrics,
  type ClassMetrics,
  columnOf,
  type Dataset,
  decodeOutputs,
  encode,
  type Encoding,
  evaluate,
  labelMetrics,
  numberMetrics,
  type NumberReport,
  type OneAgainstRest,
  overallNumbers,
  predict,
  type Predictions,
  type Table,
  unknownLabels,
} from "@shardgrad/parallel";
import { classLabels } from "../class-labels.js";
import { evaluateOptions } from "../options/use.js";
import { formatClassScores, formatConfusion } from "../report/confusion.js";
import { columns, count, percent, short } from "../report/format.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { openModelAndTable } from "../trained-model.js";
import type { CommandResult } from "./run.js";

/** Prints scores over all rows, and those of each class, label or target; for classes also the confusion matrix. */
export async function evaluateModel(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(evaluateOptions, flags, process.env, null);
  const { workers } = settings;
  const { model, ops, encoding, table, rows } = await openModelAndTable(settings);
  const data = encode(encoding, table, rows);
  const { spec, parameters, loss } = model;
  const { loss: meanLoss = null } = await evaluate(spec, parameters, loss, data, { workers, ops });
  const outputs = await predict(spec, parameters, data, { workers, ops });
  const { scores, parts } = scoresOf(encoding, decodeOutputs(encoding, outputs), data, table, rows);
  const all = { loss: meanLoss, ...scores };
  if (settings.json)
    process.stdout.write(
      `${JSON.stringify({ rows: rows.length, scores: all, ...parts?.json() })}\n`,
    );
  else {
    const lines = Object.entries(all).map(([name, value]) => [
      parts?.words[name] ?? words[name] ?? name,
      shown(name, value),
    ]);
    process.stdout.write(
      `${count(rows.length)} rows of ${table.source}\n\n${columns(lines, [false, true])}\n${parts === null ? "" : `\n${parts.text()}\n`}`,
    );
  }
  noteUnknown(encoding, table, rows);
  return 0;
}

type Named = Readonly<Record<string, number | null>>;

/** The scores of each class, label or target, in both forms of the output. */
interface Parts {
  /** What the scores of all together are called, where it differs. */
  readonly words: Readonly<Record<string, string>>;
  readonly json: () => object;
  readonly text: () => string;
}

/** Scores over all rows, and of the parts of the target when it has some. */
function scoresOf(
  { target }: Encoding,
  predictions: Predictions,
  data: Dataset,
  table: Table,
  rows: Int32Array,
): { readonly scores: Named; readonly parts: Parts | null } {
  switch (predictions.kind) {
    case "class": {
      const labels = classLabels(data);
      const metrics = classMetrics(predictions, labels);
      return { scores: { ...metrics.report }, parts: classParts(predictions.classes, metrics) };
    }
    case "labels": {
      const flags = data.target?.kind === "labels" ? data.target.values : new Float32Array(0);
      const { report, labels } = labelMetrics(predictions, flags);
      return { scores: { ...report }, parts: labelParts(predictions.names, labels) };
    }
    case "number": {
      const { columns: names, values } = predictions;
      const reports = names.map((name, j) =>
        numberMetrics(
          values.filter((_, i) => i % names.length === j),
          targetNumbers(table, name, rows),
        ),
      );
      const [only, second] = reports;
      if (only !== undefined && second === undefined) return { scores: { ...only }, parts: null };
      const sds = target.kind === "number" ? target.columns.map(({ sd }) => sd) : [];
      return { scores: { ...overallNumbers(reports, sds) }, parts: numberParts(names, reports) };
    }
  }
}

/** The numbers to be predicted, as the table has them; `encode` has seen that there are such. */
function targetNumbers(table: Table, name: string, rows: Int32Array): Float64Array {
  const column = columnOf(table, name);
  return Float64Array.from(rows, (row) =>
    column.kind === "number" ? (column.values[row] ?? Number.NaN) : Number.NaN,
  );
}

function classParts(names: readonly string[], { classes, matrix }: ClassMetrics): Parts {
  const { classes: width, counts } = matrix;
  return {
    words: {},
    json: () => ({
      classes: names.map((name, i) => ({ name, ...classes[i] })),
      confusion: names.map((_, row) => [...counts.subarray(row * width, (row + 1) * width)]),
    }),
    text: () => `${formatConfusion(names, matrix)}\n\n${formatClassScores(names, classes)}`,
  };
}

function labelParts(names: readonly string[], labels: readonly OneAgainstRest[]): Parts {
  return {
    words: {
      precision: "precision (mean of the labels)",
      recall: "recall (mean of the labels)",
      f1: "F1 (mean of the labels)",
      microF1: "F1 (all labels together)",
      rocAuc: "ROC AUC (mean of the labels)",
      averagePrecision: "average precision (mean of the labels)",
    },
    json: () => ({ labels: names.map((name, i) => ({ name, ...labels[i] })) }),
    text: () => formatClassScores(names, labels, "label"),
  };
}

function numberParts(names: readonly string[], reports: readonly NumberReport[]): Parts {
  return {
    words: {
      rmse: "RMSE (in standard deviations)",
      mae: "MAE (in standard deviations)",
      r2: "R² (mean of the targets)",
      mape: "MAPE (mean of the targets)",
    },
    json: () => ({ targets: names.map((name, i) => ({ name, ...reports[i] })) }),
    text: () =>
      columns(
        [
          ["target", "RMSE", "MAE", "R²", "MAPE"],
          ...names.map((name, i) => {
            const { rmse = 0, mae = 0, r2 = 0, mape = null } = reports[i] ?? {};
            return [name, short(rmse), short(mae), short(r2), shown("mape", mape)];
          }),
        ],
        [false, true, true, true, true],
      ),
  };
}

/** Labels that the model cannot know are not among those that are scored. */
function noteUnknown({ target }: Encoding, table: Table, rows: Int32Array): void {
  if (target.kind !== "labels") return;
  const unknown = unknownLabels(target, table, rows);
  if (unknown.length > 0)
    process.stderr.write(
      `note: ${count(unknown.length)} labels that training has not seen are not scored, e.g. ${unknown.slice(0, 3).join(", ")}\n`,
    );
}

/** What scores are called for people, where the name alone does not say it. */
const words: Readonly<Record<string, string>> = {
  balancedAccuracy: "balanced accuracy",
  exactMatch: "rows with all labels right",
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
  "exactMatch",
  "balancedAccuracy",
  "precision",
  "recall",
  "f1",
  "microF1",
  "mape",
]);

const shown = (name: string, value: number | null): string =>
  value === null ? "–" : PARTS.has(name) ? percent(value) : short(value);
