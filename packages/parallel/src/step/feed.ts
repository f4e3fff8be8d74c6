// Streamed data: whoever reads them fills one window while the workers train on another.
import { setTimeout as pause } from "node:timers/promises";
import type { DatasetStream } from "../dataset/stream.js";
import { Control } from "./control.js";
import { Fed } from "./feed-word.js";
import { stepsPerEpoch } from "./job.js";
import type { Layout } from "./layout.js";
import { placeRows } from "./place.js";
import { firstRowOf, firstStepOf, rowsOfWindow, WINDOW_SLOTS, windowsOf } from "./windows.js";

/** A feeder that waits for room looks at the steps this often. */
const LOOK_MS = 1;

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
    while (control.steps < before && !ended()) await pause(LOOK_MS);
  };
  const last = spec.epochs * windows.perEpoch;
  for (let window = fed.windows; window < last && !ended();) {
    const first = firstRowOf(windows, window);
    let given = first;
    let at = 0; // rows of the window that are there
    const end = (Math.floor(window / windows.perEpoch) + 1) * windows.perEpoch;
    for await (const chunk of stream.chunks(first)) {
      given += chunk.rows;
      if (given > spec.data.rows) throw otherCount(stream, given, spec.data.rows, "at least ");
      for (let from = 0; from < chunk.rows;) {
        const place = training.windows[window % WINDOW_SLOTS];
        if (place === undefined) throw new RangeError(`feed: no place for window ${window}`);
        if (at === 0) await room(window);
        if (ended()) return;
        const size = rowsOfWindow(spec, windows, window);
        const count = Math.min(chunk.rows - from, size - at);
        placeRows(buffer, chunk, place, at, from, count);
        from += count;
        at += count;
        if (at < size) continue;
        window += 1;
        at = 0;
        fed.windows = window;
      }
      if (ended()) return;
    }
    if (window < end) throw otherCount(stream, given, spec.data.rows, "");
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
