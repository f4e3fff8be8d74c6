// The workers of one job: starts them, sees them end, puts others in their places, and changes their number between steps.
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { Checkpoints, type CheckpointSpec } from "./checkpoints.js";
import { Control } from "../step/control.js";
import { loadOps } from "../custom-ops.js";
import { Deaths, type WorkerRestart } from "./deaths.js";
import { saysWorkerEnded } from "./endpoint.js";
import { feedByThread, trainFed } from "./feeding.js";
import { starvation } from "../step/feed-word.js";
import type { RemoteStream } from "../dataset/stream/stream-remote.js";
import { HashLog, type HashLogSpec } from "./hash-log.js";
import { jobPhases, type JobSpec } from "../step/job.js";
import { createLayout } from "../step/layout.js";
import type { Phases } from "../step/position.js";
import { Politeness } from "./politeness.js";
import { Watchdog } from "./watchdog.js";
import { startWorker, type WorkerThread } from "./worker-thread.js";

/** Everything the threads of a job share. */
export interface Setup {
  readonly job: JobSpec;
  readonly memory: WebAssembly.Memory;
  /** Where the workers' own places lie in it: from this byte on, so many. */
  readonly ownPlaces: readonly [from: number, bytes: number];
  readonly module: WebAssembly.Module;
  /** How many workers have a core each, so that waiting may spin; 0 where a quota limits their time. */
  readonly spinUpTo: number;
  /** Milliseconds after which a worker that holds up the others is ended; at least 100 steps. */
  readonly watchdog: number;
  /** Whether the workers become fewer while other programs take the cores. */
  readonly polite: boolean;
  readonly snapshot: SharedArrayBuffer | null;
  readonly checkpoint: CheckpointSpec | null;
  readonly hashes: HashLogSpec | null;
  readonly trace: SharedArrayBuffer | null;
  /** The folder for a CPU profile of every worker. */
  readonly cpuProfile: string | undefined;
}

/** Another number of workers trains. */
export interface WorkerChange {
  readonly workers: number;
  readonly before: number;
  /** Committed steps of the run when it happened. */
  readonly step: number;
  readonly reason: string;
  readonly time: number; // milliseconds since 1970
}

/** What the supervisor tells while a run goes on. */
export type News =
  | { readonly type: "restart"; readonly restart: WorkerRestart }
  | { readonly type: "workers"; readonly change: WorkerChange };

/** Hears the news. */
export type NewsListener = (news: News) => void | Promise<void>;

interface Member extends WorkerThread {
  /** The number of workers that its part was bound for, 0 when it must be bound (again). */
  boundFor: number;
}

/** How long an ended thread may take to be gone before the run gives up: it may be stuck in native code. */
const EXIT_MS = 10_000;
/** Deaths of one worker while it first loads after which a job ends. */
const MOST_DEATHS_LOADING = 3;

/** What belongs to one run. */
interface Course {
  readonly phases: Phases;
  readonly deaths: Deaths;
  readonly watchdog: Watchdog;
  readonly tell: (news: News) => void;
}

/** The workers of one job. The first `active` of them train; the others, which may not have been started, wait. */
export class Crew {
  readonly #setup: Setup;
  readonly #control: Control;
  readonly #members: Member[];
  /** How many threads each place has had. */
  readonly #turns: number[];
  /** Deaths before the run, to be told when somebody listens. */
  readonly #early: WorkerRestart[] = [];
  #active: number;
  #wanted: number;
  /** As many as the user wants. */
  #most: number;
  #reason = "";
  #running = false;
  /** Resolve when the wanted number of workers trains. */
  #waiting: (() => void)[] = [];

  /** @param threads of the first workers, started already; those that the job has no use for are ended */
  constructor(setup: Setup, threads: readonly WorkerThread[]) {
    this.#setup = setup;
    const used = threads.slice(0, setup.job.maxWorkers);
    for (const { worker } of threads.slice(used.length)) void worker.terminate();
    this.#members = used.map((thread) => ({ ...thread, boundFor: 0 }));
    this.#turns = used.map(() => 1);
    this.#control = new Control(setup.memory.buffer);
    this.#active = setup.job.workers;
    this.#wanted = setup.job.workers;
    this.#most = setup.job.workers;
  }

  #nameOf(index: number): string {
    return `worker ${index + 1} of ${this.#active}`;
  }

  #start(index: number): Member {
    const turn = (this.#turns[index] ?? 0) + 1;
    this.#turns[index] = turn;
    const thread = startWorker(index, this.#active, turn, this.#setup.cpuProfile);
    const member: Member = { ...thread, boundFor: 0 };
    this.#members[index] = member;
    return member;
  }

  /** Lets a worker lay out and bind its part, if it has not; starts its thread if there is none. */
  async #bind(index: number, probe: boolean): Promise<Member> {
    const member = this.#members[index] ?? this.#start(index);
    const workers = this.#active;
    if (member.boundFor === workers) return member;
    const { job, memory, module, spinUpTo, snapshot, trace } = this.#setup;
    await member.remote.prepare(
      { ...job, workers },
      { memory, module, index, spin: workers <= spinUpTo, probe, snapshot, trace },
    );
    member.boundFor = probe ? 0 : workers; // it tries its shards alone once, not again after a pause
    return member;
  }

  /** Lets each of the first workers bind its part. One that ends on the way is replaced. */
  async open(): Promise<void> {
    await this.#each((index) => this.#load(index));
  }

  async #load(index: number): Promise<void> {
    for (let deaths = 1; ; deaths += 1) {
      try {
        await this.#bind(index, false);
        return;
      } catch (error) {
        // One that lives has said what it cannot; the next one could not either.
        if (this.#control.aborted || !saysWorkerEnded(error)) throw error;
        await this.#certainlyEnded(index);
        const reason = error instanceof Error ? error.message : String(error);
        if (deaths >= MOST_DEATHS_LOADING)
          throw new Error(
            `${this.#nameOf(index)} ended ${deaths} times while it loaded (${reason})`,
            { cause: error },
          );
        this.#early.push({ worker: index, step: 0, reason, probe: false });
        this.#start(index);
      }
    }
  }

  async score(): Promise<void> {
    await this.#each(async (index) => this.#members[index]?.remote.score());
  }

  /** Trains to the end or to a stop, whatever workers end on the way, and however many there are. */
  async train(listener: NewsListener, source: RemoteStream | null): Promise<void> {
    const { job, checkpoint, hashes, snapshot, memory, watchdog: limit, polite } = this.#setup;
    const { training } = job;
    if (training === null) throw new TypeError("supervisor: the job has no training");
    this.#running = true;
    const workers = (): number => this.#active;
    const layout = createLayout(job, (await loadOps(job.opModules)).ops);
    const starved = starvation(layout, memory.buffer, this.#control);
    const watchdog = new Watchdog(this.#control, workers, limit, (index) => {
      if (!starved()) void this.#members[index]?.worker.terminate();
    });
    const hashLog = hashes === null ? null : new HashLog(layout, this.#control, memory, hashes);
    const checkpoints =
      checkpoint === null || snapshot === null
        ? null
        : new Checkpoints(layout, this.#control, memory, snapshot, checkpoint, hashLog, workers);
    const politeness = polite
      ? new Politeness(
          workers,
          () => this.#most,
          (count, reason) => void this.#request(count, reason),
        )
      : null;
    const told: Promise<void>[] = [];
    const course: Course = {
      phases: jobPhases(training, job),
      deaths: new Deaths(training),
      watchdog,
      tell: (news) => told.push(Promise.resolve(listener(news))),
    };
    for (const restart of this.#early.splice(0))
      course.tell({ type: "restart", restart: { ...restart, step: this.#control.steps } });
    const run = async (): Promise<void> => {
      this.#change(course);
      while (await this.#leg(course)) this.#change(course);
    };
    const reader =
      source === null
        ? null
        : feedByThread(
            job,
            memory,
            source,
            checkpoint === null ? tmpdir() : dirname(checkpoint.path),
          );
    try {
      await (reader === null
        ? run()
        : trainFed(this.#control, job.maxWorkers, reader.feeding, run));
    } finally {
      await reader?.close();
      this.#running = false;
      politeness?.stop();
      watchdog.stop();
      this.#wanted = job.workers;
      this.#most = job.workers;
      this.#settle();
      try {
        await checkpoints?.close();
      } finally {
        await hashLog?.close();
      }
      // The news travel by a port of their own; without waiting the end of the run could arrive before them.
      await Promise.allSettled(told);
    }
  }

  /**
   * Lets another number of workers train, from the end of a step on; from its start if the run has not begun. Resolves
   * when they do, or when the run has ended before.
   */
  resize(workers: number): Promise<void> {
    this.#most = workers;
    return this.#request(workers, "asked for");
  }

  async #request(workers: number, reason: string): Promise<void> {
    this.#wanted = workers;
    this.#reason = reason;
    if (!this.#running || (workers === this.#active && this.#waiting.length === 0)) return;
    this.#control.requestPause();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Between two legs, when no worker trains: the wanted number of them goes on. */
  #change({ tell }: Course): void {
    const before = this.#active;
    this.#active = this.#wanted;
    this.#control.goOn(this.#active);
    if (this.#active === before) return;
    // The workers' own places lie elsewhere now, where others may have written: each begins with zeros, as at the start.
    const [from, bytes] = this.#setup.ownPlaces;
    new Uint8Array(this.#setup.memory.buffer, from, bytes).fill(0);
    for (const member of this.#members) member.boundFor = 0;
    tell({
      type: "workers",
      change: {
        workers: this.#active,
        before,
        step: this.#control.steps,
        reason: this.#reason,
        time: performance.timeOrigin + performance.now(),
      },
    });
  }

  /** Trains with the same workers until they pause (true) or the run is over. */
  async #leg(course: Course): Promise<boolean> {
    let loading = this.#active;
    let paused = false;
    await this.#each(async (index) => {
      // All come to the same verdict, so it does not matter whose is taken.
      paused = await this.#trainOne(index, course, () => {
        loading -= 1;
        if (loading === 0) this.#settle();
      });
    });
    return paused;
  }

  #settle(): void {
    if (this.#running && this.#active !== this.#wanted) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Keeps one place of the crew filled until its worker pauses (true) or has come to the end. */
  async #trainOne(
    index: number,
    { phases, deaths, watchdog, tell }: Course,
    loaded: () => void,
  ): Promise<boolean> {
    for (let restart: WorkerRestart | undefined; ;) {
      try {
        watchdog.starting(index);
        const { remote } = await this.#bind(index, restart?.probe === true);
        watchdog.started(index);
        if (restart === undefined) loaded();
        return await remote.train();
      } catch (error) {
        if (this.#control.aborted) throw error;
        const exitCode = await this.#certainlyEnded(index);
        restart = deaths.record(
          {
            worker: index,
            name: this.#nameOf(index),
            finished: this.#control.finishedPhases(index, phases),
            probed: this.#control.probed(index),
            exitCode,
            error,
          },
          phases,
        );
        tell({ type: "restart", restart });
        this.#start(index);
      }
    }
  }

  /** Ends the worker if it has not ended, and waits until it is gone: until then nobody may run its shards. */
  async #certainlyEnded(index: number): Promise<number> {
    const member = this.#members[index];
    if (member === undefined) return 0;
    void member.worker.terminate();
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(new Error(`${this.#nameOf(index)} does not end; it may be stuck in native code`)),
        EXIT_MS,
      );
    });
    try {
      return await Promise.race([member.exited, stuck]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Runs something for every active worker; when one fails the others are told to leave, and the first failure is thrown when all have. */
  async #each(call: (index: number) => Promise<void>): Promise<void> {
    let failure: { error: unknown } | undefined;
    await Promise.all(
      Array.from({ length: this.#active }, async (_, index) => {
        try {
          await call(index);
        } catch (error) {
          failure ??= { error };
          this.#control.abort(this.#setup.job.maxWorkers);
        }
      }),
    );
    if (failure !== undefined) throw failure.error;
  }

  /** The threads of the workers when nobody trains any more: another crew may have them. */
  release(): readonly WorkerThread[] {
    return this.#members;
  }

  async close(): Promise<void> {
    // A run that is going on ends with them: nobody takes their places.
    this.#control.abort(this.#setup.job.maxWorkers);
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }
}
