// The control words that threads share: named slots, one writer each, and what their values mean.
import { finishedPhases, type Phases } from "./position.js";

/** Named words of i32 at the start of the shared memory. Words that different threads write lie 128 bytes apart. */
const WORDS = {
  /** 1 when the run must end at once because a worker is gone. Written by the supervisor. */
  abort: 32,
  /** 1 when the run should end after a step. Written by anybody. */
  stop: 64,
  /** 1 when the workers should leave after a step, for another number of them to go on. Written by the supervisor. */
  pause: 65,
  /** The leader's answer to `stop`, `pause` and `snapshots` for even and odd steps. Written by worker 0 before it finishes a gradient phase. */
  decision: 96,
  /** Steps that were skipped before an even and before an odd step. Written by worker 0 before it finishes a gradient phase. */
  skipped: 98,
  /** How many of them came last, without a committed step between. Written together with them. */
  skippedInRow: 100,
  /** Finished epochs. Written by worker 0 after it has stored the epoch's record. */
  epochs: 128,
  /** Finished steps, as an f64. Written by worker 0. */
  steps: 160,
  /** Snapshots that the supervisor has asked for. Written by the supervisor. */
  snapshots: 192,
  /** Hashes of θ that were written to the log. Written by the supervisor. */
  hashesTaken: 193,
  /** Those that were decided on. Written by worker 0, after the step of the newest. */
  answered: 224,
  /** The step after which the newest is taken, as an f64. Written by worker 0. */
  snapshotStep: 226,
  /** Hashes of θ that were stored. Written by worker 0, after the newest. */
  hashes: 228,
  /** Last finished phase of each worker, 128 bytes apart. */
  phases: 256,
} as const;

/** Bits of a decision. */
const STOP = 1;
const SNAPSHOT = 2;
const PAUSE = 4;

/** In each worker's line, behind its phase: 1 + the shard that it tries alone, else 0. Written by the worker only. */
const PROBE = 1;

/** Behind that: 1 + the last step (its low 31 bits) in which this worker found a number that is not finite. Written by the worker only. */
const NON_FINITE = 2;

const WORDS_PER_LINE = 32; // 128 bytes: two cache lines, because processors fetch them in pairs

/** Bytes of the control words for this many workers. */
export function controlBytes(workers: number): number {
  return 4 * (WORDS.phases + workers * WORDS_PER_LINE);
}

/**
 * The operations on shared words that everything here is made of, so that a test can stop a worker at any of them.
 * Indices count words of i32; a number of f64 takes two, from an even one.
 */
export interface SharedWords {
  load(at: number): number;
  store(at: number, value: number): void;
  /** Wakes everybody who sleeps at this word. */
  notify(at: number): void;
  /** Sleeps until notified while the word is `seen`, at most so many milliseconds. */
  wait(at: number, seen: number, milliseconds: number): void;
  /** Loads a number of f64. Plain, not atomic: aligned 8-byte accesses do not tear. */
  loadNumber(at: number): number;
  storeNumber(at: number, value: number): void;
}

function sharedWords(buffer: ArrayBufferLike): SharedWords {
  const words = new Int32Array(buffer);
  const numbers = new Float64Array(buffer, 0, (4 * WORDS.phases) / 8);
  return {
    load: (at) => Atomics.load(words, at),
    store: (at, value) => void Atomics.store(words, at, value),
    notify: (at) => void Atomics.notify(words, at),
    wait: (at, seen, milliseconds) => void Atomics.wait(words, at, seen, milliseconds),
    loadNumber: (at) => numbers[at >> 1] ?? 0,
    storeNumber: (at, value) => void (numbers[at >> 1] = value),
  };
}

/** The shared control words. */
export class Control {
  readonly #words: SharedWords;

  /** @param memory what begins with the words, or the operations on them */
  constructor(memory: ArrayBufferLike | SharedWords) {
    this.#words = "load" in memory ? memory : sharedWords(memory);
  }

  /** Clears everything for a run that has finished `steps` steps, some of which were skipped. */
  reset(workers: number, phases: Phases, steps: number, skipped: Skipped = NONE_SKIPPED): void {
    for (let at = 0; at < WORDS.phases + workers * WORDS_PER_LINE; at += 1)
      this.#words.store(at, 0);
    this.steps = steps;
    // As if the last step had just been cancelled, if it was: what follows from that is worked out again.
    const last = skipped.inRow > 0 ? 1 : 0;
    this.skip(steps - 1, skipped.steps - last, skipped.inRow - last);
    this.skip(steps, skipped.steps, skipped.inRow);
    if (last > 0) this.markNonFinite(0, steps - 1);
    this.#words.storeNumber(WORDS.snapshotStep, -1);
    this.finishEpochs(Math.floor(steps / phases.stepsPerEpoch));
    for (let w = 0; w < workers; w += 1)
      this.#words.store(WORDS.phases + w * WORDS_PER_LINE, finishedPhases(phases, steps) | 0);
  }

  /** Ends the run at once: every waiter sees it within its time-out. */
  abort(workers: number): void {
    this.#words.store(WORDS.abort, 1);
    for (let w = 0; w < workers; w += 1) this.#words.notify(WORDS.phases + w * WORDS_PER_LINE);
  }

  get aborted(): boolean {
    return this.#words.load(WORDS.abort) !== 0;
  }

  /** Asks for the end of the run after a step. */
  requestStop(): void {
    this.#words.store(WORDS.stop, 1);
  }

  /** Supervisor: asks all workers to leave after a step, none of them before the others. */
  requestPause(): void {
    this.#words.store(WORDS.pause, 1);
  }

  /** Supervisor, when all workers have left: lets so many go on from there. */
  goOn(workers: number): void {
    this.#words.store(WORDS.pause, 0);
    for (let parity = 0; parity < 2; parity += 1) {
      const at = WORDS.decision + parity;
      this.#words.store(at, this.#words.load(at) & ~PAUSE);
    }
    const finished = this.phase(0);
    for (let w = 1; w < workers; w += 1)
      this.#words.store(WORDS.phases + w * WORDS_PER_LINE, finished);
  }

  /**
   * The leader turns the requests into a decision once a step, so that all workers read the same after the next barrier.
   * Doing it again for the same step is harmless: nobody has read the first decision then.
   */
  decide(step: number): void {
    let decision = this.#words.load(WORDS.stop) !== 0 ? STOP : 0;
    if (this.#words.load(WORDS.pause) !== 0) decision |= PAUSE;
    const asked = this.#words.load(WORDS.snapshots);
    if (asked !== this.#words.load(WORDS.answered)) {
      this.#words.storeNumber(WORDS.snapshotStep, step + 1);
      this.#words.store(WORDS.answered, asked);
      decision |= SNAPSHOT;
    } else if (this.#words.loadNumber(WORDS.snapshotStep) === step + 1) decision |= SNAPSHOT; // a leader ended right here
    this.#words.store(WORDS.decision + (step & 1), decision);
  }

  /** Whether the run ends after this step. Read between the barrier that follows `decide` and the next but one. */
  stopsAfter(step: number): boolean {
    return (this.#words.load(WORDS.decision + (step & 1)) & STOP) !== 0;
  }

  /** Whether all workers leave after this step, for another number of them to go on. */
  pausesAfter(step: number): boolean {
    return (this.#words.load(WORDS.decision + (step & 1)) & PAUSE) !== 0;
  }

  /** Whether a snapshot is taken after this step. */
  snapshotAfter(step: number): boolean {
    return (this.#words.load(WORDS.decision + (step & 1)) & SNAPSHOT) !== 0;
  }

  /** Supervisor: asks for a snapshot. The last one must be done with: its buffer is written again. */
  requestSnapshot(): void {
    this.#words.store(WORDS.snapshots, this.#words.load(WORDS.snapshots) + 1);
  }

  /** The step after which the snapshot that was asked for is taken, −1 before that is decided. */
  get snapshotStep(): number {
    const decided = this.#words.load(WORDS.answered) === this.#words.load(WORDS.snapshots);
    return decided ? this.#words.loadNumber(WORDS.snapshotStep) : -1;
  }

  /** Hashes of θ that the leader has stored since step 0. */
  get hashes(): number {
    return this.#words.load(WORDS.hashes);
  }

  set hashes(count: number) {
    // A store after the hash's plain writes: a reader that sees the new count sees the hash.
    this.#words.store(WORDS.hashes, count);
  }

  /** Those that were taken out of the ring. */
  get hashesTaken(): number {
    return this.#words.load(WORDS.hashesTaken);
  }

  set hashesTaken(count: number) {
    this.#words.store(WORDS.hashesTaken, count);
    this.#words.notify(WORDS.hashesTaken);
  }

  /** Leader: waits until at least so many hashes were taken. Throws Aborted when the run ends instead. */
  awaitHashesTaken(least: number): void {
    for (;;) {
      const taken = this.hashesTaken;
      if (taken >= least) return;
      if (this.aborted) throw new Aborted();
      this.#words.wait(WORDS.hashesTaken, taken, SLEEP_MS);
    }
  }

  /** Worker w found a number that is not finite in what this step would make. */
  markNonFinite(w: number, step: number): void {
    this.#words.store(WORDS.phases + w * WORDS_PER_LINE + NON_FINITE, markOf(step));
  }

  /** Whether any worker did. All read the same after the barrier, which so cancels the commit without another one. */
  foundNonFinite(workers: number, step: number): boolean {
    for (let w = 0; w < workers; w += 1)
      if (this.#words.load(WORDS.phases + w * WORDS_PER_LINE + NON_FINITE) === markOf(step))
        return true;
    return false;
  }

  /**
   * How many steps before this one were skipped. Known from the barrier after the gradients of the step on, and for a
   * step longer.
   */
  skippedBefore(step: number): number {
    return this.#words.load(WORDS.skipped + (step & 1));
  }

  /** How many of them came last. */
  skippedInRow(step: number): number {
    return this.#words.load(WORDS.skippedInRow + (step & 1));
  }

  /** Leader: says how many steps before this one were skipped. */
  skip(step: number, skipped: number, inRow: number): void {
    this.#words.store(WORDS.skipped + (step & 1), skipped);
    this.#words.store(WORDS.skippedInRow + (step & 1), inRow);
  }

  get epochs(): number {
    return this.#words.load(WORDS.epochs);
  }

  finishEpochs(epochs: number): void {
    // A store after the record's plain writes: a reader that sees the new count sees the record.
    this.#words.store(WORDS.epochs, epochs);
  }

  /** Finished steps of the run. Beyond 2³¹, so an f64: aligned 8-byte stores do not tear. */
  get steps(): number {
    return this.#words.loadNumber(WORDS.steps);
  }

  set steps(steps: number) {
    this.#words.storeNumber(WORDS.steps, steps);
  }

  /** The phase word of worker w. */
  phase(w: number): number {
    return this.#words.load(WORDS.phases + w * WORDS_PER_LINE);
  }

  /** The shard that worker w tries alone, null when it runs all of its shards. */
  probed(w: number): number | null {
    const word = this.#words.load(WORDS.phases + w * WORDS_PER_LINE + PROBE);
    return word === 0 ? null : word - 1;
  }

  /** Says that worker w is about to try a shard alone, or (null) that it has tried all. */
  probe(w: number, shard: number | null): void {
    this.#words.store(WORDS.phases + w * WORDS_PER_LINE + PROBE, shard === null ? 0 : shard + 1);
  }

  /** How many phases worker w has finished: its word, which wraps, brought near to what the committed steps say. */
  finishedPhases(w: number, phases: Phases): number {
    const near = finishedPhases(phases, this.steps);
    return near + ((this.phase(w) - near) | 0);
  }

  /** Says that worker w has finished a phase. Stored, not counted, so saying it twice is harmless. */
  finish(w: number, phase: number): void {
    const at = WORDS.phases + w * WORDS_PER_LINE;
    this.#words.store(at, phase | 0);
    this.#words.notify(at);
  }

  /** Sleeps while worker w's phase word is `seen`, at most so many milliseconds. */
  sleep(w: number, seen: number, milliseconds: number): void {
    this.#words.wait(WORDS.phases + w * WORDS_PER_LINE, seen, milliseconds);
  }
}

const markOf = (step: number): number => ((step & 0x3fffffff) + 1) | 0;

/** Steps of a run that were skipped, as their numbers were not finite. */
export interface Skipped {
  readonly steps: number;
  /** How many of them came last, without a committed step between. */
  readonly inRow: number;
}

export const NONE_SKIPPED: Skipped = { steps: 0, inRow: 0 };

/** Thrown out of a barrier when the run was aborted. */
export class Aborted extends Error {
  constructor() {
    super("the run was aborted");
  }
}

/** A waiter that sleeps looks at `abort` this often, in case the notification came between its look and its sleep. */
export const SLEEP_MS = 50;
