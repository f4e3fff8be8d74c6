// shardgrad train: reads a table, trains a network on it, and leaves a run folder.
import { basename } from "node:path";
import {
  evaluate,
  featureWidth,
  type CheckpointSpec,
  NonFiniteError,
  saveModel,
  saveCheckpoint,
  targetColumns,
  targetWidth,
  Trainer,
  writeFileAtomic,
  type Run,
  type RunResult,
  type Scores,
} from "@shardgrad/parallel";
import { wouldGain } from "../blas.js";
import { formatConfig } from "../config-file.js";
import { fingerprintSettings } from "../fingerprint.js";
import { keepHashes } from "../hash-log.js";
import { trainOptions } from "../options/train.js";
import { openProfiles } from "../profiles.js";
import { jsonReporter } from "../report/json.js";
import { taskOf } from "../model.js";
import { numbersOf } from "../report/model-summary.js";
import type { DataEvent, Reporter } from "../report/reporter.js";
import { textReporter } from "../report/text.js";
import { timeShares } from "../report/time-shares.js";
import {
  appendMetrics,
  claimFolder,
  claimNumberedFolder,
  clearRun,
  keepMetrics,
  type Manifest,
  type RunFiles,
  sweep,
  writeManifest,
} from "../run-folder.js";
import { lockRun } from "../run-lock.js";
import type { RawFlags } from "../settings.js";
import { watchSignals } from "../signals.js";
import { decideThreshold } from "../threshold.js";
import type { TrainingData } from "../training-data.js";
import { planTraining, type TrainingPlan } from "../training-plan.js";
import { runCannotWrite } from "../usage-error.js";
import { version } from "../version.js";
import { crossValidate } from "./cross-validate.js";
import type { CommandResult } from "./run.js";

/** Between checkpoints, for runs whose epochs take longer. */
const SAVE_EVERY = "60s";

/** Trains as the flags, the environment and the configuration file say. */
export async function train(flags: RawFlags): Promise<CommandResult> {
  const plan = await planTraining(flags);
  const { settings, data } = plan;
  if (settings.folds !== undefined) return crossValidate(flags, plan);
  const profiles = await openProfiles(settings); // a place that cannot be written is told before anything is
  const files = await folderOf(plan);
  const unlock = await lockRun(files.folder);
  const reporter = settings.json
    ? jsonReporter(settings.quiet)
    : await textReporter({ ...settings, data: plan.files[0] ?? "" });
  reporter.tell(dataEvent(data));
  const trainer = new Trainer({
    ...plan.options,
    ...profiles.options,
    checkpoint: checkpointsOf(settings, files),
    hashes:
      settings.hashEvery === "never"
        ? undefined
        : { path: files.hashes, every: settings.hashEvery },
  });
  const watch = watchSignals(() =>
    process.stderr.write("\nstopping at the next step; once more ends at once\n"),
  );
  try {
    trainer.open().catch(() => {}); // the run tells; threads start while the folder is made ready
    await clearFolder(plan, files, trainer);
    await writeConfig(plan, files);
    const run = trainer.run({ signal: watch.signal });
    let described: Promise<Manifest> | undefined;
    const describe = (): Promise<Manifest> => (described ??= describeRun(plan, files));
    const result = await follow(run, files, reporter, describe).catch(async (error: unknown) => {
      // The first error says more than one in writing it down.
      await describe()
        .then((begun) => writeManifest(files, { ...begun, status: "failed" }))
        .catch(() => {});
      throw withPlaces(error, data);
    });
    await profiles.write(result);
    await finish(plan, files, result, await describe(), trainer, reporter);
    return result.stopped ? (watch.exitCode() ?? 0) : 0;
  } catch (error) {
    throw runCannotWrite(files.folder, error);
  } finally {
    reporter.close();
    watch.close();
    await trainer.close();
    await profiles.close();
    await unlock();
  }
}

/** Where and how often the run's state is saved. */
function checkpointsOf(
  { saveEvery = SAVE_EVERY, keep }: TrainingPlan["settings"],
  { state }: RunFiles,
): CheckpointSpec {
  const often =
    typeof saveEvery === "number"
      ? { everySteps: saveEvery, everySeconds: Number.parseFloat(SAVE_EVERY) }
      : { everySeconds: Number.parseFloat(saveEvery) };
  return { path: state, keep, ...often };
}

/** Tells and stores a run's events until it ends; describes it when it has begun, so that its first steps need not wait. */
async function follow(
  run: Run,
  files: RunFiles,
  reporter: Reporter,
  describe: () => Promise<Manifest>,
): Promise<RunResult> {
  for await (const event of run) {
    reporter.tell(event);
    if (event.type === "start") await describe();
    if (event.type === "epoch") await appendMetrics(files, event);
  }
  return run.result;
}

/** The same error; one that knows the rows it began with names them as the table does, with what is in them. */
function withPlaces(error: unknown, { placeOfRow, wordsOfRow }: TrainingData): unknown {
  if (!(error instanceof NonFiniteError) || error.rows.length === 0) return error;
  const places = error.rows.slice(0, 3).map((row) => `${placeOfRow(row)}: ${wordsOfRow(row)}`);
  return new Error(`${error.message} (${places.join("; ")})`, { cause: error });
}

/** What there is to tell about the data. */
function dataEvent({
  encoding,
  train: rows,
  validation,
  test,
  notes,
  lint,
}: TrainingData): DataEvent {
  const { target } = encoding;
  return {
    type: "data",
    targets: targetColumns(target),
    task: taskOf(target),
    classes: target.kind === "number" ? null : targetWidth(encoding),
    inputs: featureWidth(rows),
    rows: { train: rows.rows, validation: validation?.rows ?? 0, test: test?.rows ?? 0 },
    notes: [...notes, ...lint()],
  };
}

/** The run's folder. */
async function folderOf({ settings, files, resumed }: TrainingPlan): Promise<RunFiles> {
  if (resumed) return resumed.files;
  if (settings.out !== undefined) return claimFolder(settings.out);
  return claimNumberedFolder(
    basename(settings.sql === undefined ? nameOf(files) : "query")
      .replace(/\.(gz)$/i, "")
      .replace(/\.[^.]+$/, ""),
  );
}

const nameOf = ([first = "data"]: readonly string[]): string => (first === "-" ? "stdin" : first);

/** Leaves nothing of an earlier run in the folder but what this one goes on from. */
async function clearFolder(
  { resumed, stepsPerEpoch }: TrainingPlan,
  files: RunFiles,
  { past }: Trainer,
): Promise<void> {
  await sweep(files);
  if (resumed) {
    const steps = resumed.state?.step ?? 0;
    await keepMetrics(files, Math.floor(steps / stepsPerEpoch), past);
    await keepHashes(files, steps);
  } else await clearRun(files);
}

/** Writes the configuration to go on with: before the run, whose first checkpoint may come at once and is of no use without. */
async function writeConfig({ settings }: TrainingPlan, files: RunFiles): Promise<void> {
  const text = await formatConfig({ ...settings }, trainOptions, files.folder);
  await writeFileAtomic(files.config, text);
}

/** Writes a manifest that says what went into the run and that it goes on. */
async function describeRun(
  { settings, data, fingerprints }: TrainingPlan,
  files: RunFiles,
): Promise<Manifest> {
  const manifest: Manifest = {
    shardgrad: version(),
    node: process.version,
    backend: settings.backend,
    status: "running",
    seed: settings.seed,
    configuration: { sha256: fingerprintSettings(settings, trainOptions) },
    data: await fingerprints(),
    splits: data.splits(),
  };
  await writeManifest(files, manifest);
  return manifest;
}

/** Writes model, state and the finished manifest, and tells the scores. */
async function finish(
  plan: TrainingPlan,
  files: RunFiles,
  result: RunResult,
  begun: Manifest,
  { past }: Trainer,
  reporter: Reporter,
): Promise<void> {
  const { settings, data, options, stepsPerEpoch } = plan;
  const { parameters, stopped, converged, best, steps, skipped, seconds, workers, shards, hash } =
    result;
  const { model: spec, loss, unit, ops } = options;
  await saveCheckpoint(checkpointsOf(settings, files), result.state);
  const { encoding, threshold, scoresBy } = await decideThreshold(plan, parameters);
  await saveModel(files.model, { spec, loss, encoding, parameters, metadata: {} });
  // The scores of the weights that are saved.
  const epochs = [...past, ...result.epochs];
  const scored = best === null ? epochs.at(-1) : epochs.find(({ epoch }) => epoch === best.epoch);
  const validation = await scoresBy(data.validation, scored?.validation ?? null);
  const test: Scores | null =
    data.test && !stopped
      ? await scoresBy(
          data.test,
          await evaluate(spec, parameters, loss, data.test, {
            workers: settings.workers,
            unit,
            ops,
          }),
        )
      : null;
  await writeManifest(files, {
    ...begun,
    status: stopped ? "stopped" : "finished",
    workers,
    shards,
    steps,
    epochs: Math.floor(steps / stepsPerEpoch),
    seconds,
    ...(settings.tolerance !== undefined && { converged }),
    ...(best && { best }),
    ...(skipped > 0 && { skipped }),
    weights: { sha256: hash },
    ...(validation && { validation }),
    ...(test && { test }),
  });
  reporter.tell({
    type: "end",
    stopped,
    converged,
    best,
    folder: files.folder,
    steps,
    skipped,
    seconds,
    weights: hash,
    validation,
    test,
    threshold,
    time: result.profile && timeShares(result.profile),
    blasGains: await wouldGain(settings.backend, seconds, numbersOf({ parameters })),
  });
}
