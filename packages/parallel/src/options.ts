// The options of a Trainer: one type, defaults stated here.
import type { LossSpec, ModelSpec, OptimizerSpec, Parameters } from "@shardgrad/core";
import type { CheckpointSpec } from "./threads/checkpoints.js";
import type { HashLogSpec } from "./threads/hash-log.js";
import type { ConvergenceSpec } from "./step/convergence.js";
import type { CustomOps } from "./custom-ops.js";
import type { Dataset } from "./dataset/table/dataset.js";
import type { DatasetStream } from "./dataset/stream/stream.js";
import type { Backend } from "./step/job.js";
import type { EarlyStopping } from "./step/early-stopping.js";
import type { TrainingState } from "./events.js";

/** Options of `new Trainer(options)`. */
export interface TrainerOptions {
  /** The network: layers as data (see `sequential` in @shardgrad/core). */
  readonly model: ModelSpec;
  /** The training rows, with a target: in memory, or streamed (see fitStream and encodeStream). */
  readonly data: Dataset | DatasetStream;
  /** Rows scored after each epoch. */
  readonly validation?: Dataset | undefined;
  /** Default: "crossEntropy" for class targets, "meanSquaredError" for numbers. */
  readonly loss?: LossSpec | undefined;
  /** Default: adam({ lr: 0.001 }). */
  readonly optimizer?: OptimizerSpec | undefined;
  /** λ₁ of λ₁Σ|w| over weights, not biases. Default 0. */
  readonly l1?: number | undefined;
  /** λ₂ of λ₂Σw² over weights, not biases. Default 0. */
  readonly l2?: number | undefined;
  /** Rows of a minibatch over all workers together. Default 64. */
  readonly batchSize?: number | undefined;
  /** Pieces of a minibatch; fixes the order of sums and so the bytes of the result. Default: from the batch size. */
  readonly shards?: number | undefined;
  /**
   * What multiplies matrices: "wasm" (default), or "blas", the system's OpenBLAS through the package koffi. With blas the
   * bytes are the same for any number of workers on one machine and library, not across machines.
   */
  readonly backend?: Backend | undefined;
  /** Ops of your own, from `loadOps`, when layers of the model name some. */
  readonly ops?: CustomOps | undefined;
  /** Default 10. */
  readonly epochs?: number | undefined;
  /** Ends the run when the scores of the validation rows get no better; the result has the best weights. Default: all epochs. */
  readonly earlyStopping?: EarlyStopping | undefined;
  /**
   * Ends the run, before its last epoch, at the first step with ‖θ′ − θ‖₂ ≤ tolerance; 0: no number of θ changed. Exactly
   * the same for any number of workers. Default: all epochs.
   */
  readonly tolerance?: number | undefined;
  /** "loss" compares the tolerance with the change of the mean loss from one epoch to the next instead. Default "weights". */
  readonly toleranceOn?: ConvergenceSpec["on"] | undefined;
  /** Threads; never changes the result. Default "auto". */
  readonly workers?: number | "auto" | undefined;
  /** How many workers `run.setWorkers` may ask for: memory is laid out for so many. Default: `workers`. */
  readonly maxWorkers?: number | undefined;
  /** True lets fewer workers train while other programs take the cores, and more when they leave them. Default false. */
  readonly polite?: boolean | undefined;
  /**
   * True leaves the threads, when the trainer is closed after a run that ended well, to the next trainer of this process:
   * many short runs one after the other start faster. Threads without a trainer keep no process alive. Default false.
   */
  readonly keepThreads?: boolean | undefined;
  /** Default 0. Initial weights, shuffling and dropout are functions of it. */
  readonly seed?: number | undefined;
  /**
   * What becomes of a step that would make NaN or infinite numbers. "stop" (default): the run ends with a NonFiniteError
   * that names layer, step and rows. "skip": θ and the optimizer stay as they were, and the run goes on with the next
   * batch; it ends when as many steps in a row were skipped as an epoch has.
   */
  readonly onNonFinite?: "stop" | "skip" | undefined;
  /** False keeps the rows in their order. Default true. */
  readonly shuffle?: boolean | undefined;
  /**
   * Rows of streamed data that are shuffled together, rounded up to whole batches; two such windows are in memory.
   * Default: as many as fit into 16 MiB, at most 262,144. Part of what the result depends on.
   */
  readonly shuffleBuffer?: number | undefined;
  /** Weights to start from instead of the model's initialisers. */
  readonly initial?: Parameters | undefined;
  /** Go on from this state of an earlier run of the same options. */
  readonly resume?: TrainingState | undefined;
  /** Seconds after which a worker that holds up the others is replaced. Default 60; at least 100 steps are allowed. */
  readonly watchdogSeconds?: number | undefined;
  /** Writes the state to a file while the run goes on: after each epoch, and as said. `resume` goes on from it. */
  readonly checkpoint?: CheckpointSpec | undefined;
  /** Writes hashes of θ at fixed steps to a file, the same for any number of workers: where two runs part shows there. */
  readonly hashes?: HashLogSpec | undefined;
  /** Committed steps after which a run ends before its last epoch, at exactly that state. Default: all epochs. */
  readonly until?: number | undefined;
  /** Notes where each worker's time goes; the result's `profile` has it. Keeps the newest `events` of each worker. */
  readonly profile?: { readonly events?: number | undefined } | undefined;
  /**
   * Has V8 sample every thread but the main one, and write a CPU profile of each into this folder when the trainer is
   * closed: `supervisor.cpuprofile`, `worker-1.cpuprofile`, …; one that took another's place adds its turn, `worker-1-2`.
   */
  readonly cpuProfile?: string | undefined;
  /** Called when a worker ended and another took its place. */
  readonly onWorkerRestart?:
    | ((restart: {
        readonly worker: number;
        readonly step: number;
        readonly reason: string;
      }) => void)
    | undefined;
  /** The target's scale: scores in its own unit are the model's times this. Default 1. */
  readonly unit?: number | undefined;
}

/** Options of `trainer.run(options)`. */
export interface RunOptions {
  /** Ends the run at the next step when it aborts. */
  readonly signal?: AbortSignal | undefined;
}
