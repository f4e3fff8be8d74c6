// A pool of threads over one job: the memory, the supervisor and, through it, the workers.
import { proxy } from "comlink";
import { kernelModule, prepareBlas } from "@shardgrad/core";
import type { CheckpointSpec } from "./checkpoints.js";
import { Control } from "../step/control.js";
import { cores } from "./cores.js";
import type { CustomOps } from "../custom-ops.js";
import type { Dataset } from "../dataset/table/dataset.js";
import { isStream, type DatasetStream } from "../dataset/stream/stream.js";
import type { HashLogSpec } from "./hash-log.js";
import type { JobSpec } from "../step/job.js";
import { createLayout, mostBytes, type DataPlaces, type Layout } from "../step/layout.js";
import { feed } from "../step/feed.js";
import { trainFed } from "./feeding.js";
import { giveMemory, takeMemory } from "./memory-pool.js";
import { placeRows } from "../step/place.js";
import { snapshotBuffer } from "../step/snapshot.js";
import { traceBuffer } from "../step/trace.js";
import type { NewsListener } from "./crew.js";
import { leaveSupervisor, takeSupervisor, type SupervisorThread } from "./supervisor-thread.js";

/** How long a worker may hold up the others unless told otherwise. */
const WATCHDOG_MS = 60_000;

/** What a pool may be given besides its job. */
export interface PoolOptions {
  /** Milliseconds after which a worker that holds up the others is replaced. */
  readonly watchdog?: number | undefined;
  /** Whether the workers become fewer while other programs take the cores. */
  readonly polite?: boolean | undefined;
  readonly checkpoint?: CheckpointSpec | null | undefined;
  readonly hashes?: HashLogSpec | null | undefined;
  /** The folder for a CPU profile of every thread. */
  readonly cpuProfile?: string | undefined;
  /** The user's own ops; the threads load them from the job's modules. */
  readonly ops?: CustomOps["ops"] | undefined;
  /** Turns of each worker that a trace keeps; 0: no trace. */
  readonly traceEvents?: number | undefined;
}

/** Threads and memory of one job. Opens once; `close` releases everything. */
export class Pool {
  readonly layout: Layout;
  readonly memory: WebAssembly.Memory;
  /** Bytes of the memory that the job needs, whatever the number of workers. */
  readonly bytes: number;
  readonly control: Control;
  /** The workers' traces, null when there are none. */
  readonly trace: SharedArrayBuffer | null;
  readonly #supervisor: SupervisorThread;
  readonly #ready: Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(
    job: JobSpec,
    {
      watchdog = WATCHDOG_MS,
      polite = false,
      checkpoint = null,
      hashes = null,
      cpuProfile,
      traceEvents = 0,
      ops,
    }: PoolOptions = {},
  ) {
    this.layout = createLayout(job, ops);
    this.bytes = mostBytes(job, ops);
    this.memory = takeMemory(this.bytes);
    this.control = new Control(this.memory.buffer);
    this.#supervisor = takeSupervisor({ workers: job.workers, cpuProfile });
    this.trace = traceEvents === 0 ? null : traceBuffer(job.maxWorkers, traceEvents);
    const snapshot = checkpoint === null ? null : snapshotBuffer(this.layout);
    if (job.backend === "blas") prepareBlas();
    const free = cores();
    this.#ready = this.#supervisor.remote.open({
      job,
      memory: this.memory,
      ownPlaces: [this.layout.commonBytes, this.bytes - this.layout.commonBytes],
      module: kernelModule("f32"),
      spinUpTo: free.quota ? 0 : free.count,
      watchdog,
      polite,
      checkpoint,
      hashes,
      snapshot,
      trace: this.trace,
      cpuProfile,
    });
    this.#ready.catch(() => {}); // whoever calls train or score sees it
  }

  /** Copies a dataset's numbers to where the workers read them. */
  place(data: Dataset, places: DataPlaces): void {
    placeRows(this.memory.buffer, data, places);
  }

  /** Resolves when all workers have trained to the end, or to a stop. Rejects when a worker could not be replaced. */
  async train(listener: NewsListener, data?: Dataset | DatasetStream): Promise<void> {
    await this.#ready;
    const stream = data !== undefined && isStream(data) ? data : null;
    const remote = stream?.remote ?? null;
    const train = (): Promise<void> => this.#supervisor.remote.train(proxy(listener), remote);
    if (stream === null || remote !== null) return train();
    const { buffer } = this.memory;
    return trainFed(
      this.control,
      this.layout.job.maxWorkers,
      (ended) => feed(this.layout, buffer, stream, ended),
      train,
    );
  }

  /** Resolves when so many workers train, from the end of a step on, or when the run has ended. */
  async resize(workers: number): Promise<void> {
    await this.#supervisor.remote.resize(workers);
  }

  /** Resolves when all workers have scored their rows. */
  async score(): Promise<void> {
    await this.#ready;
    await this.#supervisor.remote.score();
  }

  /** Resolves when the workers are started and bound. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /**
   * Ends all threads and gives the memory back.
   * @param keep leaves the threads to the next job instead; only when none of their calls goes on or has failed
   */
  close(keep: boolean = false): Promise<void> {
    this.#closing ??= (async () => {
      const { worker, remote } = this.#supervisor;
      const isIdle = await this.#ready.then(() => keep).catch(() => false);
      if (
        isIdle &&
        (await remote.release().then(
          () => true,
          () => false,
        ))
      )
        leaveSupervisor(this.#supervisor);
      else {
        await remote.close().catch(() => {});
        await worker.terminate();
      }
      giveMemory(this.memory);
    })();
    return this.#closing;
  }
}
