// What a run tells while it goes on, and what it leaves.
import type { Parameters } from "@shardgrad/core";
import type { Best } from "./step/early-stopping.js";
import type { Skipped } from "./step/control.js";
import type { Profile } from "./step/trace.js";

/**
 * Named scores: { loss, accuracy } for classes, { loss, rmse, mae, r2 } for numbers, in the target's own unit, and
 * { loss, f1, microF1 } for labels.
 */
export type Scores = Readonly<Record<string, number>>;

/** The workers are ready; the first step follows. */
export interface StartEvent {
  readonly type: "start";
  readonly workers: number;
  /** Why so many, e.g. `one for each core`. */
  readonly workersReason: string;
  readonly shards: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  readonly parameters: number; // numbers in θ
  readonly memory: {
    readonly bytes: number; // the shared memory in all
    readonly bytesPerWorker: number; // gradients and scratch of one more worker
    readonly mostWorkers: number; // how many would fit into one memory
  };
}

/** Where the run stands; old ones are dropped when nobody reads. */
export interface ProgressEvent {
  readonly type: "progress";
  readonly epoch: number; // from 1
  readonly step: number; // finished steps of this epoch
  readonly stepsPerEpoch: number;
  readonly totalSteps: number; // finished steps of the run
  readonly loss: number; // of the last finished step
  readonly samplesPerSecond: number;
  readonly secondsLeft: number;
}

/** An epoch is over. Never dropped. */
export interface EpochEvent {
  readonly type: "epoch";
  readonly epoch: number; // from 1
  readonly loss: number; // mean over the steps of the epoch
  readonly validation: Scores | null;
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

/** A worker ended and another took its place; the result is not affected. Never dropped. */
export interface RestartEvent {
  readonly type: "restart";
  readonly worker: number; // from 1
  readonly step: number; // committed steps when it happened
  readonly reason: string;
}

/** Another number of workers trains: `setWorkers` or `polite` asked for it. The result is not affected. Never dropped. */
export interface WorkersEvent {
  readonly type: "workers";
  readonly workers: number;
  readonly before: number;
  readonly step: number; // committed steps when it happened
  readonly reason: string;
  readonly time: number; // milliseconds since 1970
}

/** Steps were skipped, as they would have made NaN or infinite numbers; their rows changed nothing. Never dropped. */
export interface SkipEvent {
  readonly type: "skip";
  readonly steps: number; // since the last such event
  readonly skipped: number; // since step 0
  readonly step: number; // finished steps when it was seen
}

export type RunEvent =
  | StartEvent
  | ProgressEvent
  | EpochEvent
  | RestartEvent
  | WorkersEvent
  | SkipEvent;

/** Everything needed to go on from a step to the same bytes. */
export interface TrainingState {
  readonly step: number; // finished steps of the run
  readonly parameters: Parameters; // θ
  /** Optimizer slots by name (momentum, mean, variance), each laid out like the parameters. */
  readonly slots: Readonly<Record<string, Parameters>>;
  /** Losses of the finished steps of the current epoch, for the epoch's mean. */
  readonly losses: Float64Array;
  /** Losses and sums of scores of the newest finished epochs, up to 1,024. */
  readonly history?: Float64Array | undefined;
  /** ‖θ′ − θ‖₂ of the last step, with a tolerance on the weights. */
  readonly change?: number | undefined;
  /** Steps that were skipped so far, and how many of them came last; absent when none were. */
  readonly skipped?: Skipped | undefined;
  /** The best epoch so far, with early stopping. */
  readonly best?: Best | undefined;
}

/** What a run leaves. */
export interface RunResult {
  /** The trained weights by name, with early stopping those of the best epoch; copies that the caller owns. */
  readonly parameters: Parameters;
  /** True when stop(), a signal or an AbortSignal ended the run before its last epoch. */
  readonly stopped: boolean;
  /** The epoch with the best score, and its score, with early stopping. */
  readonly best: Pick<Best, "epoch" | "value"> | null;
  /** True when early stopping ended the run before its last epoch. */
  readonly stoppedEarly: boolean;
  /** True when the last change was within the tolerance; false without one. */
  readonly converged: boolean;
  readonly epochs: readonly EpochEvent[];
  readonly steps: number;
  /** Those of them that were skipped, with `onNonFinite: "skip"`. */
  readonly skipped: number;
  readonly seconds: number;
  readonly workers: number;
  readonly shards: number;
  readonly state: TrainingState;
  /** sha256 (hex) of θ: every parameter in order, little-endian f32, NaN made canonical. */
  readonly hash: string;
  /** Where the time went, when `profile` was asked for. */
  readonly profile: Profile | null;
}
