// The supervisor thread: starts the workers of a job, sees them end, and ends a run whose worker is gone.
// It is a thread of its own so that a blocked main thread stops nothing.
import { expose, wrap, type Remote } from "comlink";
import { parentPort, Worker } from "node:worker_threads";
import { Control } from "./control.js";
import { parentEndpoint, workerEndpoint } from "./endpoint.js";
import type { JobSpec } from "./job.js";
import type { WorkerApi } from "./worker.js";

/** Everything the threads of a job share. */
export interface Setup {
  readonly job: JobSpec;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly spin: boolean;
}

interface Member {
  readonly worker: Worker;
  readonly remote: Remote<WorkerApi>;
}

let members: Member[] = [];
let control: Control | undefined;

/** Calls all workers; when one fails the others are told to leave, and the first failure is thrown when all have. */
async function all(call: (remote: Remote<WorkerApi>) => Promise<void>): Promise<void> {
  let failure: { error: unknown } | undefined;
  await Promise.all(
    members.map(async ({ remote }) => {
      try {
        await call(remote);
      } catch (error) {
        failure ??= { error };
        control?.abort(members.length);
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
}

const api = {
  /** Starts the workers and lets each lay out and bind its part. */
  async open({ job, memory, module, spin }: Setup): Promise<void> {
    control = new Control(memory.buffer);
    members = Array.from({ length: job.workers }, (_, index): Member => {
      const name = `worker ${index + 1} of ${job.workers}`;
      const worker = new Worker(new URL("./worker.js", import.meta.url), { name });
      return { worker, remote: wrap<WorkerApi>(workerEndpoint(worker, name)) };
    });
    let next = 0;
    await all(async (remote) => remote.prepare(job, { memory, module, index: next++, spin }));
  },
  async train(): Promise<void> {
    await all((remote) => remote.train());
  },
  async score(): Promise<void> {
    await all((remote) => remote.score());
  },
  async close(): Promise<void> {
    await Promise.all(members.map(({ worker }) => worker.terminate()));
    members = [];
  },
};

/** What the main thread calls. */
export type SupervisorApi = typeof api;

if (parentPort !== null) expose(api, parentEndpoint(parentPort));
