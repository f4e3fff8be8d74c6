// shardgrad predict: what a trained model says about the rows of a table.
import {
  decodeOutputs,
  encodeFeatures,
  predict,
  type Predictions,
  writeFileAtomic,
} from "@shardgrad/parallel";
import { predictOptions } from "../options/use.js";
import { formatOf, formatPredictions, type PredictionColumn } from "../predictions.js";
import { count } from "../report/format.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { openModelAndTable } from "../trained-model.js";
import { cannotWrite, UsageError } from "../usage-error.js";
import type { CommandResult } from "./run.js";

/** Writes one prediction a row, in the order of the rows, to a file or stdout. */
export async function predictRows(flags: RawFlags): Promise<CommandResult> {
  const { settings, given } = resolveSettings(predictOptions, flags, process.env, null);
  const { out, workers } = settings;
  const format = settings.format ?? (out === undefined ? "csv" : formatOf(out));
  const { model, ops, encoding, table, rows } = await openModelAndTable(settings);
  if (settings.probabilities && encoding.target.kind === "number")
    throw new UsageError(
      `${given.get("probabilities")}: the model predicts a number (${encoding.target.column}), not classes; leave it out`,
    );
  const features = encodeFeatures(encoding, table, rows);
  const outputs = await predict(model.spec, model.parameters, features, { workers, ops });
  const content = await formatPredictions(
    predictionColumns(decodeOutputs(encoding, outputs), settings.probabilities),
    format,
  );
  if (out === undefined) process.stdout.write(content);
  else {
    await writeFileAtomic(out, content).catch((error: unknown) => {
      throw cannotWrite("--out", out, error);
    });
    process.stderr.write(
      `${count(rows.length)} predictions of ${encoding.target.column} in ${out}\n`,
    );
  }
  return 0;
}

/** `prediction`, and if wanted `probability <class>` for each class. */
function predictionColumns(
  predictions: Predictions,
  withProbabilities: boolean,
): readonly PredictionColumn[] {
  if (predictions.kind === "number")
    return [{ name: "prediction", kind: "number", values: predictions.values }];
  const { classes, labels, probabilities } = predictions;
  const columns: PredictionColumn[] = [{ name: "prediction", kind: "text", values: labels }];
  if (withProbabilities)
    classes.forEach((name, j) => {
      const values = Float64Array.from(
        labels,
        (_, row) => probabilities[row * classes.length + j] ?? 0,
      );
      columns.push({ name: `probability ${name}`, kind: "number", values });
    });
  return columns;
}
