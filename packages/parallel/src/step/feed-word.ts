// The word that tells how many windows of streamed data are full, and who waits for it.
import { Aborted, type Control } from "./control.js";
import { stepsPerEpoch, type TrainingSpec } from "./job.js";
import type { Layout, TrainingLayout } from "./layout.js";
import { windowOfStep, windowsOf } from "./windows.js";

/** Bytes of the word, alone in its lines because feeder and workers are different threads. */
export const FEED_BYTES = 128;

// A worker that waits for rows looks at `abort` this often.
const SLEEP_MS = 50;

/** How many windows are full since the start of the run. Written by the feeder only. */
export class Fed {
  readonly #word: Int32Array;

  constructor(buffer: ArrayBufferLike, { feed }: TrainingLayout) {
    this.#word = new Int32Array(buffer, feed, 1);
  }

  get windows(): number {
    return Atomics.load(this.#word, 0);
  }

  /** Stored after the plain writes of the rows: who sees the count sees them. */
  set windows(count: number) {
    Atomics.store(this.#word, 0, count);
    Atomics.notify(this.#word, 0);
  }

  /** Worker: returns when a window is full. Throws Aborted when the run ends instead. */
  awaitWindow(window: number, control: Control): void {
    for (;;) {
      const fed = this.windows;
      if (fed > window) return;
      if (control.aborted) throw new Aborted();
      Atomics.wait(this.#word, 0, fed, SLEEP_MS);
    }
  }
}

/** Tells whether the workers stand still because the next rows of streamed data are not there yet. */
export function starvation(
  { job, training }: Layout,
  buffer: ArrayBufferLike,
  control: Control,
): () => boolean {
  const spec = job.training;
  if (training === null || spec === null || spec.window === null) return () => false;
  const fed = new Fed(buffer, training);
  const windows = windowsOf(spec);
  const perEpoch = stepsPerEpoch(spec);
  return () => {
    const { steps } = control;
    const epoch = Math.floor(steps / perEpoch);
    return fed.windows <= windowOfStep(windows, epoch, steps - epoch * perEpoch);
  };
}

/** Sets the word for a run that goes on after so many steps: the window of the next step is the first to be filled. */
export function resetFed(training: TrainingSpec, fed: Fed, steps: number): void {
  const perEpoch = stepsPerEpoch(training);
  const epoch = Math.floor(steps / perEpoch);
  fed.windows = windowOfStep(windowsOf(training), epoch, steps - epoch * perEpoch);
}
