// The entry of a worker thread: executes its shards of a job when the supervisor says so.
import { loadBlas, loadKernels } from "@shardgrad/core";
import { expose } from "comlink";
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { loadOps } from "../custom-ops.js";
import { parentEndpoint } from "./endpoint.js";
import type { JobSpec } from "../step/job.js";
import { createLayout } from "../step/layout.js";
import { createReplica, type Replica, type ReplicaOptions } from "../step/replica.js";

const WORKER_NICENESS = 5;

let replica: Replica | undefined;

const api = {
  async prepare(job: JobSpec, options: ReplicaOptions): Promise<void> {
    const { memory, module } = options;
    const productsOf =
      job.backend === "blas" ? await loadBlas(loadKernels("f32", memory, module)) : undefined;
    replica = createReplica(
      createLayout(job, (await loadOps(job.opModules)).ops),
      options,
      productsOf,
    );
  },
  /** Whether the workers have paused, and not come to the end of the run. */
  train(): boolean {
    return replica?.train() ?? false;
  },
  score(): void {
    replica?.score();
  },
};

/** What the supervisor calls. */
export type WorkerApi = typeof api;

// On Linux priority is a thread's own: the main thread of a service keeps answering while the workers have the rest.
if (process.platform === "linux") setPriority(WORKER_NICENESS);

if (parentPort !== null) expose(api, parentEndpoint(parentPort));
