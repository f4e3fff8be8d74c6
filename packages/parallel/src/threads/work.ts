// What a worker does: executes its shards of a job when the supervisor says so.
import { loadBlas, loadKernels } from "@shardgrad/core";
import { expose } from "comlink";
import type { MessagePort } from "node:worker_threads";
import { loadOps } from "../custom-ops.js";
import { parentEndpoint } from "./endpoint.js";
import type { JobSpec } from "../step/job.js";
import { createLayout } from "../step/layout.js";
import { createReplica, type Replica, type ReplicaOptions } from "../step/replica.js";

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

/** Answers the supervisor's calls. */
export function work(port: MessagePort): void {
  expose(api, parentEndpoint(port));
}
