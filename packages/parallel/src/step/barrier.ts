// The barrier between phases, as one worker sees it: a spin bounded by time, then sleep.
import { Aborted, SLEEP_MS, type Control } from "./control.js";

/** Long enough for what a sleep would cost many times over; short beside what a scheduler gives another program. */
const SPIN_MS = 0.5;
/** After a wasted spin waits only sleep for so long at first, and twice as long after each that follows, up to a bound. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 128;
/** The part of a pause that the spin after it may take: 8 ms in the end, in which every scheduler has had a tick. */
const SPIN_PER_PAUSE = 1 / 16;
/** Looks at a phase word between two readings of the clock. */
const POLLS = 100;

/**
 * The barrier between phases. A spin that was wasted has one of two reasons. Other programs have the cores: then spinning
 * takes their time, so it pauses. Or the scheduler woke this worker on the other's core, as it does on virtual machines,
 * whose idle cores it takes for busy: then the two go on taking turns there, each asleep while the other works, until one
 * of them keeps the core for so long that the other is moved. So spins are longer after longer pauses, and take a
 * sixteenth of the time at most.
 */
export class Barrier {
  readonly #control: Control;
  readonly #workers: number;
  readonly #self: number;
  readonly #spin: boolean;
  #pause = 0; // milliseconds without a spin since the last wasted one, 0 when the last one was not
  #pauseEnds = 0; // by performance.now

  /** @param spin whether there is a core for every worker */
  constructor(control: Control, workers: number, self: number, spin: boolean) {
    this.#control = control;
    this.#workers = workers;
    this.#self = self;
    this.#spin = spin;
  }

  /** Whether there is anybody to wait for. */
  get waits(): boolean {
    return this.#workers > 1;
  }

  /** Finishes a phase and returns when all workers have. Throws Aborted when the run ends instead. */
  pass(phase: number): void {
    this.#control.finish(this.#self, phase);
    for (let w = 0; w < this.#workers; w += 1) if (w !== this.#self) this.#await(w, phase);
  }

  #await(w: number, phase: number): void {
    if (this.#passed(w, phase)) return;
    if (this.#spin && (this.#pause === 0 || performance.now() >= this.#pauseEnds)) {
      if (this.#caught(w, phase, Math.max(SPIN_MS, this.#pause * SPIN_PER_PAUSE))) {
        this.#pause = 0;
        return;
      }
      this.#pause = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * this.#pause));
      this.#pauseEnds = performance.now() + this.#pause;
    }
    for (;;) {
      const seen = this.#control.phase(w);
      if (((seen - phase) | 0) >= 0) return;
      if (this.#control.aborted) throw new Aborted();
      this.#control.sleep(w, seen, SLEEP_MS);
    }
  }

  /** Whether worker w has finished a phase. By their difference, so that the wrap-around at 2³¹ does no harm. */
  #passed(w: number, phase: number): boolean {
    return ((this.#control.phase(w) - phase) | 0) >= 0;
  }

  /** Spins until worker w has finished a phase, false if it has not within so many milliseconds. */
  #caught(w: number, phase: number, milliseconds: number): boolean {
    // The clock is read after a while only: most waits are shorter, and each reading may allocate a number.
    for (let end = 0; ;) {
      for (let i = 0; i < POLLS; i += 1) if (this.#passed(w, phase)) return true;
      const now = performance.now();
      if (end === 0) end = now + milliseconds;
      else if (now >= end) return false;
    }
  }
}
