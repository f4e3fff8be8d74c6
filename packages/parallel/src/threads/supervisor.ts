// The supervisor thread: starts the workers of a job, sees them end, and puts others in their place.
// It is a thread of its own so that a blocked main thread stops nothing.
import { expose, releaseProxy, wrap, type Remote } from "comlink";
import { parentPort, Worker } from "node:worker_threads";
import { Checkpoints, type CheckpointSpec } from "./checkpoints.js";
import { Control } from "../step/control.js";
import { profilerFlags } from "./cpu-profile.js";
import { loadOps } from "../custom-ops.js";
import { Deaths, type WorkerRestart } from "./deaths.js";
import { parentEndpoint, workerEndpoint } from "./endpoint.js";
import { HashLog, type HashLogSpec } from "./hash-log.js";
import { jobPhases, type JobSpec } from "../step/job.js";
import { createLayout } from "../step/layout.js";
import type { Phases } from "../step/position.js";
import { Watchdog } from "./watchdog.js";
import type { WorkerApi } from "./worker.js";

/** Everything the threads of a job share. */
export interface Setup {
  readonly job: JobSpec;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly spin: boolean;
  /** Milliseconds after which a worker that holds up the others is ended; at least 100 steps. */
  readonly watchdog: number;
  readonly snapshot: SharedArrayBuffer | null;
  readonly checkpoint: CheckpointSpec | null;
  readonly hashes: HashLogSpec | null;
  readonly trace: SharedArrayBuffer | null;
  /** The folder for a CPU profile of every worker. */
  readonly cpuProfile: string | undefined;
}

/** Hears of workers that were replaced. */
export type RestartListener = (restart: WorkerRestart) => void | Promise<void>;

interface Member {
  readonly worker: Worker;
  readonly remote: Remote<WorkerApi>;
  /** Resolves with the exit code: the only proof that the thread does nothing any more. */
  readonly exited: Promise<number>;
}

/** How long an ended thread may take to be gone before the run gives up: it may be stuck in native code. */
const EXIT_MS = 10_000;

/** The workers of one job. */
class Crew {
  readonly #setup: Setup;
  readonly #control: Control;
  readonly #members: Member[];
  readonly #told: Promise<void>[] = [];
  /** How many threads each place has had. */
  readonly #turns: number[] = [];

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#control = new Control(setup.memory.buffer);
    this.#members = Array.from({ length: setup.job.workers }, (_, index) => this.#start(index));
  }

  #nameOf(index: number): string {
    return `worker ${index + 1} of ${this.#setup.job.workers}`;
  }

  #start(index: number): Member {
    const name = this.#nameOf(index);
    const turn = (this.#turns[index] ?? 0) + 1;
    this.#turns[index] = turn;
    const profile = `worker-${index + 1}${turn === 1 ? "" : `-${turn}`}`;
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      name,
      ...profilerFlags(this.#setup.cpuProfile, profile),
    });
    const remote = wrap<WorkerApi>(workerEndpoint(worker, name));
    return { worker, remote, exited: new Promise((resolve) => worker.once("exit", resolve)) };
  }

  async #prepare(index: number, probe: boolean): Promise<void> {
    const { job, memory, module, spin, snapshot, trace } = this.#setup;
    await this.#members[index]?.remote.prepare(job, {
      memory,
      module,
      index,
      spin,
      probe,
      snapshot,
      trace,
    });
  }

  /** Lets every worker lay out and bind its part. */
  async prepare(): Promise<void> {
    await this.#each((index) => this.#prepare(index, false));
  }

  async score(): Promise<void> {
    await this.#each(async (index) => this.#members[index]?.remote.score());
  }

  /** Trains to the end or to a stop, whatever workers end on the way. */
  async train(onRestart: RestartListener): Promise<void> {
    const {
      job,
      job: { training },
      memory,
      checkpoint,
      hashes,
      snapshot,
    } = this.#setup;
    if (training === null) throw new TypeError("supervisor: the job has no training");
    const phases = jobPhases(training, job);
    const deaths = new Deaths(training);
    const watchdog = new Watchdog(
      this.#control,
      this.#members.length,
      this.#setup.watchdog,
      (index) => void this.#members[index]?.worker.terminate(),
    );
    const layout = createLayout(job, (await loadOps(job.opModules)).ops);
    const hashLog = hashes === null ? null : new HashLog(layout, this.#control, memory, hashes);
    const checkpoints =
      checkpoint === null || snapshot === null
        ? null
        : new Checkpoints(layout, this.#control, memory, snapshot, checkpoint, hashLog);
    try {
      await this.#each((index) => this.#trainOne(index, phases, deaths, watchdog, onRestart));
    } finally {
      watchdog.stop();
      try {
        await checkpoints?.close();
      } finally {
        await hashLog?.close();
      }
      // The news travel by a port of their own; without waiting the end of the run could arrive before them.
      await Promise.allSettled(this.#told.splice(0));
    }
  }

  /** Keeps one place of the crew filled until it has trained to the end. */
  async #trainOne(
    index: number,
    phases: Phases,
    deaths: Deaths,
    watchdog: Watchdog,
    onRestart: RestartListener,
  ): Promise<void> {
    for (let restart: WorkerRestart | undefined; ;) {
      try {
        if (restart !== undefined) {
          watchdog.starting(index);
          await this.#prepare(index, restart.probe);
          watchdog.started(index);
        }
        await this.#members[index]?.remote.train();
        return;
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
        this.#told.push(Promise.resolve(onRestart(restart)));
        this.#members[index] = this.#start(index);
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

  /** Runs something for every worker; when one fails the others are told to leave, and the first failure is thrown when all have. */
  async #each(call: (index: number) => Promise<void>): Promise<void> {
    let failure: { error: unknown } | undefined;
    await Promise.all(
      this.#members.map(async (_, index) => {
        try {
          await call(index);
        } catch (error) {
          failure ??= { error };
          this.#control.abort(this.#members.length);
        }
      }),
    );
    if (failure !== undefined) throw failure.error;
  }

  async close(): Promise<void> {
    // A run that is going on ends with them: nobody takes their places.
    this.#control.abort(this.#members.length);
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }
}

let crew: Crew | undefined;

const api = {
  async open(setup: Setup): Promise<void> {
    crew = new Crew(setup);
    await crew.prepare();
  },
  async train(onRestart: RestartListener): Promise<void> {
    try {
      await crew?.train(onRestart);
    } finally {
      // Here it is comlink's proxy of the listener, whose port would keep the main thread alive.
      (onRestart as Remote<RestartListener>)[releaseProxy]();
    }
  },
  async score(): Promise<void> {
    await crew?.score();
  },
  async close(): Promise<void> {
    await crew?.close();
  },
};

/** What the main thread calls. */
export type SupervisorApi = typeof api;

if (parentPort !== null) expose(api, parentEndpoint(parentPort));
