// Convergence: whether a step has changed θ, or an epoch the loss, by so little that the run is over.
//
// After the commit every worker comes to the same verdict on its own, from numbers that are written before the barrier
// and not again before the next one; so there is no barrier more, and a worker that takes another's place repeats it.
import { CHUNK_SUMS, SUM_OF_CHANGES, treeStack, treeSum } from "./chunk-sums.js";
import type { TrainingState } from "../events.js";
import { stepsPerEpoch } from "./job.js";
import {
  CONVERGENCE_NUMBERS,
  EPOCH_RECORDS,
  THETA_CHUNK,
  type Layout,
  type TrainingLayout,
} from "./layout.js";

/** When a run has converged, as part of a job. */
export interface ConvergenceSpec {
  readonly tolerance: number;
  /** weights: ‖θ′ − θ‖₂ of a step is compared with the tolerance; loss: |L′ − L| of two epochs' mean losses. */
  readonly on: "weights" | "loss";
}

/** What a job's convergence is told by. */
export interface Convergence {
  /**
   * What is compared with the tolerance after so many steps; NaN, which is within none, where there is nothing to compare.
   * @param skipped whether the last of them was skipped: it has changed nothing, and that means nothing
   */
  change(step: number, skipped: boolean): number;
  /** Whether it is within the tolerance. */
  reached(step: number, skipped: boolean): boolean;
}

/**
 * Makes it over a memory; null when the job goes on to its last epoch.
 * @param recordStep stores the loss of an epoch's last step, which the leader may not have done yet
 */
export function createConvergence(
  layout: Layout,
  training: TrainingLayout,
  buffer: ArrayBufferLike,
  recordStep: (epoch: number, inEpoch: number, skipped: boolean) => void = () => {},
): Convergence | null {
  const spec = layout.job.training;
  if (spec === null || spec.convergence === null) return null;
  const { tolerance, on } = spec.convergence;
  const steps = stepsPerEpoch(spec);
  const before = new Float64Array(buffer, training.convergence, CONVERGENCE_NUMBERS);
  const sums = new Float64Array(
    buffer,
    training.chunkSums,
    Math.ceil(layout.thetaCount / THETA_CHUNK) * CHUNK_SUMS,
  );
  const losses = [0, 1].map(
    (parity) => new Float64Array(buffer, training.losses + parity * steps * 8, steps),
  );
  const records = new Float64Array(
    buffer,
    training.records,
    Math.min(spec.epochs, EPOCH_RECORDS) * training.recordSize,
  );
  const recorded = (epoch: number): number =>
    records[(epoch % EPOCH_RECORDS) * training.recordSize] ?? Number.NaN;
  const stack = treeStack();

  const changeOfWeights = (step: number, skipped: boolean): number => {
    if (skipped) return Number.NaN;
    // No step of this run: the change is part of the state that it goes on from.
    if (step <= (before[0] ?? 0)) return before[1] ?? Number.NaN;
    treeSum(sums, SUM_OF_CHANGES, stack);
    return Math.sqrt(stack[0] ?? Number.NaN);
  };
  const changeOfLoss = (step: number, skipped: boolean): number => {
    const epoch = step / steps - 1;
    if (!Number.isInteger(epoch) || epoch < 1) return Number.NaN;
    if (step <= (before[0] ?? 0)) return Math.abs(recorded(epoch) - recorded(epoch - 1));
    // All workers store the same number, so it does not matter who is first.
    recordStep(epoch, steps - 1, skipped);
    return Math.abs(meanLoss(losses[epoch & 1], steps) - recorded(epoch - 1));
  };
  const change = on === "weights" ? changeOfWeights : changeOfLoss;
  return { change, reached: (step, skipped) => change(step, skipped) <= tolerance };
}

/** An epoch's mean loss: of its steps, in their order, without those that were skipped, which have NaN; NaN when all were. */
export function meanLoss(losses: Float64Array | undefined, steps: number): number {
  let sum = 0;
  let committed = 0;
  for (let i = 0; i < steps; i += 1) {
    const loss = losses?.[i] ?? Number.NaN;
    if (Number.isNaN(loss)) continue;
    sum += loss;
    committed += 1;
  }
  return sum / committed;
}

/** Puts where a run begins, and how the state that it goes on from had changed, to where the workers read it. */
export function writeConvergence(
  training: TrainingLayout,
  buffer: ArrayBufferLike,
  state: Pick<TrainingState, "step" | "change"> | undefined,
): void {
  new Float64Array(buffer, training.convergence, CONVERGENCE_NUMBERS).set([
    state?.step ?? 0,
    state?.change ?? Number.NaN,
  ]);
}
