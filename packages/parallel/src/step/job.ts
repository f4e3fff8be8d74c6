// A job as data: everything that decides a run's bytes, and how it is spread over threads. It crosses threads.
import {
  lossesPerRow,
  outputWidth,
  type LossSpec,
  type ModelSpec,
  type OptimizerSpec,
} from "@shardgrad/core";
import type { Dataset } from "../dataset/table/dataset.js";
import type { ConvergenceSpec } from "./convergence.js";
import type { StoppingSpec } from "./early-stopping.js";
import { scorer, type Scorer } from "../metrics/metrics.js";
import { finishedPhases, phasesOf, type Phases } from "./position.js";

/** The form of a dataset without its numbers. */
export interface DataSpec {
  readonly rows: number;
  readonly blocks: readonly BlockSpec[];
  readonly target: TargetSpec | null;
}

export type BlockSpec =
  | { readonly kind: "f32"; readonly width: number }
  | { readonly kind: "u8"; readonly width: number; readonly shift: number; readonly scale: number }
  | { readonly kind: "oneHot"; readonly classes: number };

export type TargetSpec =
  | { readonly kind: "class"; readonly classes: number }
  | { readonly kind: "number" | "labels"; readonly width: number };

/** What training adds to a forward pass. */
export interface TrainingSpec {
  readonly data: DataSpec;
  readonly optimizer: OptimizerSpec;
  readonly l1: number;
  readonly l2: number;
  readonly batchSize: number;
  readonly shards: number;
  readonly epochs: number;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Rows of a window of streamed data, null: all rows are in memory. */
  readonly window: number | null;
  /** What becomes of a step that would make a number which is not finite. */
  readonly onNonFinite: "stop" | "skip";
  /** When to end before the last epoch, null: never. */
  readonly stopping: StoppingSpec | null;
  /** When a run has converged, null: it goes on to its last epoch. */
  readonly convergence: ConvergenceSpec | null;
  /** Steps from one hash of θ to the next, null: none. */
  readonly hashEvery: number | null;
  /** Committed steps after which the run ends if it has not ended by then, null: its last epoch. */
  readonly until: number | null;
}

/** What multiplies matrices: our kernels, or the system's OpenBLAS. */
export type Backend = "wasm" | "blas";

/** What workers do: train, score rows, or both. */
export interface JobSpec {
  readonly model: ModelSpec;
  readonly loss: LossSpec;
  readonly training: TrainingSpec | null;
  /** Rows that are scored: after each epoch, or once. */
  readonly scored: DataSpec | null;
  /** Whether the outputs of the scored rows are kept. */
  readonly keepOutputs: boolean;
  readonly backend: Backend;
  /** URLs of modules with ops of the user's own. */
  readonly opModules: readonly string[];
  readonly workers: number;
  /** How many there may be later: memory is laid out for so many. */
  readonly maxWorkers: number;
}

/** The form of a dataset. */
export function dataSpec(dataset: Dataset): DataSpec {
  const { rows, features, target } = dataset;
  return {
    rows,
    blocks: features.map((block): BlockSpec => {
      switch (block.kind) {
        case "f32":
          return { kind: "f32", width: block.width };
        case "u8":
          return { kind: "u8", width: block.width, shift: block.shift, scale: block.scale };
        case "oneHot":
          return { kind: "oneHot", classes: block.classes };
      }
    }),
    target:
      target === null
        ? null
        : target.kind === "class"
          ? { kind: "class", classes: target.classes }
          : { kind: target.kind, width: target.width },
  };
}

/** Bytes of a row in its compact form. */
export function rowBytes({ blocks, target }: DataSpec): number {
  const bytesOf = (block: BlockSpec): number =>
    block.kind === "u8" ? block.width : 4 * (block.kind === "oneHot" ? 1 : block.width);
  return (
    blocks.reduce((sum, block) => sum + bytesOf(block), 0) +
    (target === null ? 0 : 4 * (target.kind === "class" ? 1 : target.width))
  );
}

/** Features that a block gives. */
export function blockSpecWidth(block: BlockSpec): number {
  return block.kind === "oneHot" ? block.classes : block.width;
}

/** Steps of an epoch: the last batch may be short. */
export function stepsPerEpoch({
  data,
  batchSize,
}: Pick<TrainingSpec, "data" | "batchSize">): number {
  return Math.ceil(data.rows / batchSize);
}

/** The phases of a job's training. */
export function jobPhases(
  { epochs, until, ...training }: TrainingSpec,
  { scored }: Pick<JobSpec, "scored">,
): Phases {
  const phases = phasesOf(stepsPerEpoch(training), epochs, scored !== null);
  if (until === null) return phases;
  return { ...phases, total: Math.min(phases.total, finishedPhases(phases, until)) };
}

/** How a job's scored rows are scored, in units of `unit`. */
export function jobScorer({ model, loss, scored }: JobSpec, unit = 1): Scorer {
  const width = outputWidth(model);
  return scorer({
    kind: scored?.target?.kind ?? "number",
    width,
    unit,
    perRowCount: lossesPerRow(loss, width),
  });
}
