// Early stopping: the best score so far, the weights that had it, and when to give up.
//
// After the scores of an epoch every worker comes to the same verdict on its own, from the same sums. What the epochs
// before left exists twice, for even and odd epochs, so that a worker that ends can be made up for.
import type { Parameters } from "@shardgrad/core";
import { jobScorer } from "./job.js";
import type { Layout, TrainingLayout } from "./layout.js";
import { readParameters, writeParameters } from "./parameters.js";
import type { Scoring } from "./scoring.js";

/** When to end a run before its last epoch. */
export interface EarlyStopping {
  /** Epochs without a better score after which the run ends. */
  readonly patience: number;
  /** The score of the validation rows that is watched; more is better for accuracy, r2, f1 and microF1, less for all others. Default "loss". */
  readonly monitor?: string | undefined;
  /** How much better a score must be to count, in the score's own unit. Default 0. */
  readonly minDelta?: number | undefined;
}

/** The same with everything decided, as part of a job. */
export interface StoppingSpec {
  readonly patience: number;
  readonly monitor: string;
  readonly minDelta: number;
  /** The target's scale: rmse and mae are in its unit. */
  readonly unit: number;
}

/** The epoch with the best score, and its weights. */
export interface Best {
  readonly epoch: number; // from 1
  readonly value: number;
  readonly parameters: Parameters;
}

/** Numbers of f64 that the verdicts take: value and epoch (0: none yet) for even and for odd epochs, and the epochs that were finished before this run. */
export const VERDICT_NUMBERS = 5;
const BEFORE = 4;

const slotAfter = (epochs: number): number => 2 * ((epochs + 1) & 1);

const moreIsBetter: ReadonlySet<string> = new Set(["accuracy", "r2", "f1", "microF1"]);

/** Tells whether a score beats the best so far. NaN never does. */
export function isBetter(
  value: number,
  best: number,
  { monitor, minDelta }: StoppingSpec,
): boolean {
  return moreIsBetter.has(monitor) ? value > best + minDelta : value < best - minDelta;
}

/**
 * What worker w does after the scores of an epoch: keeps its slice [lo, hi) of the weights if they are the best so far,
 * and says whether the run ends here. Doing it again is harmless: it reads what the epoch before left.
 */
export type EndEpoch = (epoch: number, parity: 0 | 1, scoring: Scoring) => boolean;

/** Makes it for one worker. */
export function createEndEpoch(
  layout: Layout,
  training: TrainingLayout,
  buffer: ArrayBufferLike,
  lo: number,
  hi: number,
  leader: boolean,
): EndEpoch | null {
  const spec = layout.job.training?.stopping;
  if (spec === null || spec === undefined) return null;
  const verdicts = new Float64Array(buffer, training.verdicts, VERDICT_NUMBERS);
  const slice = (address: number): Float32Array =>
    new Float32Array(buffer, address + 4 * lo, hi - lo);
  const kept = slice(training.best);
  const weights = [slice(layout.theta[0]), slice(layout.theta[1])] as const;
  const scorer = jobScorer(layout.job, spec.unit);
  const sums = new Float64Array(scorer.size);
  return (epoch, parity, scoring) => {
    const slot = slotAfter(epoch + 1);
    // An epoch that an earlier run has finished: its sums are gone, its verdict is part of the state.
    if (epoch < (verdicts[BEFORE] ?? 0))
      return epoch + 1 - (verdicts[slot + 1] ?? 0) >= spec.patience;
    const before = slotAfter(epoch);
    let best = verdicts[before] ?? 0;
    let bestEpoch = verdicts[before + 1] ?? 0;
    scoring.fold(sums.fill(0));
    const value = scorer.finish(sums)[spec.monitor] ?? Number.NaN;
    if (bestEpoch === 0 ? !Number.isNaN(value) : isBetter(value, best, spec)) {
      best = value;
      bestEpoch = epoch + 1;
      kept.set(weights[parity]);
    }
    if (leader) {
      verdicts[slot] = best;
      verdicts[slot + 1] = bestEpoch;
    }
    return epoch + 1 - bestEpoch >= spec.patience;
  };
}

/** Puts what an earlier run knew where the workers read it; `epochs` are finished. */
export function writeBest(
  layout: Layout,
  training: TrainingLayout,
  buffer: ArrayBufferLike,
  epochs: number,
  best: Best | undefined,
): void {
  if (layout.job.training?.stopping === null) return;
  const verdicts = new Float64Array(buffer, training.verdicts, VERDICT_NUMBERS).fill(0);
  verdicts[BEFORE] = epochs;
  if (best === undefined) return;
  verdicts[slotAfter(epochs)] = best.value;
  verdicts[slotAfter(epochs) + 1] = best.epoch;
  writeParameters(layout, buffer, training.best, best.parameters);
}

/** Value and epoch of the best after so many epochs. */
export function verdictAfter(
  training: TrainingLayout,
  buffer: ArrayBufferLike,
  epochs: number,
): Float64Array {
  return new Float64Array(buffer, training.verdicts + 8 * slotAfter(epochs), 2);
}

/** The best after so many epochs, undefined when there is none. */
export function readBest(
  layout: Layout,
  training: TrainingLayout,
  buffer: ArrayBufferLike,
  epochs: number,
): Best | undefined {
  if (layout.job.training?.stopping === null) return undefined;
  const [value = 0, epoch = 0] = verdictAfter(training, buffer, epochs);
  return epoch === 0
    ? undefined
    : { epoch, value, parameters: readParameters(layout, buffer, training.best) };
}
