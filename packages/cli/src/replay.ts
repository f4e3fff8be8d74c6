// Runs that were done, done again: from a checkpoint or the start, up to a step, with the hashes of their weights on the way.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  hashParameters,
  loadState,
  type RunResult,
  type ThetaHash,
  Trainer,
  type TrainingState,
} from "@shardgrad/parallel";
import { readHashes } from "./hash-log.js";
import {
  checkRunFolder,
  exists,
  type Manifest,
  readManifest,
  type RunFiles,
  runFiles,
} from "./run-folder.js";
import { planTraining, type TrainingPlan } from "./training-plan.js";

/** A run in a folder, with what is known of it. */
export interface DoneRun {
  readonly folder: string;
  readonly files: RunFiles;
  readonly manifest: Manifest;
  /** In the order of steps. */
  readonly hashes: readonly ThetaHash[];
  /** Its checkpoints in the order of steps. */
  readonly checkpoints: readonly { readonly step: number; readonly path: string }[];
  /** Finished steps; those of the newest checkpoint while the run is not over. */
  readonly steps: number;
}

/** Looks into a run's folder. Throws UsageError or InputError when it is none, or damaged. */
export async function openRun(folder: string): Promise<DoneRun> {
  await checkRunFolder(folder);
  const files = runFiles(folder);
  const manifest = await readManifest(folder);
  const kept = (await readdir(dirname(files.state)).catch((): string[] => [])).flatMap((name) => {
    const step = /^step-(\d+)\.safetensors$/.exec(name)?.[1];
    return step === undefined
      ? []
      : [{ step: Number(step), path: join(dirname(files.state), name) }];
  });
  if (await exists(files.state)) {
    const { step } = (await loadState(files.state)).state;
    if (!kept.some((other) => other.step === step)) kept.push({ step, path: files.state });
  }
  const checkpoints = kept.sort((a, b) => a.step - b.step);
  return {
    folder,
    files,
    manifest,
    hashes: await readHashes(files),
    checkpoints,
    steps: manifest.steps ?? checkpoints.at(-1)?.step ?? 0,
  };
}

/** The plan of a run as it began. Throws UsageError when its data are not what they were. */
export function planAgain(
  { files, manifest }: DoneRun,
  workers: number | "auto",
): Promise<TrainingPlan> {
  const flags = new Map([
    ["config", files.config],
    ["workers", String(workers)],
  ]);
  return planTraining(flags, {}, manifest); // the run's own settings, whatever the environment says now
}

/** The newest state of a run that is at most `step` steps on, null: the start. */
export async function stateBefore(
  { checkpoints }: DoneRun,
  step: number,
): Promise<TrainingState | null> {
  const nearest = checkpoints.findLast((checkpoint) => checkpoint.step <= step);
  return nearest === undefined ? null : (await loadState(nearest.path)).state;
}

/** What a repetition came to. */
export interface Repetition {
  readonly result: RunResult;
  /** At the steps asked for, and at the last. */
  readonly hashes: readonly ThetaHash[];
}

/** Trains again from a state, or the start, until a step or the end, with a hash every so many steps. */
export async function repeat(
  { options }: TrainingPlan,
  from: TrainingState | null,
  until: number | undefined,
  every: number,
): Promise<Repetition> {
  const folder = await mkdtemp(join(tmpdir(), "shardgrad-replay-"));
  try {
    const hashes = join(folder, "hashes.jsonl");
    const trainer = new Trainer({
      ...options,
      initial: from === null ? options.initial : undefined,
      resume: from ?? undefined,
      until,
      hashes: { path: hashes, every },
    });
    try {
      const result = await trainer.run().result;
      const { step, parameters } = result.state;
      return {
        result,
        hashes: [...(await readHashes({ hashes })), { step, hash: hashParameters(parameters) }],
      };
    } finally {
      await trainer.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
