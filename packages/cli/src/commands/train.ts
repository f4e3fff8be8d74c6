// shardgrad train: reads a table, trains a network on it, and leaves a run folder.
import { basename } from "node:path";
import type { LossSpec } from "@shardgrad/core";
import {
  defaultShards,
  evaluate,
  saveModel,
  saveState,
  targetUnit,
  targetWidth,
  Trainer,
  featureWidth,
  type EpochEvent,
  type RunResult,
  type Scores,
  type TrainerOptions,
  writeFileAtomic,
} from "@shardgrad/parallel";
import { checkLoss, checkTrain } from "../check-train.js";
import { formatConfig, readConfigFile } from "../config-file.js";
import { fingerprintFiles, fingerprintSettings } from "../fingerprint.js";
import { lossOf, modelOf, optimizerOf } from "../model.js";
import { environmentName } from "../options/option.js";
import { trainOptions, type TrainSettings } from "../options/train.js";
import { jsonReporter } from "../report/json.js";
import type { Reporter } from "../report/reporter.js";
import { textReporter } from "../report/text.js";
import { checkSameFiles, checkUnfinished, openResumed, type ResumedRun } from "../resume.js";
import {
  appendMetrics,
  checkFree,
  claimFolder,
  claimNumberedFolder,
  keepMetrics,
  type Manifest,
  type RunFiles,
  runFiles,
  writeManifest,
} from "../run-folder.js";
import { type RawFlags, type Resolved, resolveSettings } from "../settings.js";
import { watchSignals } from "../signals.js";
import { filesOf, loadTrainingData, type TrainingData } from "../training-data.js";
import { UsageError } from "../usage-error.js";
import { version } from "../version.js";
import type { CommandResult } from "./run.js";

/** Everything that a run needs, checked; nothing is written yet. */
interface PlannedRun {
  readonly settings: TrainSettings;
  readonly data: TrainingData;
  readonly options: TrainerOptions & { readonly loss: LossSpec };
  readonly stepsPerEpoch: number;
  readonly files: readonly string[]; // that rows are read from
  readonly resumed: ResumedRun | null;
}

/** Trains as the flags, the environment and the configuration file say. */
export async function train(flags: RawFlags): Promise<CommandResult> {
  const planned = await plan(flags);
  const { settings, data } = planned;
  const reporter = settings.json
    ? jsonReporter()
    : await textReporter({ ...settings, data: planned.files[0] ?? "" });
  reporter.tell({ type: "data", ...describeData(data) });
  const trainer = constructTrainer(planned.options);
  const watch = watchSignals(() =>
    process.stderr.write("\nstopping at the next step; once more ends at once\n"),
  );
  try {
    const files = await folderOf(planned);
    const run = trainer.run({ signal: watch.signal }); // the first steps are done while the record is written
    const begun = await beginRecord(planned, files);
    try {
      for await (const event of run) {
        reporter.tell(event);
        if (event.type !== "epoch") continue;
        await appendMetrics(files, event);
        checkFinite(event, planned.settings);
      }
    } catch (error) {
      run.stop();
      await writeManifest(files, { ...begun, status: "failed" });
      throw error;
    }
    const result = await run.result;
    await finish(planned, files, result, begun, reporter);
    return result.stopped ? (watch.exitCode() ?? 0) : 0;
  } finally {
    reporter.close();
    watch.close();
    await trainer.close();
  }
}

/** Reads settings and data and checks that they fit together. */
async function plan(flags: RawFlags): Promise<PlannedRun> {
  const { request, resumed } = await readRequest(flags);
  const { settings, given } = request;
  const path = settings.data;
  if (path === undefined)
    throw new UsageError("DATA: no table to learn from; give a CSV, TSV, Arrow or IDX file");
  if (settings.out !== undefined) await checkFree(settings.out, settings.force);
  const data = await loadTrainingData(settings, path);
  const files = filesOf(settings, path);
  if (resumed) checkSameFiles(await fingerprintFiles(files), resumed.manifest);
  const { target } = data.encoding;
  const task = target.kind === "class" ? "classification" : "regression";
  checkLoss(settings, task, given);
  const stepsPerEpoch = Math.ceil(data.train.rows / settings.batchSize);
  const epochs = settings.epochs ?? defaultEpochs(stepsPerEpoch);
  if (resumed) checkUnfinished(resumed.files.folder, resumed.state, epochs, stepsPerEpoch);
  const shards = settings.shards ?? defaultShards(Math.min(settings.batchSize, data.train.rows));
  const { l1, l2, batchSize, workers, seed } = settings;
  const options = {
    model: modelOf(settings, featureWidth(data.train), targetWidth(data.encoding)),
    data: data.train,
    validation: data.validation ?? undefined,
    loss: lossOf(settings, task),
    optimizer: optimizerOf(settings, stepsPerEpoch * epochs),
    unit: targetUnit(data.encoding),
    resume: resumed?.state,
    l1,
    l2,
    batchSize,
    shards,
    epochs,
    workers,
    seed,
  };
  return {
    settings: { ...settings, data: path, target: target.column, epochs, shards },
    data,
    options,
    stepsPerEpoch,
    files,
    resumed,
  };
}

/** Many passes over small tables, which are quick and need them; fewer over large ones. */
function defaultEpochs(stepsPerEpoch: number): number {
  const [fewest, most, steps] = [20, 100, 1000];
  return Math.max(fewest, Math.min(most, Math.ceil(steps / stepsPerEpoch)));
}

/** The settings from all sources; those of the run's own folder when it goes on. */
async function readRequest(
  flags: RawFlags,
): Promise<{ request: Resolved<TrainSettings>; resumed: ResumedRun | null }> {
  const sources = (key: "config" | "resume"): string | undefined => {
    const given = flags.get(key) ?? process.env[environmentName(key)];
    return typeof given === "string" && given !== "" ? given : undefined;
  };
  const resume = sources("resume");
  const path = resume === undefined ? sources("config") : runFiles(resume).config;
  const config = path === undefined ? null : await readConfigFile(path, trainOptions);
  const request = resolveSettings(trainOptions, flags, process.env, config);
  checkTrain(request);
  const resumed =
    resume !== undefined && config ? await openResumed(resume, request, config) : null;
  return { request, resumed };
}

/** A trainer whose options do not fit is the user's input, not a run that failed. */
function constructTrainer(options: TrainerOptions): Trainer {
  try {
    return new Trainer(options);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Weights that are not numbers stay so: such a run can only be begun again. */
function checkFinite({ epoch, loss }: EpochEvent, { lr }: TrainSettings): void {
  if (!Number.isFinite(loss))
    throw new Error(
      `epoch ${epoch}: the loss is ${loss}: the run diverged; begin again with --lr below ${lr}`,
    );
}

function describeData({ encoding, train: rows, validation, test, notes }: TrainingData) {
  const { target } = encoding;
  return {
    target: target.column,
    task: target.kind === "class" ? ("classification" as const) : ("regression" as const),
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
}: PlannedRun): Promise<RunFiles> {
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
  { settings, data, files }: PlannedRun,
  folder: RunFiles,
): Promise<Manifest> {
  await writeFileAtomic(
    folder.config,
    await formatConfig({ ...settings }, trainOptions, folder.folder),
  );
  const manifest: Manifest = {
    shardgrad: version(),
    node: process.version,
    backend: "wasm-simd",
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
  { settings, data, options, stepsPerEpoch }: PlannedRun,
  files: RunFiles,
  result: RunResult,
  begun: Manifest,
  reporter: Reporter,
): Promise<void> {
  const { parameters, stopped, steps, seconds, workers, shards, hash } = result;
  const { model: spec, loss, unit } = options;
  await saveState(files.state, result.state);
  await saveModel(files.model, { spec, loss, encoding: data.encoding, parameters, metadata: {} });
  const validation: Scores | null = result.epochs.at(-1)?.validation ?? null;
  const test =
    data.test && !stopped
      ? await evaluate(spec, parameters, loss, data.test, { workers: settings.workers, unit })
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
  });
}
