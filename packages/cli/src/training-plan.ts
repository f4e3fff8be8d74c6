// What a training run will do: settings from all sources and data, read, split, encoded and checked; nothing is written.
import type { LossSpec } from "@shardgrad/core";
import {
  type CustomOps,
  defaultShards,
  embeddingTables,
  featureWidth,
  loadOps,
  loadWeights,
  targetColumns,
  targetUnit,
  targetWidth,
  Trainer,
  type TrainerOptions,
} from "@shardgrad/parallel";
import { checkBlas } from "./blas.js";
import { checkActivations, checkLoss, checkThreshold, checkTrain } from "./check-train.js";
import { readConfigFile } from "./config-file.js";
import { type FileFingerprint, fingerprintFiles, fingerprintQuery } from "./fingerprint.js";
import { lossOf, modelOf, optimizerOf, taskOf } from "./model.js";
import { environmentName } from "./options/option.js";
import { trainOptions, type TrainSettings } from "./options/train.js";
import { checkSameFiles, checkUnfinished, openResumed, type ResumedRun } from "./resume.js";
import { checkFree, checkRunFolder, type Manifest, runFiles } from "./run-folder.js";
import { type RawFlags, type Resolved, resolveSettings } from "./settings.js";
import { type DecidedSettings, withDefaults } from "./train-defaults.js";
import { filesOf, type Fold, loadTrainingData, type TrainingData } from "./training-data.js";
import { checkPlace } from "./table-source.js";
import { UsageError } from "./usage-error.js";

/** Everything that a run needs, checked; nothing is written yet. */
export interface TrainingPlan {
  readonly settings: TrainSettings;
  readonly data: TrainingData;
  readonly options: TrainerOptions & { readonly loss: LossSpec; readonly ops: CustomOps };
  readonly stepsPerEpoch: number;
  readonly files: readonly string[]; // that rows are read from
  /** Of all that rows come from: the query, then the files. */
  readonly fingerprints: () => Promise<readonly FileFingerprint[]>;
  readonly resumed: ResumedRun | null;
}

/**
 * Reads settings and data and checks that they fit together.
 * @param earlier the manifest of a run that is done again: its files must be those that the run began with
 * @param fold with --folds, the part of the rows that is held out, and the data of the first fold once they are read
 */
export async function planTraining(
  flags: RawFlags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  earlier: Manifest | null = null,
  fold: Fold = { index: 0 },
): Promise<TrainingPlan> {
  const { request, resumed } = await readRequest(flags, environment);
  const { settings, given } = request;
  checkPlace(settings, "DATA: no table to learn from");
  if (settings.backend === "blas") await checkBlas(given.get("backend") ?? "backend");
  if (settings.out !== undefined) await checkFree(settings.out, settings.force);
  const data = await loadTrainingData(settings, fold);
  const files = [
    ...(await filesOf(settings)),
    ...(settings.ops ?? []),
    ...inFile(settings.initFrom),
  ];
  // Before the ops' code runs: a run goes on, or is done again, with the modules that it began with.
  const begun = resumed?.manifest ?? earlier;
  const { sql } = settings;
  const fingerprints = async (): Promise<readonly FileFingerprint[]> => [
    ...(sql === undefined || data.table === null ? [] : [fingerprintQuery(sql, data.table)]),
    ...(await fingerprintFiles(files)),
  ];
  if (begun) checkSameFiles(await fingerprints(), begun);
  const ops = await loadOps(settings.ops ?? []);
  checkActivations(request, [...ops.ops.keys()]);
  const { target } = data.encoding;
  const task = taskOf(target);
  checkLoss(settings, task, given);
  checkThreshold(settings, data, given);
  const batchSize = settings.batchSize === "all" ? data.train.rows : settings.batchSize;
  const stepsPerEpoch = Math.ceil(data.train.rows / batchSize);
  const epochs = settings.epochs ?? defaultEpochs(stepsPerEpoch);
  if (resumed) checkUnfinished(resumed, epochs, stepsPerEpoch, settings.schedule);
  const shards =
    settings.shards ?? defaultShards(Math.min(batchSize, data.train.rows), settings.backend);
  const { l1, l2, onNan, workers, polite, seed, backend, tolerance, toleranceOn } = settings;
  const { restoreBest, patience = NEVER, monitor, minDelta } = settings;
  const model = modelOf(
    settings,
    featureWidth(data.train),
    targetWidth(data.encoding),
    embeddingTables(data.encoding),
  );
  const options = {
    model,
    ops,
    data: data.train,
    validation: data.validation ?? undefined,
    loss: lossOf(settings, task),
    optimizer: optimizerOf(settings, stepsPerEpoch * epochs),
    unit: targetUnit(data.encoding),
    resume: resumed?.state ?? undefined,
    initial:
      settings.initFrom === undefined || resumed?.state
        ? undefined
        : await loadWeights(settings.initFrom, model),
    earlyStopping: restoreBest ? { patience, monitor, minDelta } : undefined,
    tolerance,
    toleranceOn,
    l1,
    l2,
    batchSize,
    shuffleBuffer: settings.shuffleBuffer,
    shards,
    epochs,
    onNonFinite: onNan,
    workers,
    polite,
    seed,
    backend,
  };
  checkOptions(options);
  return {
    settings: { ...settings, target: targetColumns(target), epochs, shards },
    data,
    options,
    stepsPerEpoch,
    files,
    fingerprints,
    resumed,
  };
}

/** More epochs than a run can have: none ends for want of a better score. */
const NEVER = 1e6;

const inFile = (path: string | undefined): string[] => (path === undefined ? [] : [path]);

/** Many passes over small tables, which are quick and need them; fewer over large ones. */
function defaultEpochs(stepsPerEpoch: number): number {
  const [fewest, most, steps] = [20, 100, 1000];
  return Math.max(fewest, Math.min(most, Math.ceil(steps / stepsPerEpoch)));
}

/** The settings from all sources; those of the run's own folder when it goes on. */
async function readRequest(
  flags: RawFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ request: Resolved<DecidedSettings>; resumed: ResumedRun | null }> {
  const sources = (key: "config" | "resume"): string | undefined => {
    const given = flags.get(key) ?? environment[environmentName(key)];
    return typeof given === "string" && given !== "" ? given : undefined;
  };
  const resume = sources("resume");
  if (resume !== undefined) await checkRunFolder(resume);
  const path = resume === undefined ? sources("config") : runFiles(resume).config;
  const config = path === undefined ? null : await readConfigFile(path, trainOptions);
  const { settings, given } = resolveSettings(trainOptions, flags, environment, config);
  const request = { settings: withDefaults(settings), given };
  checkTrain(request);
  const resumed =
    resume !== undefined && config ? await openResumed(resume, request, config) : null;
  return { request, resumed };
}

/** Options that do not fit are the user's input, not a run that failed. */
function checkOptions(options: TrainerOptions): void {
  try {
    void new Trainer(options).workers; // the constructor checks, and starts nothing yet
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}
