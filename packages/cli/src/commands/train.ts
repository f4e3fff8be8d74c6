// shardgrad train: reads a table, trains a network on it, and leaves a run folder.
import { basename } from "node:path";
import {
  evaluate,
  featureWidth,
  NonFiniteError,
  saveModel,
  saveState,
  Trainer,
  writeFileAtomic,
  type Run,
  type RunResult,
  type Scores,
} from "@shardgrad/parallel";
import { wouldGain } from "../blas.js";
import { formatConfig } from "../config-file.js";
import { fingerprintFiles, fingerprintSettings } from "../fingerprint.js";
import { trainOptions } from "../options/train.js";
import { openProfiles } from "../profiles.js";
import { jsonReporter } from "../report/json.js";
import { numbersOf } from "../report/model-summary.js";
import type { DataEvent, Reporter } from "../report/reporter.js";
import { textReporter } from "../report/text.js";
import { timeShares } from "../report/time-shares.js";
import {
  appendMetrics,
  claimFolder,
  claimNumberedFolder,
  keepMetrics,
  type Manifest,
  type RunFiles,
  writeManifest,
} from "../run-folder.js";
import type { RawFlags } from "../settings.js";
import { watchSignals } from "../signals.js";
import type { TrainingData } from "../training-data.js";
import { planTraining, type TrainingPlan } from "../training-plan.js";
import { version } from "../version.js";
import type { CommandResult } from "./run.js";

/** Seconds between checkpoints, for runs whose epochs take longer. */
const CHECKPOINT_SECONDS = 60;

/** Trains as the flags, the environment and the configuration file say. */
export async function train(flags: RawFlags): Promise<CommandResult> {
  const plan = await planTraining(flags);
  const { settings, data } = plan;
  const profiles = await openProfiles(settings); // a place that cannot be written is told before anything is
  const files = await folderOf(plan);
  const reporter = settings.json
    ? jsonReporter(settings.quiet)
    : await textReporter({ ...settings, data: plan.files[0] ?? "" });
  reporter.tell(dataEvent(data));
  const checkpoint = {
    path: files.state,
    everySeconds: CHECKPOINT_SECONDS,
    everySteps: settings.checkpointEvery,
  };
  const trainer = new Trainer({ ...plan.options, ...profiles.options, checkpoint });
  const watch = watchSignals(() =>
    process.stderr.write("\nstopping at the next step; once more ends at once\n"),
  );
  try {
    const run = trainer.run({ signal: watch.signal }); // the first steps are done while the record is written
    const begun = await beginRecord(plan, files);
    const result = await follow(run, files, reporter).catch(async (error: unknown) => {
      await writeManifest(files, { ...begun, status: "failed" });
      throw withPlaces(error, data);
    });
    await profiles.write(result);
    await finish(plan, files, result, begun, reporter);
    return result.stopped ? (watch.exitCode() ?? 0) : 0;
  } finally {
    reporter.close();
    watch.close();
    await trainer.close();
    await profiles.close();
  }
}

/** Tells and stores a run's events until it ends. */
async function follow(run: Run, files: RunFiles, reporter: Reporter): Promise<RunResult> {
  for await (const event of run) {
    reporter.tell(event);
    if (event.type === "epoch") await appendMetrics(files, event);
  }
  return run.result;
}

/** The same error; one that knows the rows it began with names them as the table does. */
function withPlaces(error: unknown, { placeOfRow }: TrainingData): unknown {
  if (!(error instanceof NonFiniteError) || error.rows.length === 0) return error;
  const places = error.rows.slice(0, 3).map((row) => placeOfRow(row));
  return new Error(`${error.message} (${places.join("; ")})`, { cause: error });
}

/** What there is to tell about the data. */
function dataEvent({ encoding, train: rows, validation, test, notes }: TrainingData): DataEvent {
  const { target } = encoding;
  return {
    type: "data",
    target: target.column,
    task: target.kind === "class" ? "classification" : "regression",
    classes: target.kind === "class" ? target.classes.length : null,
    inputs: featureWidth(rows),
    rows: { train: rows.rows, validation: validation?.rows ?? 0, test: test?.rows ?? 0 },
    notes,
  };
}

/** The run's folder, ready to be written to. */
async function folderOf({
  settings,
  files,
  resumed,
  stepsPerEpoch,
}: TrainingPlan): Promise<RunFiles> {
  if (resumed) {
    await keepMetrics(resumed.files, Math.floor(resumed.state.step / stepsPerEpoch));
    return resumed.files;
  }
  if (settings.out !== undefined) return claimFolder(settings.out);
  return claimNumberedFolder(
    basename(files[0] ?? "data")
      .replace(/\.(gz)$/i, "")
      .replace(/\.[^.]+$/, ""),
  );
}

/** Writes what is known when a run begins: its configuration and a manifest that says that it goes on. */
async function beginRecord(
  { settings, data, files }: TrainingPlan,
  folder: RunFiles,
): Promise<Manifest> {
  await writeFileAtomic(
    folder.config,
    await formatConfig({ ...settings }, trainOptions, folder.folder),
  );
  const manifest: Manifest = {
    shardgrad: version(),
    node: process.version,
    backend: settings.backend,
    status: "running",
    seed: settings.seed,
    configuration: { sha256: fingerprintSettings(settings, trainOptions) },
    data: await fingerprintFiles(files),
    splits: data.splits,
  };
  await writeManifest(folder, manifest);
  return manifest;
}

/** Writes model, state and the finished manifest, and tells the scores. */
async function finish(
  { settings, data, options, stepsPerEpoch }: TrainingPlan,
  files: RunFiles,
  result: RunResult,
  begun: Manifest,
  reporter: Reporter,
): Promise<void> {
  const { parameters, stopped, steps, seconds, workers, shards, hash } = result;
  const { model: spec, loss, unit, ops } = options;
  await saveState(files.state, result.state);
  await saveModel(files.model, { spec, loss, encoding: data.encoding, parameters, metadata: {} });
  const validation: Scores | null = result.epochs.at(-1)?.validation ?? null;
  const test =
    data.test && !stopped
      ? await evaluate(spec, parameters, loss, data.test, {
          workers: settings.workers,
          unit,
          ops,
        })
      : null;
  await writeManifest(files, {
    ...begun,
    status: stopped ? "stopped" : "finished",
    workers,
    shards,
    steps,
    epochs: Math.floor(steps / stepsPerEpoch),
    seconds,
    weights: { sha256: hash },
    ...(validation && { validation }),
    ...(test && { test }),
  });
  reporter.tell({
    type: "end",
    stopped,
    folder: files.folder,
    steps,
    seconds,
    weights: hash,
    validation,
    test,
    time: result.profile && timeShares(result.profile),
    blasGains: await wouldGain(settings.backend, seconds, numbersOf({ parameters })),
  });
}
