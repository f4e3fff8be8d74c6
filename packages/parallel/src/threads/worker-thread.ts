// A worker's thread as the supervisor sees it: started, called, and seen to end.
import { wrap, type Remote } from "comlink";
import { Worker } from "node:worker_threads";
import { profilerFlags } from "./cpu-profile.js";
import { workerEndpoint } from "./endpoint.js";
import type { WorkerApi } from "./work.js";

/** A thread that executes shards once it is given a part of a job. */
export interface WorkerThread {
  readonly worker: Worker;
  readonly remote: Remote<WorkerApi>;
  /** Resolves with the exit code: the only proof that the thread does nothing any more. */
  readonly exited: Promise<number>;
}

/**
 * Starts the thread of one place among `workers`.
 * @param turn how many threads the place has had, this one included
 * @param cpuProfile the folder for its CPU profile
 */
export function startWorker(
  index: number,
  workers: number,
  turn: number,
  cpuProfile: string | undefined,
): WorkerThread {
  const name = `worker ${index + 1} of ${workers}`;
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    name,
    ...profilerFlags(cpuProfile, `worker-${index + 1}${turn === 1 ? "" : `-${turn}`}`),
  });
  return {
    worker,
    remote: wrap<WorkerApi>(workerEndpoint(worker, name)),
    exited: new Promise((resolve) => worker.once("exit", resolve)),
  };
}
