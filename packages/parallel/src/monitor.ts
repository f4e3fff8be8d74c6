// Reads the shared progress of a run and makes events of it.
import type { EventQueue } from "./event-queue.js";
import type { EpochEvent, RunEvent } from "./events.js";
import { jobScorer, stepsPerEpoch, type TrainingSpec } from "./step/job.js";
import { EPOCH_RECORDS, type TrainingLayout } from "./step/layout.js";
import type { Pool } from "./threads/pool.js";

/** What has been told of a run so far. Each `poll` tells what is new. */
export class Monitor {
  readonly epochs: EpochEvent[] = [];
  readonly #pool: Pool;
  readonly #layout: TrainingLayout;
  readonly #training: TrainingSpec;
  readonly #events: EventQueue<RunEvent>;
  readonly #unit: number;
  readonly #steps: number; // an epoch
  readonly #started: number;
  #lastTime: number;
  #lastSteps: number;
  #epochStart: number;
  #rate = 0;
  #skipped: number;

  /**
   * @param first the step that the run begins with
   * @param unit the target's scale
   */
  constructor(
    pool: Pool,
    layout: TrainingLayout,
    training: TrainingSpec,
    events: EventQueue<RunEvent>,
    first: number,
    unit: number,
  ) {
    this.#pool = pool;
    this.#layout = layout;
    this.#training = training;
    this.#events = events;
    this.#unit = unit;
    this.#steps = stepsPerEpoch(training);
    this.#started = Math.floor(first / this.#steps);
    this.#lastSteps = first;
    this.#skipped = pool.control.skippedBefore(first);
    this.#lastTime = performance.timeOrigin + performance.now();
    this.#epochStart = this.#lastTime;
  }

  /** Tells the epochs that have ended since the last look, and where the run stands. */
  poll(): void {
    const { control } = this.#pool;
    const finished = control.epochs;
    for (
      let epoch = Math.max(this.#started + this.epochs.length, finished - EPOCH_RECORDS);
      epoch < finished;
      epoch += 1
    )
      this.#epoch(epoch);
    const steps = control.steps;
    if (steps === this.#lastSteps) return;
    const skipped = control.skippedBefore(steps);
    if (skipped > this.#skipped) {
      this.#events.push({ type: "skip", steps: skipped - this.#skipped, skipped, step: steps });
      this.#skipped = skipped;
    }
    const now = performance.timeOrigin + performance.now();
    const rows = this.#rows(steps) - this.#rows(this.#lastSteps);
    this.#rate = (rows * 1000) / Math.max(1e-3, now - this.#lastTime);
    this.#lastTime = now;
    this.#lastSteps = steps;
    const epoch = Math.floor((steps - 1) / this.#steps);
    const inEpoch = steps - epoch * this.#steps;
    const losses = new Float64Array(
      this.#pool.memory.buffer,
      this.#layout.losses + (epoch & 1) * this.#steps * 8,
      this.#steps,
    );
    const left = this.#training.epochs * this.#training.data.rows - this.#rows(steps);
    this.#events.push({
      type: "progress",
      epoch: epoch + 1,
      step: inEpoch,
      stepsPerEpoch: this.#steps,
      totalSteps: steps,
      loss: losses[inEpoch - 1] ?? Number.NaN,
      samplesPerSecond: this.#rate,
      secondsLeft: left / Math.max(1, this.#rate),
    });
  }

  /** Rows trained on after so many steps: the last step of an epoch may be short. */
  #rows(steps: number): number {
    const epoch = Math.floor(steps / this.#steps);
    return (
      epoch * this.#training.data.rows +
      Math.min(this.#training.data.rows, (steps - epoch * this.#steps) * this.#training.batchSize)
    );
  }

  #epoch(epoch: number): void {
    const { recordSize, records } = this.#layout;
    const record = new Float64Array(
      this.#pool.memory.buffer,
      records + (epoch % EPOCH_RECORDS) * recordSize * 8,
      recordSize,
    );
    const end = record[1] ?? this.#epochStart;
    const seconds = Math.max(1e-6, (end - this.#epochStart) / 1000);
    this.#epochStart = end;
    const { job, scoring } = this.#pool.layout;
    const event: EpochEvent = {
      type: "epoch",
      epoch: epoch + 1,
      loss: record[0] ?? Number.NaN,
      validation: scoring === null ? null : jobScorer(job, this.#unit).finish(record.slice(2)),
      seconds,
      samplesPerSecond: this.#training.data.rows / seconds,
    };
    this.epochs.push(event);
    this.#events.push(event);
  }
}
