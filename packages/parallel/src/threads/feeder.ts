// The entry of the thread that reads streamed files and fills the windows that the workers train on.
import { expose } from "comlink";
import { parentPort } from "node:worker_threads";
import { loadOps } from "../custom-ops.js";
import { openRemote, type RemoteStream } from "../dataset/stream/stream-remote.js";
import { Control } from "../step/control.js";
import { feed } from "../step/feed.js";
import type { JobSpec } from "../step/job.js";
import { createLayout } from "../step/layout.js";
import { parentEndpoint } from "./endpoint.js";
import { openSpool } from "./spool.js";

const api = {
  /** @param folder where decoded rows may be kept while the run lasts */
  async feed(
    job: JobSpec,
    { buffer }: WebAssembly.Memory,
    source: RemoteStream,
    folder: string,
  ): Promise<void> {
    const layout = createLayout(job, (await loadOps(job.opModules)).ops);
    const control = new Control(buffer);
    const spool = await openSpool(layout, buffer, folder);
    try {
      await feed(layout, buffer, openRemote(source), () => control.aborted, spool);
    } finally {
      await spool?.close();
    }
  },
};

/** What the supervisor calls. */
export type FeederApi = typeof api;

if (parentPort !== null) expose(api, parentEndpoint(parentPort));
