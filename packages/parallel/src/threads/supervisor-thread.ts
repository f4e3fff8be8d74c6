// The supervisor's thread as the main thread sees it: started when a job needs it or ahead of it, and left to the next.
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

/** Those without a job; the newest is the first to get one. */
const idle: SupervisorThread[] = [];

/**
 * Starts a supervisor and so many workers for the next job that this process has, so that they load their modules while
 * it is made ready. They keep no process alive. Nothing happens when there are such threads already.
 * @param jobs that go on side by side; each needs threads of its own
 */
export function startThreads(workers: number, jobs: number = 1): void {
  while (idle.length < jobs) leaveSupervisor(start({ workers, cpuProfile: undefined }));
}

/** Leaves a supervisor and its workers, which have no job any more, to the next one. They keep no process alive. */
export function leaveSupervisor(thread: SupervisorThread): void {
  thread.worker.unref();
  idle.push(thread);
}

/** A supervisor that has no job, whatever number of workers it has; a new one when there is none. */
export function takeSupervisor(spec: SupervisorStart): SupervisorThread {
  // A thread is profiled from its start or not at all.
  const taken = spec.cpuProfile === undefined ? idle.pop() : undefined;
  if (taken === undefined) return start(spec);
  taken.worker.ref();
  return taken;
}

function start(spec: SupervisorStart): SupervisorThread {
  const worker = new Worker(new URL("./supervisor.js", import.meta.url), {
    name: "shardgrad supervisor",
    workerData: spec,
    ...profilerFlags(spec.cpuProfile, "supervisor"),
  });
  const remote = wrap<SupervisorApi>(workerEndpoint(worker, "the supervisor"));
  const thread: SupervisorThread = { worker, remote };
  // One that ends without a job, which only lack of memory does, is nobody's next.
  worker.once("exit", () => {
    const at = idle.indexOf(thread);
    if (at >= 0) idle.splice(at, 1);
  });
  return thread;
}
