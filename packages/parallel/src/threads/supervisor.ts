// The supervisor thread: what the main thread calls to start the workers of a job and to let them train or score.
// It is a thread of its own so that a blocked main thread stops nothing.
import { expose, releaseProxy, type Remote } from "comlink";
import { parentPort } from "node:worker_threads";
import { Crew, type NewsListener, type Setup } from "./crew.js";
import type { RemoteStream } from "../dataset/stream-remote.js";
import { parentEndpoint } from "./endpoint.js";

let crew: Crew | undefined;

const api = {
  async open(setup: Setup): Promise<void> {
    crew = new Crew(setup);
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
  async close(): Promise<void> {
    await crew?.close();
  },
};

/** What the main thread calls. */
export type SupervisorApi = typeof api;

if (parentPort !== null) expose(api, parentEndpoint(parentPort));
