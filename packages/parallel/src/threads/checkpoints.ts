// Writes checkpoints while a run goes on: asks the workers for a snapshot when one is due, and brings it to the disk.
import { copyFile, link, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Control } from "../step/control.js";
import { jobPhases } from "../step/job.js";
import type { TrainingState } from "../events.js";
import type { HashLog } from "./hash-log.js";
import type { Layout } from "../step/layout.js";
import { finishedPhases } from "../step/position.js";
import { readSnapshot, snapshotComplete } from "../step/snapshot.js";
import { saveState } from "../files/state-file.js";

/** When and where checkpoints are written. */
export interface CheckpointSpec {
  readonly path: string;
  /** Steps from one to the next; undefined: not by steps. */
  readonly everySteps?: number | undefined;
  /** Seconds from one to the next; undefined: not by time. */
  readonly everySeconds?: number | undefined;
  /** How many to keep, 1 unless told otherwise: the newest is at `path`; when it is more, the newest ones are beside it as step-<n>.safetensors. */
  readonly keep?: number | undefined;
  /** Stored with the state. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** Writes a checkpoint as a whole or not at all, and removes the kept ones that are too old. */
export async function saveCheckpoint(
  { path, keep = 1, metadata }: CheckpointSpec,
  state: TrainingState,
): Promise<void> {
  await saveState(path, state, metadata);
  if (keep === 1) return;
  const folder = dirname(path);
  const kept = join(folder, `step-${state.step}.safetensors`);
  await rm(kept, { force: true }); // of an earlier run that came here too
  await link(path, kept).catch(() => copyFile(path, kept)); // not every file system has links
  const steps = (await readdir(folder))
    .flatMap((name) => Number(/^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? Number.NaN))
    .filter((step) => !Number.isNaN(step));
  const tooOld = steps.sort((a, b) => b - a).slice(keep);
  for (const step of tooOld) await rm(join(folder, `step-${step}.safetensors`), { force: true });
}

const LOOK_MS = 10;
/** Epochs that are shorter have one checkpoint together: else a small run would do little but write. */
const EPOCH_MS = 1000;

/** The checkpoints of one run: also one after each epoch, but not more than one a second. */
export class Checkpoints {
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;

  /** @param workers how many train at the moment: the first ones */
  constructor(
    layout: Layout,
    control: Control,
    memory: WebAssembly.Memory,
    snapshot: SharedArrayBuffer,
    spec: CheckpointSpec,
    hashes: HashLog | null,
    workers: () => number,
  ) {
    const { training, job } = layout;
    if (training === null || job.training === null)
      throw new TypeError("checkpoints: the job has no training");
    const phases = jobPhases(job.training, job);
    let lastSteps = control.steps;
    let lastEpochs = control.epochs;
    let lastTime = performance.now();
    let asked = false;
    const due = (): boolean => {
      const passed = performance.now() - lastTime;
      return (
        (spec.everySteps !== undefined && control.steps - lastSteps >= spec.everySteps) ||
        (spec.everySeconds !== undefined && passed >= spec.everySeconds * 1000) ||
        (control.epochs > lastEpochs && passed >= EPOCH_MS)
      );
    };
    const write = async (step: number): Promise<void> => {
      try {
        await hashes?.sync(); // a run that goes on from here finds its log complete
        await saveCheckpoint(spec, readSnapshot(layout, training, memory.buffer, snapshot, step));
      } catch (error) {
        this.#failure ??= { error };
        control.requestStop(); // a run that cannot keep its promise ends; its last checkpoint is intact
      } finally {
        asked = false;
        this.#writing = undefined;
      }
    };
    this.#timer = setInterval(() => {
      if (this.#writing !== undefined) return;
      if (asked) {
        const step = control.snapshotStep;
        if (step >= 0 && snapshotComplete(control, workers(), finishedPhases(phases, step)))
          this.#writing = write(step);
      } else if (due()) {
        lastSteps = control.steps;
        lastEpochs = control.epochs;
        lastTime = performance.now();
        asked = true;
        control.requestSnapshot();
      }
    }, LOOK_MS);
  }

  /** Waits for the last one. Throws what kept a checkpoint from being written. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
