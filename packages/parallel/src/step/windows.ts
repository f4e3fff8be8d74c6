// Windows: the runs of rows of an epoch that are in memory together. A dataset in memory is one window.
//
// Rows are shuffled inside a window only. A window is a whole number of batches and never reaches beyond its epoch, so a
// step reads one window, and the order of rows is a function of the job alone.
import type { TrainingSpec } from "./job.js";

/** Windows that have a place in memory when data are streamed: one is trained on while the next is filled. */
export const WINDOW_SLOTS = 2;

/** How the epochs of a job are cut into windows. */
export interface Windows {
  readonly rows: number; // of every window but the last of an epoch
  readonly steps: number; // the same in steps
  readonly perEpoch: number;
}

/** The windows of a job. */
export function windowsOf({ data, batchSize, window }: TrainingSpec): Windows {
  const rows = window ?? data.rows;
  return { rows, steps: Math.ceil(rows / batchSize), perEpoch: Math.ceil(data.rows / rows) };
}

/** The window of a step, counted from the start of the run. */
export function windowOfStep({ steps, perEpoch }: Windows, epoch: number, inEpoch: number): number {
  return epoch * perEpoch + Math.floor(inEpoch / steps);
}

/** The first row of a window in its epoch. */
export function firstRowOf({ rows, perEpoch }: Windows, window: number): number {
  return (window % perEpoch) * rows;
}

/** Rows of a window. */
export function rowsOfWindow(training: TrainingSpec, windows: Windows, window: number): number {
  return Math.min(windows.rows, training.data.rows - firstRowOf(windows, window));
}

/** The step of the run that is the first to read a window. */
export function firstStepOf(
  { steps, perEpoch }: Windows,
  stepsPerEpoch: number,
  window: number,
): number {
  return Math.floor(window / perEpoch) * stepsPerEpoch + (window % perEpoch) * steps;
}

/** What a streamed window may take unless told otherwise, in bytes and in rows: it is full before training begins. */
const WINDOW_BYTES = 2 ** 24;
const WINDOW_ROWS = 2 ** 18;

/**
 * Rows of a streamed window: those asked for, or those that fit, as a whole number of batches. A function of the form of
 * the rows and the batch size alone, since it decides the order of rows.
 */
export function windowRows(rowBytes: number, batchSize: number, asked: number | undefined): number {
  const rows = asked ?? Math.min(WINDOW_ROWS, Math.floor(WINDOW_BYTES / rowBytes));
  const batches = asked === undefined ? Math.floor(rows / batchSize) : Math.ceil(rows / batchSize);
  return Math.max(1, batches) * batchSize;
}
