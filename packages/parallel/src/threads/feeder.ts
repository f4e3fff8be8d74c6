// The entry of the thread that reads streamed files and fills the windows that the workers train on.
import { expose } from "comlink";
import { parentPort } from "node:worker_threads";
import { loadOps } from "../custom-ops.js";
import { openRemote, type RemoteStream } from "../dataset/stream-remote.js";
import { Control } from "../step/control.js";
import { feed } from "../step/feed.js";
import type { JobSpec } from "../step/job.js";
import { createLayout } from "../step/layout.js";
import { parentEndpoint } from "./endpoint.js";

const api = {
  async feed(job: JobSpec, memory: WebAssembly.Memory, source: RemoteStream): Promise<void> {
    const layout = createLayout(job, (await loadOps(job.opModules)).ops);
    const control = new Control(memory.buffer);
    await feed(layout, memory.buffer, openRemote(source), () => control.aborted);
  },
};

/** What the supervisor calls. */
export type FeederApi = typeof api;

if (parentPort !== null) expose(api, parentEndpoint(parentPort));
