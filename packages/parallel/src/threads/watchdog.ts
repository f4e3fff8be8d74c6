// Watches for a worker that holds up the others for too long.
import type { Control } from "../step/control.js";

const MOST_LOOK_MS = 250;
const STEPS_ALLOWED = 100;
/** What a thread may take to load and bind, whatever the limit: it stands still all the while. */
const START_MS = 10_000;

/** Looks at the phase words from time to time and calls `end` for a worker that stands still behind the others. */
export class Watchdog {
  readonly #control: Control;
  readonly #timer: NodeJS.Timeout;
  readonly #seen: { phase: number; since: number }[];

  /**
   * @param workers how many train at the moment: the first ones
   * @param limit milliseconds; a worker may also take as long as 100 steps of the run so far took on average
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
    const started = performance.now();
    const firstSteps = control.steps;
    // The time up to the newest step: what passes after it says nothing about how long a step takes.
    let newest = { steps: firstSteps, at: started };
    this.#timer = setInterval(
      () => {
        const now = performance.now();
        const phases = Array.from({ length: workers() }, (_, w) => control.phase(w));
        if (control.steps > newest.steps) newest = { steps: control.steps, at: now };
        const steps = newest.steps - firstSteps;
        const allowed = Math.max(
          limit,
          steps > 0 ? (STEPS_ALLOWED * (newest.at - started)) / steps : 0,
        );
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
