// Options of a training run that make no sense together.
import { activationNames } from "@shardgrad/core";
import type { Task } from "@shardgrad/parallel";
import { classLabels } from "./class-labels.js";
import type { TrainingData } from "./training-data.js";
import { taskLosses } from "./model.js";
import { trainOptions, type TrainSettings } from "./options/train.js";
import type { Resolved } from "./settings.js";
import type { DecidedSettings } from "./train-defaults.js";
import { UsageError } from "./usage-error.js";

/** Throws UsageError for the first combination that cannot be meant. */
export function checkTrain({ settings, given }: Resolved<DecidedSettings>): void {
  const clash = (a: keyof TrainSettings, b: keyof TrainSettings, remedy: string): void => {
    if (given.has(a) && given.has(b))
      throw new UsageError(`${given.get(a)} and ${given.get(b)}: ${remedy}`);
  };
  clash("features", "drop", "give the columns to use or those to leave out, not both");
  clash("val", "valRows", "give one of them");
  clash("stratify", "group", "rows are drawn in one way; give one of them");
  clash("stratify", "time", "rows are drawn in one way; give one of them");
  clash("group", "time", "rows are drawn in one way; give one of them");
  for (const key of ["val", "valRows", "time", "out", "resume", "trace", "cpuProf"] as const)
    clash("folds", key, "folds score every row once and leave no run; give one of them");
  clash("folds", "threshold", "folds score the most probable class; give one of them");
  clash("test", "testRows", "give one of them");
  checkStream(settings, given);
  clash("out", "resume", "a run goes on in its own folder; give --resume alone");
  clash("resume", "config", "a run goes on with its own configuration; give --resume alone");
  clash("init", "initFrom", "the weights come from the file; give one of them");
  clash("force", "resume", "--force begins anew, --resume goes on; give one of them");

  const only = (key: keyof TrainSettings, condition: boolean, remedy: string): void => {
    const value = settings[key];
    // A run's own configuration names defaults too; they ask for nothing.
    const asksForNothing = value === false || value === 0 || value === trainOptions[key].default;
    if (given.has(key) && !condition && !asksForNothing)
      throw new UsageError(`${given.get(key)}: ${remedy}`);
  };
  const isSgd = settings.optimizer === "sgd";
  only("momentum", isSgd, `has no meaning for ${settings.optimizer}; add --optimizer sgd`);
  only(
    "nesterov",
    isSgd,
    `has no meaning for ${settings.optimizer}; add --optimizer sgd and --momentum`,
  );
  only("nesterov", (settings.momentum ?? 0) > 0, "needs --momentum above 0, such as 0.9");
  only(
    "warmup",
    settings.schedule === "cosine",
    "has no meaning for a constant rate; add --schedule cosine",
  );

  only("initSd", settings.init === "normal", "needs --init normal");
  only("toleranceOn", settings.tolerance !== undefined, "needs --tolerance");
  const { restoreBest } = settings;
  for (const key of ["monitor", "minDelta"] as const)
    only(key, restoreBest, "needs validation rows, and --restore-best or --patience");
  const validates = settings.val !== 0 || settings.valRows !== undefined;
  for (const key of ["restoreBest", "patience"] as const)
    only(key, validates, "needs validation rows; leave out --val 0");
  only("patience", restoreBest, "leaves the best weights; leave out --no-restore-best");

  const { activation, hidden } = settings;
  if (activation.length !== 1 && activation.length !== hidden.length)
    throw new UsageError(
      `${given.get("activation") ?? "activation"} ${activation.join(",")}: ${activation.length} activations for ${hidden.length} hidden layers; give one, or one for each`,
    );
  if (settings.ops === undefined) checkActivations({ settings, given }, []);
  if (settings.task) checkLoss(settings, settings.task, given);
}

/** Throws UsageError for what needs all rows at once. */
function checkStream(settings: TrainSettings, given: ReadonlyMap<string, string>): void {
  if (!settings.stream) {
    if (settings.shuffleBuffer === undefined) return;
    throw new UsageError(
      `${given.get("shuffleBuffer") ?? "shuffle-buffer"}: needs --stream; rows in memory are all shuffled`,
    );
  }
  const place = given.get("stream") ?? "stream";
  for (const key of [
    "trainRows",
    "valRows",
    "testRows",
    "stratify",
    "group",
    "time",
    "folds",
  ] as const)
    if (settings[key] !== undefined && settings[key] !== false)
      throw new UsageError(
        `${place} and ${given.get(key) ?? key}: streamed rows are not all there to be chosen; leave out one of them, or give --val and --test files`,
      );
  if (settings.batchSize === "all")
    throw new UsageError(
      `${place} and ${given.get("batchSize") ?? "batch-size"} all: streamed rows are not all there at once; give a number`,
    );
  if (settings.sql !== undefined)
    throw new UsageError(
      `${place} and ${given.get("sql") ?? "sql"}: the answer of a query is held in memory; let it write a Parquet file, and stream that`,
    );
  if (settings.data === "-")
    throw new UsageError(
      `${place}: standard input can be read once only, and streamed rows are read several times; save it to a file`,
    );
}

/** Throws UsageError when an activation is neither one of ours nor one of the user's ops. */
export function checkActivations(
  { settings: { activation }, given }: Resolved<TrainSettings>,
  ops: readonly string[],
): void {
  const double = ops.find((op) => activationNames.some((known) => known === op));
  if (double !== undefined)
    throw new UsageError(
      `${given.get("ops") ?? "ops"}: the op ${double} has the name of an activation; give it another name`,
    );
  const known = [...activationNames, ...ops];
  const name = activation.find((one) => !known.includes(one));
  if (name !== undefined)
    throw new UsageError(
      `${given.get("activation") ?? "activation"} ${activation.join(",")}: give one of ${known.join(", ")}, or an op of a module that --ops names`,
      { name, known },
    );
}

/** Throws UsageError when there are no two classes, or no rows that a threshold can be chosen by. */
export function checkThreshold(
  { threshold }: TrainSettings,
  { encoding: { target }, validation }: TrainingData,
  given: ReadonlyMap<string, string>,
): void {
  if (threshold === undefined) return;
  const place = `${given.get("threshold") ?? "threshold"} ${threshold}`;
  if (target.kind !== "class" || target.classes.length !== 2)
    throw new UsageError(
      `${place}: ${target.kind === "class" ? `${target.classes.length} classes are` : "no class is"} predicted, and a threshold is between two; leave it out`,
    );
  if (threshold !== "f1") return;
  if (validation === null)
    throw new UsageError(`${place}: needs validation rows; leave out --val 0, or give a number`);
  const labels = classLabels(validation);
  for (const [label, name] of target.classes.entries())
    if (!labels.includes(label))
      throw new UsageError(
        `${place}: no validation row is ${JSON.stringify(name)}; give more of them with --val, or --stratify, or a number`,
      );
}

/** Throws UsageError when the loss does not suit what is predicted. */
export function checkLoss(
  settings: TrainSettings,
  task: Task,
  given: ReadonlyMap<string, string>,
): void {
  const { loss } = settings;
  if (loss === undefined) return;
  const suits =
    loss === "crossEntropy"
      ? "classification"
      : loss === "binaryCrossEntropy"
        ? "multilabel"
        : "regression";
  if (suits === task) return;
  throw new UsageError(
    `${given.get("loss") ?? "loss"} ${loss}: does not suit ${task}; leave it out (${taskLosses[task]}), or give --task ${suits}`,
  );
}
