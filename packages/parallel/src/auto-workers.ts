// How many workers train when nobody says: decided by what a step is expected to cost. The result does not depend on it.

/** What several workers lose in the two barriers of a step, in seconds. Both figures are measured: docs/performance.md. */
const BARRIERS = 6e-6;
/** What a core computes of small networks, in operations a second. */
const SPEED = 25e9;

/** A number of workers, and why it is that one. */
export interface Choice {
  readonly workers: number;
  readonly reason: string;
}

/**
 * The number of workers for networks of so many parameters and batches of so many rows: all cores, as far as a batch has
 * shards for them, or one where a step is so short that a second worker saves less than waiting for it costs.
 */
export function autoWorkers(
  parameters: number,
  rows: number,
  shards: number,
  cores: number,
): Choice {
  const most = Math.min(shards, cores);
  // Two operations forward, two for ∂L/∂W and two for ∂L/∂x: for each weight and row.
  const alone = (6 * parameters * rows) / SPEED;
  if (most > 1 && alone * (1 - 1 / most) < BARRIERS)
    return { workers: 1, reason: "a step is too short to share" };
  return {
    workers: most,
    reason: shards < cores ? "one for each shard of a batch" : "one for each core",
  };
}
