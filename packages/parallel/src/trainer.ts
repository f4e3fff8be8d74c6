// The trainer: checks options, spreads a job over threads, and tells how it goes.
import { checkParameters, initialize, type Parameters } from "@shardgrad/core";
import { cores } from "./threads/cores.js";
import { createConvergence, writeConvergence } from "./step/convergence.js";
import { readBest, writeBest } from "./step/early-stopping.js";
import { pastEpochs, readHistory, writeHistory, type PastEpoch } from "./step/epoch-history.js";
import { EventQueue } from "./event-queue.js";
import type { RunEvent, RunResult, TrainingState } from "./events.js";
import { isStream } from "./dataset/stream/stream.js";
import { Fed, resetFed } from "./step/feed-word.js";
import { jobPhases, stepsPerEpoch, type JobSpec, type TrainingSpec } from "./step/job.js";
import type { TrainingLayout } from "./step/layout.js";
import { Monitor } from "./monitor.js";
import type { RunOptions, TrainerOptions } from "./options.js";
import { hashParameters, readParameters, writeParameters } from "./step/parameters.js";
import { NONE_SKIPPED } from "./step/control.js";
import type { WorkerChange } from "./threads/crew.js";
import { Pool } from "./threads/pool.js";
import { nonFinite } from "./non-finite.js";
import { hashesBefore } from "./step/theta-hashes.js";
import { readProfile } from "./step/trace.js";
import { checkOptions } from "./validate.js";

const POLL_MS = 50;
const TRACE_EVENTS = 100_000;
const FOUR_GIB = 2 ** 32;

/** What can be done to a run while it goes on. */
interface RunControls {
  readonly stop: () => void;
  readonly setWorkers: (workers: number) => Promise<void>;
}

/** A run of a trainer: a result to come, and events on the way. Training never waits for a reader. */
export class Run implements AsyncIterable<RunEvent> {
  /** What the run leaves. Rejects when a worker ended. */
  readonly result: Promise<RunResult>;
  readonly #events: AsyncIterable<RunEvent>;
  readonly #controls: RunControls;

  constructor(result: Promise<RunResult>, events: AsyncIterable<RunEvent>, controls: RunControls) {
    this.result = result;
    this.result.catch(() => {}); // an unread result is not an unhandled rejection
    this.#events = events;
    this.#controls = controls;
  }

  /** Ends the run after the current step; the result is what was reached. */
  stop(): void {
    this.#controls.stop();
  }

  /**
   * Lets so many workers train from the end of the current step on; the result is not affected. Resolves when they do, or
   * when the run has ended. More workers than a batch has shards have nothing to do and are not started.
   * Throws RangeError unless it is a whole number from 1 to the trainer's `maxWorkers`.
   */
  setWorkers(workers: number): Promise<void> {
    return this.#controls.setWorkers(workers);
  }

  [Symbol.asyncIterator](): AsyncIterator<RunEvent> {
    return this.#events[Symbol.asyncIterator]();
  }
}

/**
 * Trains a model on all cores. The weights it ends with depend on the options, never on the number of workers.
 * Throws RangeError naming the option that is wrong.
 */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #job: JobSpec;
  readonly #training: TrainingSpec;
  readonly #workersReason: string;
  #pool: Pool | undefined;
  #running = false;

  constructor(options: TrainerOptions) {
    const { job, training, workersReason } = checkOptions(options, cores().count);
    this.#options = options;
    this.#job = job;
    this.#workersReason = workersReason;
    this.#training = training;
  }

  /** Threads that the trainer uses. */
  get workers(): number {
    return this.#job.workers;
  }

  /** The most workers that `run.setWorkers` allows. */
  get maxWorkers(): number {
    const { maxWorkers, workers } = this.#options;
    return maxWorkers ?? (typeof workers === "number" ? workers : cores().count);
  }

  /** The newest epochs, up to 1,024, that were finished before the state that runs go on from. */
  get past(): readonly PastEpoch[] {
    const { resume, unit = 1 } = this.#options;
    return resume === undefined
      ? []
      : pastEpochs(
          this.#job,
          unit,
          Math.floor(resume.step / stepsPerEpoch(this.#training)),
          resume.history,
        );
  }

  /** Starts the threads ahead of `run`, which does it otherwise. Resolves when they are ready. */
  async open(): Promise<void> {
    await this.#open().ready;
  }

  #open(): Pool {
    return (this.#pool ??= new Pool(this.#job, {
      polite: this.#options.polite,
      watchdog:
        this.#options.watchdogSeconds === undefined
          ? undefined
          : this.#options.watchdogSeconds * 1000,
      checkpoint: this.#options.checkpoint,
      hashes: this.#options.hashes,
      ops: this.#options.ops?.ops,
      cpuProfile: this.#options.cpuProfile,
      traceEvents:
        this.#options.profile === undefined ? 0 : (this.#options.profile.events ?? TRACE_EVENTS),
    }));
  }

  /** Starts training. One run at a time; a later run starts again from the same options. */
  run({ signal }: RunOptions = {}): Run {
    if (this.#running)
      throw new Error("Trainer: a run is going on already; await its result first");
    this.#running = true;
    const events = new EventQueue<RunEvent>(({ type }) => type === "progress");
    const pool = this.#open();
    // What the last run was asked for when it was about to end is not asked of this one.
    pool.resize(this.#job.workers).catch(() => {});
    const result = this.#train(pool, events, signal);
    return new Run(result, events, {
      stop: () => pool.control.requestStop(),
      setWorkers: (workers) => this.#setWorkers(pool, workers),
    });
  }

  async #setWorkers(pool: Pool, workers: number): Promise<void> {
    const { maxWorkers } = this;
    if (!Number.isInteger(workers) || workers < 1 || workers > maxWorkers)
      throw new RangeError(
        `setWorkers: ${workers}: give a whole number from 1 to ${maxWorkers}; the trainer's maxWorkers is the most that memory is laid out for`,
      );
    // A pool that was closed while it was asked has no workers any more.
    if (this.#running && this.#pool === pool)
      await pool.resize(Math.min(workers, this.#job.maxWorkers)).catch(() => {});
  }

  /** Ends the threads, or leaves them to the next trainer if `keepThreads` says so, and releases the memory. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    const { keepThreads = false, cpuProfile } = this.#options;
    // A profile is written when its thread ends; threads of a run that goes on, or has failed, end with it.
    await pool?.close(keepThreads && cpuProfile === undefined && !this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #train(
    pool: Pool,
    events: EventQueue<RunEvent>,
    signal: AbortSignal | undefined,
  ): Promise<RunResult> {
    const { layout, control } = pool;
    const { training } = layout;
    if (training === null) throw new Error("Trainer: the job has no training");
    const started = performance.now();
    const stop = (): void => control.requestStop();
    try {
      const first = this.#options.resume?.step ?? 0;
      const changes: WorkerChange[] = [];
      this.#fill(pool, training, first);
      if (signal?.aborted === true) stop();
      signal?.addEventListener("abort", stop, { once: true });
      await pool.ready;
      const steps = stepsPerEpoch(this.#training);
      events.push({
        type: "start",
        workers: this.#job.workers,
        workersReason: this.#workersReason,
        shards: this.#training.shards,
        stepsPerEpoch: steps,
        epochs: this.#training.epochs,
        parameters: layout.parameters.reduce((sum, { count }) => sum + count, 0),
        memory: {
          bytes: pool.bytes,
          bytesPerWorker: layout.bytesPerWorker,
          mostWorkers:
            Math.floor((FOUR_GIB - layout.bytes) / layout.bytesPerWorker) + this.#job.workers,
        },
      });
      const monitor = new Monitor(
        pool,
        training,
        this.#training,
        events,
        first,
        this.#options.unit ?? 1,
      );
      const timer = setInterval(() => monitor.poll(), POLL_MS);
      try {
        await pool.train((news) => {
          if (news.type === "workers") {
            changes.push(news.change);
            events.push({ type: "workers", ...news.change });
            return;
          }
          const { worker, step, reason } = news.restart;
          events.push({ type: "restart", worker: worker + 1, step, reason });
          this.#options.onWorkerRestart?.({ worker: worker + 1, step, reason });
        }, this.#options.data);
      } finally {
        clearInterval(timer);
        monitor.poll();
      }
      const total = control.steps;
      const { onNonFinite } = this.#training;
      if (onNonFinite === "stop" && control.foundNonFinite(this.#job.maxWorkers, total))
        throw nonFinite(pool, this.#options, this.#training, total);
      if (onNonFinite === "skip" && control.skippedInRow(total) >= steps)
        throw nonFinite(pool, this.#options, this.#training, total - 1);
      const skippedLast = control.foundNonFinite(this.#job.maxWorkers, total - 1);
      const state = this.#state(pool, training, total);
      const parameters = state.best?.parameters ?? state.parameters;
      const early = total < this.#training.epochs * steps && this.#isEnough(state);
      const converged =
        createConvergence(layout, training, pool.memory.buffer)?.reached(total, skippedLast) ===
        true;
      events.end();
      return {
        parameters,
        stopped: total < this.#training.epochs * steps && !early && !converged,
        best:
          state.best === undefined ? null : { epoch: state.best.epoch, value: state.best.value },
        stoppedEarly: early,
        converged,
        epochs: monitor.epochs,
        steps: total,
        skipped: control.skippedBefore(total),
        seconds: (performance.now() - started) / 1000,
        workers: changes.at(-1)?.workers ?? this.#job.workers,
        shards: this.#training.shards,
        state,
        hash: hashParameters(parameters),
        profile:
          pool.trace === null ? null : readProfile(pool.trace, this.#job.maxWorkers, changes),
      };
    } catch (cause) {
      const error =
        this.#pool === pool
          ? cause
          : new Error("Trainer: closed while a run was going on", { cause });
      events.end(error);
      // The threads of a run that failed are gone or stuck: the next run starts new ones.
      await this.close();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#running = false;
    }
  }

  /** Puts data, start weights and optimizer state into the memory. */
  #fill(pool: Pool, training: TrainingLayout, first: number): void {
    if (pool.trace !== null) new Uint8Array(pool.trace).fill(0);
    const { layout, control, memory } = pool;
    const { resume, initial, data, validation } = this.#options;
    const steps = stepsPerEpoch(this.#training);
    const { onNonFinite } = this.#training;
    const { steps: skips, inRow } = resume?.skipped ?? NONE_SKIPPED;
    const skipped = { steps: skips, inRow: onNonFinite === "skip" ? inRow : 0 };
    const parity = ((first - skips) & 1) as 0 | 1;
    const parameters: Parameters =
      resume?.parameters ?? initial ?? initialize(this.#job.model, this.#training.seed);
    checkParameters(this.#job.model, parameters);
    control.reset(this.#job.maxWorkers, jobPhases(this.#training, this.#job), first, skipped);
    const { hashEvery } = this.#training;
    if (hashEvery !== null) control.hashes = control.hashesTaken = hashesBefore(first, hashEvery);
    writeParameters(layout, memory.buffer, layout.theta[parity], parameters);
    training.slots.forEach((name, i) => {
      const at = training.slotPlaces[i]?.[parity] ?? 0;
      new Float32Array(memory.buffer, at, layout.thetaCount).fill(0);
      const slot = resume?.slots[name];
      if (slot !== undefined) writeParameters(layout, memory.buffer, at, slot);
    });
    if (resume !== undefined) {
      const epoch = Math.floor(first / steps);
      new Float64Array(memory.buffer, training.losses + (epoch & 1) * steps * 8, steps).set(
        resume.losses.subarray(0, first - epoch * steps),
      );
    }
    writeConvergence(training, memory.buffer, resume);
    writeHistory(training, memory.buffer, Math.floor(first / steps), resume?.history);
    writeBest(layout, training, memory.buffer, Math.floor(first / steps), resume?.best);
    if (isStream(data)) resetFed(this.#training, new Fed(memory.buffer, training), first);
    else pool.place(data, training.data);
    if (validation !== undefined && layout.scoring !== null)
      pool.place(validation, layout.scoring.data);
  }

  /** Whether early stopping ends a run in this state. */
  #isEnough({ step, best }: TrainingState): boolean {
    const { stopping } = this.#training;
    const epochs = step / stepsPerEpoch(this.#training);
    return (
      stopping !== null &&
      Number.isInteger(epochs) &&
      epochs > 0 &&
      epochs - (best?.epoch ?? 0) >= stopping.patience
    );
  }

  #state(pool: Pool, training: TrainingLayout, step: number): TrainingState {
    const { layout, memory, control } = pool;
    const steps = stepsPerEpoch(this.#training);
    const epoch = Math.floor(step / steps);
    const skipped = { steps: control.skippedBefore(step), inRow: control.skippedInRow(step) };
    const parity = ((step - skipped.steps) & 1) as 0 | 1;
    const slots = training.slots.map((name, i): [string, Parameters] => [
      name,
      readParameters(layout, memory.buffer, training.slotPlaces[i]?.[parity] ?? 0),
    ]);
    const losses = new Float64Array(
      memory.buffer,
      training.losses + (epoch & 1) * steps * 8,
      step - epoch * steps,
    ).slice();
    const best = readBest(layout, training, memory.buffer, epoch);
    return {
      step,
      parameters: readParameters(layout, memory.buffer, layout.theta[parity]),
      slots: Object.fromEntries(slots),
      losses,
      history: readHistory(training, memory.buffer, epoch),
      ...(this.#training.convergence?.on === "weights" && {
        change: createConvergence(layout, training, memory.buffer)?.change(step, skipped.inRow > 0),
      }),
      ...(skipped.steps > 0 && { skipped }),
      ...(best !== undefined && { best }),
    };
  }
}
