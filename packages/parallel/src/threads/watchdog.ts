// Watches for a worker that holds up the others for too long.
import type { Control } from "../step/control.js";

const MOST_LOOK_MS = 250;
const STEPS_ALLOWED = 100;
/** What a thread may take to load and bind, whatever the limit: it stands still all the while. */
const START_MS = 10_000;

/** Times of a step that are remembered. */
const MOST_TIMES = 99;

/** The median; of two in the middle the lesser, 0 of none. */
function lowerMedian(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
}

/** Looks at the phase words from time to time and calls `end` for a worker that stands still behind the others. */
export class Watchdog {
  readonly #control: Control;
  readonly #timer: NodeJS.Timeout;
  readonly #seen: { phase: number; since: number }[];

  /**
   * @param workers how many train at the moment: the first ones
   * @param limit milliseconds; a worker may also take as long as 100 steps take in the median
   */
  constructor(
    control: Control,
    workers: () => number,
    limit: number,
    end: (worker: number) => void,
  ) {
    this.#control = control;
    const seen: { phase: number; since: number }[] = [];
    this.#seen = seen;
    // From one look that saw new steps to the next: a look that sees none says nothing about how long a step takes.
    let newest = { steps: control.steps, at: performance.now() };
    let perStep: number[] = [];
    this.#timer = setInterval(
      () => {
        const now = performance.now();
        const phases = Array.from({ length: workers() }, (_, w) => control.phase(w));
        const { steps } = control;
        if (steps > newest.steps) {
          perStep = [...perStep.slice(1 - MOST_TIMES), (now - newest.at) / (steps - newest.steps)];
          newest = { steps, at: now };
        }
        // Not the mean: a worker that held up the others in an early step would let the next one do so for minutes.
        const allowed = Math.max(limit, STEPS_ALLOWED * lowerMedian(perStep));
        phases.forEach((phase, w) => {
          const last = seen[w];
          if (last?.phase !== phase) seen[w] = { phase, since: now };
          // Only who is behind holds up others; a lone worker is behind by definition.
          else if (
            now - last.since > allowed &&
            phases.every((other) => ((other - phase) | 0) >= 0)
          ) {
            seen[w] = { phase, since: now };
            end(w);
          }
        });
      },
      Math.min(MOST_LOOK_MS, limit / 4),
    );
  }

  /** A thread begins to be worker w. */
  starting(w: number): void {
    this.#since(w, performance.now() + START_MS);
  }

  /** It has begun to train. */
  started(w: number): void {
    this.#since(w, performance.now());
  }

  #since(w: number, since: number): void {
    this.#seen[w] = { phase: this.#control.phase(w), since };
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
