// The all-reduce fused with the optimizer: one worker's slice of θ, chunk by chunk, from the shards' sums to θ of the next step.
import { createOptimizer, type Kernels, type Scratch, type UpdateRange } from "@shardgrad/core";
import type { JobSpec } from "./job.js";
import { CHUNK_SUMS, SUM_OF_CHANGES, SUM_OF_MAGNITUDES, SUM_OF_SQUARES } from "./chunk-sums.js";
import {
  THETA_CHUNK,
  type ExtraUse,
  type Layout,
  type TrainingLayout,
  type WorkerPlaces,
} from "./layout.js";
import { now, REDUCE, UPDATE, type Tracer } from "./trace.js";

/**
 * Updates this worker's slice after a full batch (cut 0) or an epoch's last one (cut 1): reads θ and slots of the step's
 * parity, writes the other.
 * Returns whether all new numbers of θ are finite: a NaN or ∞ in a gradient or slot reaches θ.
 */
export type Update = (step: number, commits: number, cut: 0 | 1) => boolean;

/** The slice [lo, hi) of θ, in numbers, that worker `index` reduces and updates. */
export function sliceOf({ job, thetaCount }: Layout, index: number): { lo: number; hi: number } {
  // Sums over θ are kept per whole chunk, so slices are whole chunks then; otherwise cache lines do.
  const unit = isRegularised(job) || sumsChanges(job) ? THETA_CHUNK : 16;
  const units = Math.ceil(thetaCount / unit);
  const border = (w: number): number =>
    Math.min(thetaCount, Math.floor((units * w) / job.workers) * unit);
  return { lo: border(index), hi: border(index + 1) };
}

function isRegularised({ training }: JobSpec): boolean {
  return training !== null && (training.l1 !== 0 || training.l2 !== 0);
}

function sumsChanges({ training }: JobSpec): boolean {
  return training?.convergence?.on === "weights";
}

/**
 * Makes the update of one worker's slice.
 * @param scales what the sum over a batch is multiplied by first, for each cut
 */
export function createUpdate(
  layout: Layout,
  training: TrainingLayout,
  kernels: Kernels & Scratch,
  places: WorkerPlaces,
  index: number,
  scales: readonly number[],
  tracer: Tracer | null,
): Update {
  const { job, theta, thetaCount, decayingCount } = layout;
  if (job.training === null) throw new RangeError("update: the job has no training");
  const { l1, l2, optimizer: spec } = job.training;
  const optimizer = createOptimizer(spec, kernels);
  const regularised = isRegularised(job);
  const summing = sumsChanges(job);
  const { lo, hi } = sliceOf(layout, index);
  const chunkSums = new Float64Array(
    kernels.memory.buffer,
    training.chunkSums,
    Math.ceil(thetaCount / THETA_CHUNK) * CHUNK_SUMS,
  );
  const uniform = !regularised && (spec.weightDecay ?? (spec.name === "adamw" ? 0.01 : 0)) === 0;
  const range: UpdateRange = {
    n: 0,
    w: 0,
    wNext: 0,
    g: 0,
    slots: [],
    slotsNext: [],
    scale: 1,
    l1: 0,
    l2: 0,
    decays: false,
  };

  // Where the gradient is without a reduction: all shards are one subtree, and no parameter has a further use to be added.
  const sums = training.cuts.map(({ parts }) => {
    const holders = parts.flatMap(({ subtrees }, w) => subtrees.map(() => layout.workers[w]));
    return holders.length === 1 && training.extraUses.length === 0
      ? (holders[0]?.subtrees ?? null)
      : null;
  });

  const updateRange = (
    from: number,
    to: number,
    gradient: number,
    current: 0 | 1,
    next: 0 | 1,
    decays: boolean,
  ): boolean => {
    if (from >= to) return true;
    range.n = to - from;
    range.w = theta[current] + 4 * from;
    range.wNext = theta[next] + 4 * from;
    range.g = gradient;
    for (let i = 0; i < training.slotPlaces.length; i += 1) {
      const place = training.slotPlaces[i];
      range.slots[i] = (place?.[current] ?? 0) + 4 * from;
      range.slotsNext[i] = (place?.[next] ?? 0) + 4 * from;
    }
    range.decays = decays;
    range.l1 = decays ? l1 : 0;
    range.l2 = decays ? 2 * l2 : 0; // d(λ₂w²)/dw
    return optimizer.update(range);
  };

  return (step, commits, cut) => {
    const table = training.reduceTables[cut] ?? 0;
    const sum = sums[cut] ?? null;
    const current = (commits & 1) as 0 | 1;
    const next = (current ^ 1) as 0 | 1;
    optimizer.begin(step, commits);
    range.scale = scales[cut] ?? 1;
    let finite = true;
    const start = tracer === null ? 0 : now();
    let begun = start; // to reduce a chunk
    let reducing = 0; // milliseconds
    for (let from = lo; from < hi;) {
      const chunk = from / THETA_CHUNK; // whole wherever sums are kept
      const to = Math.min(hi, from + THETA_CHUNK);
      const gradient = sum === null ? places.gradient : sum + 4 * from;
      if (sum === null) {
        kernels.reduceTree(to - from, table, 4 * from, gradient, kernels.scratch);
        for (const extra of training.extraUses) addUse(kernels, extra, table, from, to, places);
        if (tracer !== null) reducing += now() - begun;
      }
      if (uniform) finite = updateRange(from, to, gradient, current, next, false) && finite;
      else {
        const border = Math.min(Math.max(from, decayingCount), to);
        finite = updateRange(from, border, gradient, current, next, true) && finite;
        const rest = gradient + 4 * (border - from);
        finite = updateRange(border, to, rest, current, next, false) && finite;
        if (regularised) {
          chunkSums[CHUNK_SUMS * chunk + SUM_OF_MAGNITUDES] =
            border > from ? kernels.sumAbs(border - from, theta[current] + 4 * from) : 0;
          chunkSums[CHUNK_SUMS * chunk + SUM_OF_SQUARES] =
            border > from ? kernels.sumSquares(border - from, theta[current] + 4 * from) : 0;
        }
      }
      if (summing)
        chunkSums[CHUNK_SUMS * chunk + SUM_OF_CHANGES] = kernels.sumSquaredDifference(
          to - from,
          theta[next] + 4 * from,
          theta[current] + 4 * from,
        );
      from = to;
      if (tracer !== null && from < hi) begun = now();
    }
    // Reducing and updating take turns chunk by chunk; the trace shows them one after the other.
    if (sum === null) tracer?.turnAt(start, REDUCE, step);
    tracer?.turnAt(start + reducing, UPDATE, step);
    return finite;
  };
}

/** Adds the reduced gradient of a parameter's further use to the chunk [from, to) of the gradient. */
function addUse(
  kernels: Kernels & Scratch,
  extra: ExtraUse,
  table: number,
  from: number,
  to: number,
  places: WorkerPlaces,
): void {
  const { offset, count } = extra.parameter;
  const lo = Math.max(from, offset);
  const hi = Math.min(to, offset + count);
  if (lo >= hi) return;
  const n = hi - lo;
  kernels.reduceTree(n, table, 4 * (extra.offset + lo - offset), places.gradient2, kernels.scratch);
  const at = places.gradient + 4 * (lo - from);
  kernels.add(1, n, at, n, 1, places.gradient2, n, 1, at);
}
