// Hashes of θ every so many steps: the leader stores them in a ring, and whoever keeps the log takes them out.
import { createHash } from "node:crypto";
import type { Control } from "./control.js";
import type { Layout, TrainingLayout } from "./layout.js";

/** Hashes that the ring holds. The leader waits when it is full, so that none is ever lost. */
export const HASH_RECORDS = 1024;

/** Bytes of a hash: sha256. */
export const HASH_BYTES = 32;

/** A hash of θ, as `hashParameters` gives it. */
export interface ThetaHash {
  /** Committed steps. */
  readonly step: number;
  /** sha256 (hex) of every parameter in order, little-endian f32. */
  readonly hash: string;
}

/** How many hashes a run has before `step` committed steps: it has them at 0, every, 2·every, …. */
export function hashesBefore(step: number, every: number): number {
  return Math.ceil(step / every);
}

/**
 * Leader, before the gradients of a step: stores the hash of θ if one is due. θ of that step stays as it is until the
 * phase is over, so doing it again, in the place of a leader that ended, stores the same.
 */
export type StoreHash = (step: number, commits: number) => void;

/** Binds the leader's part, null when nobody asks for hashes. */
export function createHashing(
  layout: Layout,
  buffer: ArrayBufferLike,
  control: Control,
): StoreHash | null {
  const { training, job } = layout;
  const every = job.training?.hashEvery ?? null;
  if (training === null || every === null) return null;
  // A committed θ has no NaN, whose bits would have to be made canonical, and the memory is little-endian everywhere.
  const parts = layout.theta.map((theta) =>
    layout.parameters.map(
      ({ offset, count }) => new Uint8Array(buffer, theta + 4 * offset, 4 * count),
    ),
  );
  const ring = new Uint8Array(buffer, training.hashes, HASH_RECORDS * HASH_BYTES);
  return (step, commits) => {
    if (step % every !== 0) return;
    const index = step / every;
    control.awaitHashesTaken(index + 1 - HASH_RECORDS);
    const hash = createHash("sha256");
    for (const part of parts[commits & 1] ?? []) hash.update(part);
    ring.set(hash.digest(), (index % HASH_RECORDS) * HASH_BYTES);
    control.hashes = index + 1;
  };
}

/** The hashes in the ring from the first that was not taken. They stay until `control.hashesTaken` says that they were. */
export function readHashes(
  { hashes }: TrainingLayout,
  every: number,
  buffer: ArrayBufferLike,
  control: Control,
): readonly ThetaHash[] {
  const [first, end] = [control.hashesTaken, control.hashes];
  return Array.from({ length: Math.max(0, end - first) }, (_, i): ThetaHash => {
    const at = hashes + ((first + i) % HASH_RECORDS) * HASH_BYTES;
    const bytes = new Uint8Array(buffer, at, HASH_BYTES);
    return { step: (first + i) * every, hash: Buffer.from(bytes).toString("hex") };
  });
}
