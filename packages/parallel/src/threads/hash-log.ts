// Writes the hashes of θ that a run's leader stores to a file, one JSON object a line.
import { type FileHandle, open } from "node:fs/promises";
import type { Control } from "../step/control.js";
import type { Layout } from "../step/layout.js";
import { HASH_RECORDS, readHashes } from "../step/theta-hashes.js";

/** When and where hashes of θ are written. */
export interface HashLogSpec {
  /** The file, added to: a line `{"step":0,"hash":"…"}` for each hash, in the order of steps. */
  readonly path: string;
  /** Steps from one to the next: at 0, every, 2·every, …. */
  readonly every: number;
}

const LOOK_MS = 20;
/** Between two writings, unless the ring fills up before. */
const WRITE_MS = 1000;

/** The log of one run. Every hash is written once, also when workers end. */
export class HashLog {
  readonly #timer: NodeJS.Timeout;
  readonly #take: () => readonly object[];
  readonly #control: Control;
  readonly #path: string;
  #file: FileHandle | undefined;
  #synced = true;
  #writing: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;

  constructor(layout: Layout, control: Control, memory: WebAssembly.Memory, spec: HashLogSpec) {
    const { training } = layout;
    if (training === null) throw new TypeError("hash log: the job has no training");
    this.#control = control;
    this.#path = spec.path;
    this.#take = () => readHashes(training, spec.every, memory.buffer, control);
    let written = performance.now();
    this.#timer = setInterval(() => {
      const waiting = control.hashes - control.hashesTaken;
      const now = performance.now();
      if (waiting === 0 || (waiting < HASH_RECORDS / 4 && now - written < WRITE_MS)) return;
      written = now;
      void this.#flush(false);
    }, LOOK_MS);
  }

  /** Brings all hashes that are stored to the disk: a checkpoint must not be there before those of the steps behind it. */
  async sync(): Promise<void> {
    await this.#flush(true);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** One writing after the other. Never rejects: what went wrong is told by `sync` and `close`. */
  #flush(durable: boolean): Promise<void> {
    this.#writing = this.#writing
      .then(() => this.#write(durable))
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#control.requestStop(); // a run that cannot keep its promise ends
        this.#control.hashesTaken = this.#control.hashes; // the leader must not wait for a log that is no more
      });
    return this.#writing;
  }

  async #write(durable: boolean): Promise<void> {
    const hashes = this.#take();
    if (this.#failure === undefined && hashes.length > 0) {
      this.#file ??= await open(this.#path, "a");
      await this.#file.writeFile(hashes.map((hash) => `${JSON.stringify(hash)}\n`).join(""));
      this.#synced = false;
    }
    this.#control.hashesTaken += hashes.length;
    if (!durable || this.#synced) return;
    await this.#file?.datasync();
    this.#synced = true;
  }

  /** Writes what is left. Throws what kept a hash from being written. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flush(true);
    await this.#file?.close();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
