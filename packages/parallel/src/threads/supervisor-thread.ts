// The supervisor's thread as the main thread sees it: started when a job needs it, or ahead of the job.
import { wrap, type Remote } from "comlink";
import { Worker } from "node:worker_threads";
import { profilerFlags } from "./cpu-profile.js";
import { workerEndpoint } from "./endpoint.js";
import type { SupervisorApi } from "./supervise.js";

/** What the thread is started with. */
export interface SupervisorStart {
  /** How many workers it starts at once. */
  readonly workers: number;
  /** The folder for a CPU profile of every thread. */
  readonly cpuProfile: string | undefined;
}

/** A supervisor that has no job yet. */
export interface SupervisorThread {
  readonly worker: Worker;
  readonly remote: Remote<SupervisorApi>;
}

let idle: SupervisorThread | undefined;

/**
 * Starts a supervisor and so many workers for the next job that this process has, so that they load their modules while
 * it is made ready. They keep no process alive. Nothing happens when there are such threads already.
 */
export function startThreads(workers: number): void {
  if (idle !== undefined) return;
  idle = start({ workers, cpuProfile: undefined });
  idle.worker.unref();
}

/** The supervisor that was started ahead, whatever number of workers it has; a new one when there is none. */
export function takeSupervisor(spec: SupervisorStart): SupervisorThread {
  // A thread is profiled from its start or not at all.
  if (idle === undefined || spec.cpuProfile !== undefined) return start(spec);
  const taken = idle;
  idle = undefined;
  taken.worker.ref();
  return taken;
}

function start(spec: SupervisorStart): SupervisorThread {
  const worker = new Worker(new URL("./supervisor.js", import.meta.url), {
    name: "shardgrad supervisor",
    workerData: spec,
    ...profilerFlags(spec.cpuProfile, "supervisor"),
  });
  return { worker, remote: wrap<SupervisorApi>(workerEndpoint(worker, "the supervisor")) };
}
