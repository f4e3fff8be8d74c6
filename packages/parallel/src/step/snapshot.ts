// A consistent copy of a run's state, taken by the workers themselves after a commit, so that nobody waits for a disk.
import type { Parameters } from "@shardgrad/core";
import type { Control, Skipped } from "./control.js";
import { verdictAfter, type Best } from "./early-stopping.js";
import { readHistory } from "./epoch-history.js";
import type { TrainingState } from "../events.js";
import { stepsPerEpoch } from "./job.js";
import type { Layout, TrainingLayout } from "./layout.js";
import { readParameters } from "./parameters.js";

/** Where the parts of a snapshot lie in its own buffer, in bytes. */
interface SnapshotPlaces {
  readonly slots: readonly number[];
  readonly best: number; // θ of the best epoch, when there is early stopping
  readonly verdict: number; // its value and epoch
  readonly skipped: number; // steps, and how many of them in a row
  readonly losses: number;
  readonly bytes: number;
}

function placesOf(layout: Layout, training: TrainingLayout): SnapshotPlaces {
  const theta = layout.thetaCount * 4;
  const slots = training.slots.map((_, i) => theta * (i + 1));
  const best = theta * (slots.length + 1);
  const verdict = best + (stopping(layout) ? theta : 0);
  const skipped = verdict + 16;
  const losses = skipped + 16;
  const steps = layout.job.training === null ? 0 : stepsPerEpoch(layout.job.training);
  return { slots, best, verdict, skipped, losses, bytes: losses + 8 * steps };
}

const stopping = ({ job }: Layout): boolean => job.training?.stopping !== null;

/** A buffer for snapshots of a job: θ, optimizer slots, the losses of the epoch and the best weights. */
export function snapshotBuffer(layout: Layout): SharedArrayBuffer | null {
  return layout.training === null
    ? null
    : new SharedArrayBuffer(placesOf(layout, layout.training).bytes);
}

/** Copies one worker's slice [lo, hi) of θ and slots; the leader also the epoch's losses. */
export type TakeSnapshot = (
  parity: 0 | 1,
  epoch: number,
  inEpoch: number,
  skipped: Skipped,
) => void;

/** Makes the copying of one worker's slice. */
export function createSnapshot(
  layout: Layout,
  training: TrainingLayout,
  memory: WebAssembly.Memory,
  to: SharedArrayBuffer,
  lo: number,
  hi: number,
  leader: boolean,
): TakeSnapshot {
  const places = placesOf(layout, training);
  const target = new Float32Array(to, 0, places.verdict / 4);
  const verdict = new Float64Array(to, places.verdict, 2);
  const skips = new Float64Array(to, places.skipped, 2);
  const steps = layout.job.training === null ? 0 : stepsPerEpoch(layout.job.training);
  const losses = new Float64Array(to, places.losses, steps);
  const { buffer } = memory;
  const view = (address: number): Float32Array =>
    new Float32Array(buffer, address + 4 * lo, hi - lo);
  return (parity, epoch, inEpoch, skipped) => {
    target.set(view(layout.theta[parity]), lo);
    training.slotPlaces.forEach((place, i) =>
      target.set(view(place[parity]), (places.slots[i] ?? 0) / 4 + lo),
    );
    if (stopping(layout)) target.set(view(training.best), places.best / 4 + lo);
    if (!leader) return;
    losses.set(new Float64Array(buffer, training.losses + (epoch & 1) * steps * 8, inEpoch));
    verdict.set(verdictAfter(training, buffer, epoch));
    skips[0] = skipped.steps;
    skips[1] = skipped.inRow;
  };
}

/** The state in a snapshot that was taken after `step` steps; `memory` has the records of finished epochs, which stay. */
export function readSnapshot(
  layout: Layout,
  training: TrainingLayout,
  memory: ArrayBufferLike,
  buffer: SharedArrayBuffer,
  step: number,
): TrainingState {
  const places = placesOf(layout, training);
  const steps = layout.job.training === null ? 1 : stepsPerEpoch(layout.job.training);
  const slots = training.slots.map((name, i): [string, Parameters] => [
    name,
    readParameters(layout, buffer, places.slots[i] ?? 0),
  ]);
  const [skips = 0, inRow = 0] = new Float64Array(buffer, places.skipped, 2);
  const [value = 0, epoch = 0] = new Float64Array(buffer, places.verdict, 2);
  const best: Best | undefined =
    epoch === 0
      ? undefined
      : { epoch, value, parameters: readParameters(layout, buffer, places.best) };
  return {
    step,
    parameters: readParameters(layout, buffer, 0),
    slots: Object.fromEntries(slots),
    losses: new Float64Array(buffer, places.losses, step % steps).slice(),
    history: readHistory(training, memory, Math.floor(step / steps)),
    ...(best !== undefined && { best }),
    ...(skips > 0 && { skipped: { steps: skips, inRow } }),
  };
}

/** Whether all workers have copied their slices of the snapshot after `step` steps. */
export function snapshotComplete(control: Control, workers: number, firstPhase: number): boolean {
  for (let w = 0; w < workers; w += 1) if (((control.phase(w) - firstPhase) | 0) <= 0) return false;
  return true;
}
