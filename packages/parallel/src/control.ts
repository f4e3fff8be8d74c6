// The control words that threads share: named slots, and the barrier that separates phases.
import { finishedPhases, type Phases } from "./position.js";

/** Named words of i32 at the start of the shared memory. Words that different threads write lie 128 bytes apart. */
const WORDS = {
  /** 1 when the run must end at once because a worker is gone. Written by the supervisor. */
  abort: 32,
  /** 1 when the run should end after a step. Written by the main thread. */
  stop: 64,
  /** The leader's answer to `stop` for even and odd steps. Written by worker 0 before it finishes a gradient phase. */
  decision: 96,
  /** Finished epochs. Written by worker 0 after it has stored the epoch's record. */
  epochs: 128,
  /** Finished steps, as an f64. Written by worker 0. */
  steps: 160,
  /** 1 while the supervisor wants a snapshot. Written by the supervisor. */
  snapshot: 192,
  /** The step after which the snapshot is taken, as an f64, −1 before that is decided. Written by worker 0, cleared by the supervisor. */
  snapshotStep: 224,
  /** Last finished phase of each worker, 128 bytes apart. */
  phases: 256,
} as const;

/** Bits of a decision. */
const STOP = 1;
const SNAPSHOT = 2;

/** In each worker's line, behind its phase: 1 + the shard that it tries alone, else 0. Written by the worker only. */
const PROBE = 1;

/** Behind that: 1 + the last step (its low 31 bits) in which this worker found a number that is not finite. Written by the worker only. */
const NON_FINITE = 2;

const WORDS_PER_LINE = 32; // 128 bytes: two cache lines, because processors fetch them in pairs

/** Bytes of the control words for this many workers. */
export function controlBytes(workers: number): number {
  return 4 * (WORDS.phases + workers * WORDS_PER_LINE);
}

/** The shared control words. */
export class Control {
  readonly #words: Int32Array;
  readonly #steps: Float64Array;
  readonly #snapshotStep: Float64Array;

  constructor(buffer: ArrayBufferLike) {
    this.#words = new Int32Array(buffer);
    this.#steps = new Float64Array(buffer, WORDS.steps * 4, 1);
    this.#snapshotStep = new Float64Array(buffer, WORDS.snapshotStep * 4, 1);
  }

  /** Clears everything for a run that has `steps` committed steps. */
  reset(workers: number, phases: Phases, steps: number): void {
    this.#words.fill(0, 0, WORDS.phases + workers * WORDS_PER_LINE);
    this.steps = steps;
    this.#snapshotStep[0] = -1;
    this.finishEpochs(Math.floor(steps / phases.stepsPerEpoch));
    for (let w = 0; w < workers; w += 1) this.#words[WORDS.phases + w * WORDS_PER_LINE] = finishedPhases(phases, steps) | 0;
  }

  /** Ends the run at once: every waiter sees it within its time-out. */
  abort(workers: number): void {
    Atomics.store(this.#words, WORDS.abort, 1);
    for (let w = 0; w < workers; w += 1) Atomics.notify(this.#words, WORDS.phases + w * WORDS_PER_LINE);
  }

  get aborted(): boolean {
    return Atomics.load(this.#words, WORDS.abort) !== 0;
  }

  /** Asks for the end of the run after a step. */
  requestStop(): void {
    Atomics.store(this.#words, WORDS.stop, 1);
  }

  /**
   * The leader turns the requests into a decision once a step, so that all workers read the same after the next barrier.
   * Doing it again for the same step is harmless: nobody has read the first decision then.
   */
  decide(step: number): void {
    let decision = Atomics.load(this.#words, WORDS.stop) !== 0 ? STOP : 0;
    if (Atomics.load(this.#words, WORDS.snapshot) !== 0) {
      const at = this.#snapshotStep[0] ?? -1;
      if (at < 0) this.#snapshotStep[0] = step + 1;
      if (at < 0 || at === step + 1) decision |= SNAPSHOT;
    }
    Atomics.store(this.#words, WORDS.decision + (step & 1), decision);
  }

  /** Whether the run ends after this step. Read between the barrier that follows `decide` and the next but one. */
  stopsAfter(step: number): boolean {
    return (Atomics.load(this.#words, WORDS.decision + (step & 1)) & STOP) !== 0;
  }

  /** Whether a snapshot is taken after this step. */
  snapshotAfter(step: number): boolean {
    return (Atomics.load(this.#words, WORDS.decision + (step & 1)) & SNAPSHOT) !== 0;
  }

  /** Supervisor: asks for a snapshot. */
  requestSnapshot(): void {
    Atomics.store(this.#words, WORDS.snapshot, 1);
  }

  /** Supervisor: the snapshot is written; another may be asked for. The request goes first, else the leader would take it again. */
  endSnapshot(): void {
    Atomics.store(this.#words, WORDS.snapshot, 0);
    this.#snapshotStep[0] = -1;
  }

  /** The step after which the snapshot is taken, −1 before that is decided. */
  get snapshotStep(): number {
    return this.#snapshotStep[0] ?? -1;
  }

  /** Worker w found a number that is not finite in what this step would make. */
  markNonFinite(w: number, step: number): void {
    Atomics.store(this.#words, WORDS.phases + w * WORDS_PER_LINE + NON_FINITE, markOf(step));
  }

  /** Whether any worker did. All read the same after the barrier, which so cancels the commit without another one. */
  foundNonFinite(workers: number, step: number): boolean {
    for (let w = 0; w < workers; w += 1)
      if (Atomics.load(this.#words, WORDS.phases + w * WORDS_PER_LINE + NON_FINITE) === markOf(step)) return true;
    return false;
  }

  get epochs(): number {
    return Atomics.load(this.#words, WORDS.epochs);
  }

  finishEpochs(epochs: number): void {
    // A store after the record's plain writes: a reader that sees the new count sees the record.
    Atomics.store(this.#words, WORDS.epochs, epochs);
  }

  /** Finished steps of the run. Beyond 2³¹, so an f64: aligned 8-byte stores do not tear. */
  get steps(): number {
    return this.#steps[0] ?? 0;
  }

  set steps(steps: number) {
    this.#steps[0] = steps;
  }

  /** The phase word of worker w. */
  phase(w: number): number {
    return Atomics.load(this.#words, WORDS.phases + w * WORDS_PER_LINE);
  }

  /** The shard that worker w tries alone, null when it runs all of its shards. */
  probed(w: number): number | null {
    const word = Atomics.load(this.#words, WORDS.phases + w * WORDS_PER_LINE + PROBE);
    return word === 0 ? null : word - 1;
  }

  /** Says that worker w is about to try a shard alone, or (null) that it has tried all. */
  probe(w: number, shard: number | null): void {
    Atomics.store(this.#words, WORDS.phases + w * WORDS_PER_LINE + PROBE, shard === null ? 0 : shard + 1);
  }

  /** How many phases worker w has finished: its word, which wraps, brought near to what the committed steps say. */
  finishedPhases(w: number, phases: Phases): number {
    const near = finishedPhases(phases, this.steps);
    return near + ((this.phase(w) - near) | 0);
  }

  /** Says that worker w has finished a phase. Stored, not counted, so saying it twice is harmless. */
  finish(w: number, phase: number): void {
    const at = WORDS.phases + w * WORDS_PER_LINE;
    Atomics.store(this.#words, at, phase | 0);
    Atomics.notify(this.#words, at);
  }

  /** Sleeps while worker w's phase word is `seen`, at most so many milliseconds. */
  sleep(w: number, seen: number, milliseconds: number): void {
    Atomics.wait(this.#words, WORDS.phases + w * WORDS_PER_LINE, seen, milliseconds);
  }
}

const markOf = (step: number): number => ((step & 0x3fffffff) + 1) | 0;

/** Thrown out of a barrier when the run was aborted. */
export class Aborted extends Error {
  constructor() {
    super("the run was aborted");
  }
}

// A waiter that sleeps looks at `abort` this often, in case the notification came between its look and its sleep.
const SLEEP_MS = 50;
const MOST_SPIN_MS = 2;

/**
 * The barrier between phases, as one worker sees it. Waiting is a spin bounded by time, then sleep.
 * A spin that ends in sleep was wasted, so the bound halves; one that catches its phase restores it.
 */
export class Barrier {
  readonly #control: Control;
  readonly #workers: number;
  readonly #self: number;
  readonly #spin: boolean;
  #bound = MOST_SPIN_MS;
  /** Milliseconds spent waiting, in all. */
  waited = 0;

  /** @param spin whether there is a core for every worker */
  constructor(control: Control, workers: number, self: number, spin: boolean) {
    this.#control = control;
    this.#workers = workers;
    this.#self = self;
    this.#spin = spin;
  }

  /** Finishes a phase and returns when all workers have. Throws Aborted when the run ends instead. */
  pass(phase: number): void {
    this.#control.finish(this.#self, phase);
    for (let w = 0; w < this.#workers; w += 1) if (w !== this.#self) this.#await(w, phase);
  }

  #await(w: number, phase: number): void {
    // Phases are compared by their difference, so that their wrap-around at 2³¹ does no harm.
    if (((this.#control.phase(w) - phase) | 0) >= 0) return;
    if (this.#spin && this.#bound > 0.001) {
      const end = performance.now() + this.#bound;
      do {
        for (let i = 0; i < 100; i += 1) {
          if (((this.#control.phase(w) - phase) | 0) >= 0) {
            this.#bound = Math.min(MOST_SPIN_MS, this.#bound * 2);
            return;
          }
        }
      } while (performance.now() < end);
      this.#bound /= 2;
    } else if (this.#spin) {
      this.#bound = this.#bound * 1.05 + 1e-6; // try again some day: the machine may be free by then
    }
    for (;;) {
      const seen = this.#control.phase(w);
      if (((seen - phase) | 0) >= 0) return;
      if (this.#control.aborted) throw new Aborted();
      this.#control.sleep(w, seen, SLEEP_MS);
    }
  }
}
