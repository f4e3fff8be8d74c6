// Has streamed data fed to the workers while they train: by this thread, or by a thread of its own.
import { wrap } from "comlink";
import { Worker } from "node:worker_threads";
import type { Control } from "../step/control.js";
import type { JobSpec } from "../step/job.js";
import type { RemoteStream } from "../dataset/stream/stream-remote.js";
import { workerEndpoint } from "./endpoint.js";
import type { FeederApi } from "./feeder.js";

/** Feeds until the last window is full, or `ended`. Rejects when the source fails. */
export type Feeding = (ended: () => boolean) => Promise<void>;

/**
 * Trains while the workers are fed. A source that fails ends the run, with its own error.
 * @param train resolves when the workers have trained to the end
 */
export async function trainFed(
  control: Control,
  workers: number,
  feeding: Feeding,
  train: () => Promise<void>,
): Promise<void> {
  let over = false;
  let failure: { readonly error: unknown } | undefined;
  // Not awaited: a source that is asked for its next rows when the run ends may never answer.
  feeding(() => over || control.aborted).catch((error: unknown) => {
    if (over) return;
    failure = { error };
    control.abort(workers);
  });
  try {
    await train();
  } catch (error) {
    throw failure === undefined ? error : failure.error;
  } finally {
    over = true;
  }
}

/** Threads that may end while they feed before the run does. */
const MOST_DEATHS = 3;

/**
 * Feeds from a thread of its own; another takes its place when it ends, and begins with the first window that is not full.
 * @param folder where decoded rows may be kept while the run lasts
 */
export function feedByThread(
  job: JobSpec,
  memory: WebAssembly.Memory,
  source: RemoteStream,
  folder: string,
): { readonly feeding: Feeding; readonly close: () => Promise<void> } {
  let worker: Worker | undefined;
  const feeding: Feeding = async (ended) => {
    for (let deaths = 0; !ended();) {
      const thread = new Worker(new URL("./feeder.js", import.meta.url), {
        name: "shardgrad feeder",
      });
      worker = thread;
      let gone = false;
      thread.once("error", () => (gone = true));
      thread.once("exit", () => (gone = true));
      const remote = wrap<FeederApi>(workerEndpoint(thread, "the thread that reads the data"));
      try {
        await remote.feed(job, memory, source, folder);
        return;
      } catch (error) {
        deaths += 1;
        if (!gone || deaths === MOST_DEATHS) throw error;
        await thread.terminate();
      }
    }
  };
  return { feeding, close: async () => void (await worker?.terminate()) };
}
