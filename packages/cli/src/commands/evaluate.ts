// shardgrad evaluate: scores a trained model on a table.
import {
  classScores,
  type ClassScores,
  confusionMatrix,
  type ConfusionMatrix,
  decodeOutputs,
  encode,
  evaluate,
  predict,
  targetUnit,
} from "@shardgrad/parallel";
import { evaluateOptions } from "../options/use.js";
import { count } from "../report/format.js";
import { scoreLine } from "../report/format.js";
import { formatClassScores, formatConfusion } from "../report/confusion.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { openModelAndTable } from "../trained-model.js";
import type { CommandResult } from "./run.js";

/** Prints scores; for classes also the confusion matrix and each class's scores. */
export async function evaluateModel(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(evaluateOptions, flags, process.env, null);
  const { workers } = settings;
  const { model, ops, encoding, table, rows } = await openModelAndTable(settings);
  const data = encode(encoding, table, rows);
  const { spec, parameters, loss } = model;
  const scores = await evaluate(spec, parameters, loss, data, {
    workers,
    ops,
    unit: targetUnit(encoding),
  });
  const classes = data.target?.kind === "class" ? await classify() : null;
  if (settings.json) {
    process.stdout.write(
      `${JSON.stringify({ rows: rows.length, scores, ...(classes && asJson(classes)) })}\n`,
    );
    return 0;
  }
  process.stdout.write(`${count(rows.length)} rows of ${table.source}\n${scoreLine(scores)}\n`);
  if (classes)
    process.stdout.write(
      `\n${formatConfusion(classes.names, classes.matrix)}\n\n${formatClassScores(classes.names, classes.scores)}\n`,
    );
  return 0;

  async function classify(): Promise<Classified | null> {
    const predictions = decodeOutputs(encoding, await predict(spec, parameters, data, { workers, ops }));
    if (predictions.kind !== "class" || data.target?.kind !== "class") return null;
    const matrix = confusionMatrix(
      predictions.classes.length,
      data.target.labels,
      predictions.indices,
    );
    return { names: predictions.classes, matrix, scores: classScores(matrix) };
  }
}

interface Classified {
  readonly names: readonly string[];
  readonly matrix: ConfusionMatrix;
  readonly scores: readonly ClassScores[];
}

function asJson({ names, matrix: { classes, counts }, scores }: Classified): object {
  const confusion = names.map((_, row) => [...counts.subarray(row * classes, (row + 1) * classes)]);
  return { classes: names.map((name, i) => ({ name, ...scores[i] })), confusion };
}
