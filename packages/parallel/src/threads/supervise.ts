// What the supervisor does: starts the workers of a job on their parts, and lets them train or score, when it is called.
import { expose, releaseProxy, type Remote } from "comlink";
import type { MessagePort } from "node:worker_threads";
import { Crew, type NewsListener, type Setup } from "./crew.js";
import type { RemoteStream } from "../dataset/stream/stream-remote.js";
import { parentEndpoint } from "./endpoint.js";
import type { WorkerThread } from "./worker-thread.js";

const createApi = (started: readonly WorkerThread[]) => {
  let threads = started; // those without a job
  let crew: Crew | undefined;
  return {
    async open(setup: Setup): Promise<void> {
      crew = new Crew(setup, threads);
      threads = [];
      await crew.open();
    },
    async train(listener: NewsListener, source: RemoteStream | null): Promise<void> {
      try {
        await crew?.train(listener, source);
      } finally {
        // Here it is comlink's proxy of the listener, whose port would keep the main thread alive.
        (listener as Remote<NewsListener>)[releaseProxy]();
      }
    },
    async score(): Promise<void> {
      await crew?.score();
    },
    async resize(workers: number): Promise<void> {
      await crew?.resize(workers);
    },
    /** Ends the job, of which no run goes on, and leaves the workers to the next. */
    release(): void {
      threads = crew?.release() ?? threads;
      crew = undefined;
    },
    async close(): Promise<void> {
      await crew?.close();
    },
  };
};

/** What the main thread calls. */
export type SupervisorApi = ReturnType<typeof createApi>;

/** Answers the main thread's calls, with workers whose threads have been started. */
export function supervise(port: MessagePort, threads: readonly WorkerThread[]): void {
  expose(createApi(threads), parentEndpoint(port));
}
