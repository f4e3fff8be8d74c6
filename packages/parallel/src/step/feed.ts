// Streamed data: whoever reads them fills one window while the workers train on another.
import { setTimeout as pause } from "node:timers/promises";
import type { DatasetStream } from "../dataset/stream/stream.js";
import { Control } from "./control.js";
import { Fed } from "./feed-word.js";
import { stepsPerEpoch } from "./job.js";
import type { DataPlaces, Layout } from "./layout.js";
import { placeRows } from "./place.js";
import { firstRowOf, firstStepOf, rowsOfWindow, WINDOW_SLOTS, windowsOf } from "./windows.js";

/** A feeder that waits for room looks at the steps this often: first soon, since small windows are soon read, then less and less. */
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 16;

/** Windows of an epoch that were full before and need not be decoded again, by their number in the epoch. */
export interface KeptWindows {
  has(window: number): boolean;
  /** Brings the rows of a window to their place; false when they could not be read. */
  read(window: number, place: DataPlaces, rows: number): Promise<boolean>;
  /** Keeps the rows of a window that is full, if it can. */
  keep(window: number, place: DataPlaces, rows: number): Promise<void>;
}

/**
 * Fills window after window, from the first that is not full to the end of the last epoch, never one that a step may
 * still read. Ends early when `ended` says so.
 * Throws Error when the stream fails or has not as many rows as an epoch.
 */
export async function feed(
  layout: Layout,
  buffer: ArrayBufferLike,
  stream: DatasetStream,
  ended: () => boolean,
  kept: KeptWindows | null = null,
): Promise<void> {
  const { training, job } = layout;
  if (training === null || job.training === null)
    throw new TypeError("feed: the job has no training");
  const spec = job.training;
  const windows = windowsOf(spec);
  const steps = stepsPerEpoch(spec);
  const control = new Control(buffer);
  const fed = new Fed(buffer, training);
  // The steps of the window that had the place before are committed: no worker runs them again. A step that cannot be
  // committed leaves its rows in their place, for the message that names them.
  const room = async (window: number): Promise<void> => {
    const before = firstStepOf(windows, steps, window - WINDOW_SLOTS + 1);
    if (window < WINDOW_SLOTS) return;
    for (
      let wait = FIRST_LOOK_MS;
      control.steps < before && !ended();
      wait = Math.min(2 * wait, LAST_LOOK_MS)
    )
      await pause(wait);
  };
  const placeOf = (window: number): DataPlaces => {
    const place = training.windows[window % WINDOW_SLOTS];
    if (place === undefined) throw new RangeError(`feed: no place for window ${window}`);
    return place;
  };
  const isKept = (window: number): boolean => kept?.has(window % windows.perEpoch) === true;
  const last = spec.epochs * windows.perEpoch;
  for (let window = fed.windows; window < last && !ended();) {
    if (isKept(window)) {
      await room(window);
      if (ended()) return;
      const size = rowsOfWindow(spec, windows, window);
      if ((await kept?.read(window % windows.perEpoch, placeOf(window), size)) === true) {
        window += 1;
        fed.windows = window;
        continue;
      }
    }
    const first = firstRowOf(windows, window);
    let given = first;
    let at = 0; // rows of the window that are there
    const end = (Math.floor(window / windows.perEpoch) + 1) * windows.perEpoch;
    const isEnough = (): boolean => at === 0 && window < end && isKept(window);
    for await (const chunk of stream.chunks(first)) {
      given += chunk.rows;
      if (given > spec.data.rows) throw otherCount(stream, given, spec.data.rows, "at least ");
      for (let from = 0; from < chunk.rows && !isEnough();) {
        const place = placeOf(window);
        if (at === 0) await room(window);
        if (ended()) return;
        const size = rowsOfWindow(spec, windows, window);
        const count = Math.min(chunk.rows - from, size - at);
        placeRows(buffer, chunk, place, at, from, count);
        from += count;
        at += count;
        if (at < size) continue;
        fed.windows = window + 1; // the workers begin while the rows are kept: both only read them
        await kept?.keep(window % windows.perEpoch, place, size);
        window += 1;
        at = 0;
      }
      if (ended()) return;
      if (isEnough()) break;
    }
    if (window < end && !isEnough()) throw otherCount(stream, given, spec.data.rows, "");
  }
}

function otherCount(
  { name }: DatasetStream,
  found: number,
  rows: number,
  words: string,
): RangeError {
  return new RangeError(
    `${name}: ${words}${found} rows to train on, where there were ${rows} before; the data must not change during a run`,
  );
}
