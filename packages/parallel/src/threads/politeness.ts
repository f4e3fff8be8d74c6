// Politeness: how many workers leave the cores to other programs that want them, and take them again.
import { availableParallelism, cpus } from "node:os";

const LOOK_MS = 1000;
/** Looks in a row that must agree: soon fewer workers, later more, so that programs which come and go change little. */
const LOOKS_TO_SHRINK = 2;
const LOOKS_TO_GROW = 5;
/** Parts of a core: what other programs always take is no reason to shrink, and growing needs more room than staying. */
const SHRINK_BELOW = 0.5;
const GROW_ABOVE = 0.75;

/**
 * How many workers should train.
 * @param others cores that other programs took, look by look since the number of workers last changed, the newest last
 * @param workers how many train now
 * @param most how many may
 * @param cores that the machine has
 */
export function politeWorkers(
  others: readonly number[],
  workers: number,
  most: number,
  cores: number,
): number {
  const room = (looks: number): number[] | null =>
    others.length < looks ? null : others.slice(-looks).map((taken) => cores - taken);
  const down = room(LOOKS_TO_SHRINK);
  if (down !== null && Math.max(...down) < workers - SHRINK_BELOW)
    return Math.max(1, Math.floor(Math.max(...down) + SHRINK_BELOW));
  const up = room(LOOKS_TO_GROW);
  if (up !== null && Math.min(...up) >= workers + GROW_ABOVE)
    return Math.min(most, Math.floor(Math.min(...up) + 1 - GROW_ABOVE));
  return workers;
}

/** Processor time so far, in milliseconds: of everybody, of this process, and by the clock. */
interface Times {
  readonly all: number;
  readonly own: number;
  readonly clock: number;
}

function times(): Times {
  const all = cpus().reduce(
    (sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq,
    0,
  );
  const { user, system } = process.cpuUsage();
  return { all, own: (user + system) / 1000, clock: performance.now() };
}

/** Looks at the machine from time to time and asks for another number of workers. */
export class Politeness {
  readonly #timer: NodeJS.Timeout;

  /**
   * @param workers how many train at the moment
   * @param most how many may
   */
  constructor(
    workers: () => number,
    most: () => number,
    resize: (workers: number, reason: string) => void,
  ) {
    const cores = Math.max(cpus().length, availableParallelism());
    let last = times();
    let others: number[] = [];
    let asked = workers();
    this.#timer = setInterval(() => {
      const now = times();
      const span = Math.max(1, now.clock - last.clock);
      const taken = Math.max(0, (now.all - last.all - (now.own - last.own)) / span);
      last = now;
      // What was seen while the number changed says nothing about either.
      if (workers() !== asked) {
        others = [];
        asked = workers();
        return;
      }
      others = [...others.slice(1 - LOOKS_TO_GROW), taken];
      const next = politeWorkers(others, asked, most(), cores);
      if (next === asked) return;
      others = [];
      resize(next, `other programs take ${taken.toFixed(1)} of ${cores} cores`);
    }, LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
