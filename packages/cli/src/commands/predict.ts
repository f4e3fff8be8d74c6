// shardgrad predict: what a trained model says about the rows of a table.
import { once } from "node:events";
import {
  decodeOutputs,
  type Encoding,
  encodeFeatures,
  isTextHead,
  predict,
  type Predictions,
  tablesOfStream,
  targetColumns,
  type TrainedModel,
  writeFileAtomic,
} from "@shardgrad/parallel";
import { predictOptions } from "../options/use.js";
import {
  formatLines,
  formatOf,
  formatPredictions,
  type LabelList,
  type LineFormat,
  predictionColumns,
} from "../predictions.js";
import { count } from "../report/format.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { openModel, openModelAndTable } from "../trained-model.js";
import { cannotWrite, UsageError } from "../usage-error.js";
import type { CommandResult } from "./run.js";

/** Writes one prediction a row, in the order of the rows, to a file or stdout. */
export async function predictRows(flags: RawFlags): Promise<CommandResult> {
  const { settings, given } = resolveSettings(predictOptions, flags, process.env, null);
  const { out, workers, probabilities } = settings;
  const format = settings.format ?? (out === undefined ? "csv" : formatOf(out));
  const opened = await openModel(settings);
  const { model, ops, encoding } = opened;
  const targets = targetColumns(encoding.target);
  if (probabilities && encoding.target.kind === "number")
    throw new UsageError(
      `${given.get("probabilities")}: the model predicts ${targets.length === 1 ? "a number" : "numbers"} (${targets.join(", ")}), not classes or labels; leave it out`,
    );
  const isLines = format === "csv" || format === "jsonl";
  if (settings.data === "-" && settings.rows === undefined && out === undefined && isLines)
    if (isTextHead(await headOfStdin())) {
      await predictStream(model, encoding, format, probabilities);
      return 0;
    }
  const { table, rows } = await openModelAndTable(settings, opened);
  const features = encodeFeatures(encoding, table, rows);
  const outputs = await predict(model.spec, model.parameters, features, { workers, ops });
  const columns = predictionColumns(
    decodeOutputs(encoding, outputs),
    probabilities,
    listOf(encoding),
  );
  const content = await formatPredictions(columns, format);
  if (out === undefined) process.stdout.write(content);
  else {
    await writeFileAtomic(out, content).catch((error: unknown) => {
      throw cannotWrite("--out", out, error);
    });
    process.stderr.write(`${count(rows.length)} predictions of ${targets.join(", ")} in ${out}\n`);
  }
  return 0;
}

/** How labels are listed in one text, as the table had them. */
function listOf({ target }: Encoding): LabelList {
  return target.kind === "labels" ? target.list : null;
}

/** The first bytes of standard input, which stay there to be read. */
async function headOfStdin(): Promise<Uint8Array> {
  const { stdin } = process;
  for (;;) {
    const head = stdin.read() as Buffer | null; // no encoding is set, so these are bytes
    if (head !== null) {
      stdin.unshift(head);
      return head;
    }
    if (stdin.readableEnded) return new Uint8Array(0);
    await Promise.race([once(stdin, "readable"), once(stdin, "end")]);
  }
}

/** Predicts rows as they come in, in memory that does not grow; the model runs on this thread. */
async function predictStream(
  model: TrainedModel,
  encoding: NonNullable<TrainedModel["encoding"]>,
  format: LineFormat,
  probabilities: boolean,
): Promise<void> {
  let isFirst = true;
  for await (const table of tablesOfStream(process.stdin, encoding, "standard input")) {
    const predictions = model.predict(table) as Predictions; // the model has an encoding
    const columns = predictionColumns(predictions, probabilities, listOf(encoding));
    const text = formatLines(columns, format, isFirst);
    isFirst = false;
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
  }
}
