// Losses and scores of the epochs behind a state, so that a run that goes on can tell what a lost process did not.
import type { EpochEvent } from "../events.js";
import { jobScorer, type JobSpec } from "./job.js";
import { EPOCH_RECORDS, type TrainingLayout } from "./layout.js";

/** An epoch that an earlier process has finished; how long it took is not known. */
export type PastEpoch = Pick<EpochEvent, "type" | "epoch" | "loss" | "validation">;

/** Epochs that a state remembers. */
const MOST_EPOCHS = 1024;

// A record is the loss, the time of its end, and the sums of the scores. A state leaves the time out: it would make the
// bytes of two equal runs differ.
const record = (training: TrainingLayout, buffer: ArrayBufferLike, epoch: number): Float64Array =>
  new Float64Array(
    buffer,
    training.records + (epoch % EPOCH_RECORDS) * training.recordSize * 8,
    training.recordSize,
  );

/** Loss and sums of the newest of `epochs` finished epochs, [remembered, 1 + sums]. */
export function readHistory(
  training: TrainingLayout,
  buffer: ArrayBufferLike,
  epochs: number,
): Float64Array {
  const first = Math.max(0, epochs - MOST_EPOCHS);
  const width = training.recordSize - 1;
  const history = new Float64Array((epochs - first) * width);
  for (let epoch = first; epoch < epochs; epoch += 1) {
    const from = record(training, buffer, epoch);
    history[(epoch - first) * width] = from[0] ?? Number.NaN;
    history.set(from.subarray(2), (epoch - first) * width + 1);
  }
  return history;
}

/** Puts a history back to where the workers store the epochs that follow. Losses of epochs that it does not have are NaN. */
export function writeHistory(
  training: TrainingLayout,
  buffer: ArrayBufferLike,
  epochs: number,
  history: Float64Array | undefined,
): void {
  const first = Math.max(0, epochs - MOST_EPOCHS);
  const width = training.recordSize - 1;
  const known = history?.length === (epochs - first) * width ? history : undefined;
  for (let epoch = first; epoch < epochs; epoch += 1) {
    const to = record(training, buffer, epoch).fill(0);
    const at = (epoch - first) * width;
    to[0] = known?.[at] ?? Number.NaN;
    if (known !== undefined) to.set(known.subarray(at + 1, at + width), 2);
  }
}

/** The epochs of a history as they were told when they ended, but for their time. */
export function pastEpochs(
  job: JobSpec,
  unit: number,
  epochs: number,
  history: Float64Array | undefined,
): PastEpoch[] {
  const scorer = job.scored === null ? null : jobScorer(job, unit);
  const width = 1 + (scorer?.size ?? 0);
  const remembered = Math.min(epochs, MOST_EPOCHS);
  if (history?.length !== remembered * width) return [];
  return Array.from({ length: remembered }, (_, i): PastEpoch => {
    const values = history.subarray(i * width, (i + 1) * width);
    return {
      type: "epoch",
      epoch: epochs - remembered + i + 1,
      loss: values[0] ?? Number.NaN,
      validation: scorer?.finish(values.slice(1)) ?? null,
    };
  }).filter(({ loss }) => !Number.isNaN(loss));
}
