// The options of `shardgrad train` that say how the weights are found.
import type { OptimizerSpec } from "@shardgrad/core";
import type { OptionTable } from "../option.js";
import { choice, countOr, integer, onOff, partOr, path, real } from "../values.js";

/** How a run finds its weights. */
export interface TrainingSettings {
  readonly optimizer: OptimizerSpec["name"];
  readonly lr?: number | undefined;
  readonly schedule?: "constant" | "cosine" | undefined;
  readonly warmup: number;
  readonly momentum?: number | undefined;
  readonly nesterov: boolean;
  readonly weightDecay?: number | undefined;
  readonly l1: number;
  readonly l2: number;
  readonly batchSize: number | "all";
  readonly epochs?: number | undefined;
  readonly tolerance?: number | undefined;
  readonly toleranceOn?: "weights" | "loss" | undefined;
  readonly restoreBest?: boolean | undefined;
  readonly patience?: number | undefined;
  readonly monitor?: string | undefined;
  readonly minDelta: number;
  readonly threshold?: "f1" | number | undefined;
  readonly onNan: "stop" | "skip";
  readonly seed: number;
  readonly initFrom?: string | undefined;
}

const LARGEST = Number.MAX_VALUE;

export const trainingOptions: OptionTable<TrainingSettings> = {
  optimizer: {
    kind: choice("adam", "adamw", "sgd"),
    help: "Update rule",
    group: "Training",
    default: "adamw",
    scope: "result",
  },
  lr: {
    kind: real(0, LARGEST, "low"),
    help: "Learning rate",
    group: "Training",
    defaultWords: "0.003; 0.01 for sgd",
    scope: "result",
  },
  schedule: {
    kind: choice("constant", "cosine"),
    help: "Learning rate over time; cosine falls to 0 at the last step",
    group: "Training",
    defaultWords: "cosine; constant with --tolerance",
    scope: "result",
  },
  warmup: {
    kind: integer(0, 1e9),
    help: "Steps over which the cosine schedule rises to --lr",
    group: "Training",
    default: 0,
    scope: "result",
  },
  momentum: {
    kind: real(0, 1, "high"),
    help: "Momentum of sgd",
    group: "Training",
    defaultWords: "0",
    scope: "result",
  },
  nesterov: {
    kind: onOff(),
    help: "Nesterov's form of momentum",
    group: "Training",
    default: false,
    scope: "result",
  },
  weightDecay: {
    kind: real(0, LARGEST),
    help: "Weight decay (decoupled for adamw)",
    group: "Training",
    defaultWords: "0.3 for adamw, else 0",
    scope: "result",
  },
  l1: {
    kind: real(0, LARGEST),
    help: "λ of λ·Σ|w| over weights, added to the loss",
    group: "Training",
    default: 0,
    scope: "result",
  },
  l2: {
    kind: real(0, LARGEST),
    help: "λ of λ·Σw² over weights, added to the loss",
    group: "Training",
    default: 0,
    scope: "result",
  },
  batchSize: {
    kind: countOr("all", 1e6),
    help: "Rows of a step, over all workers together; all: every training row in each step",
    group: "Training",
    default: 64,
    scope: "result",
  },
  epochs: {
    kind: integer(1, 1e6),
    help: "Times to go through the training rows",
    group: "Training",
    defaultWords: "20; up to 100 for small tables, until 1000 steps",
    scope: "result",
  },
  tolerance: {
    kind: real(0, LARGEST),
    help: "End when a step changes the weights by no more, in all: ‖θ′ − θ‖; 0: not at all",
    group: "Training",
    defaultWords: "never",
    scope: "result",
  },
  toleranceOn: {
    kind: choice("weights", "loss"),
    help: "What --tolerance is compared with: the change of the weights in a step, or of the mean loss in an epoch",
    group: "Training",
    defaultWords: "weights",
    scope: "result",
  },
  restoreBest: {
    kind: onOff(),
    help: "Leave the weights of the epoch with the best score of the validation rows (--no-restore-best for the last ones)",
    group: "Training",
    defaultWords: "on; off with --tolerance, --folds or --val 0",
    scope: "result",
  },
  patience: {
    kind: integer(1, 1e6),
    help: "End after so many epochs without a better score of the validation rows, with the best weights",
    group: "Training",
    defaultWords: "never",
    scope: "result",
  },
  monitor: {
    kind: choice("loss", "accuracy", "rmse", "mae", "r2", "f1", "microF1"),
    help: "The score that says which epoch is the best",
    group: "Training",
    defaultWords: "loss",
    scope: "result",
  },
  minDelta: {
    kind: real(0, LARGEST),
    help: "How much better a score must be to count",
    group: "Training",
    default: 0,
    scope: "result",
  },
  threshold: {
    kind: partOr("f1"),
    help: "Of two classes: predict the second, such as yes of no and yes, from this probability on; f1: the one with the best mean F1 of the validation rows",
    group: "Training",
    defaultWords: "the most probable class",
    scope: "result",
  },
  onNan: {
    kind: choice("stop", "skip"),
    help: "When a step would make NaN or infinite numbers: end the run and name the rows, or skip the step and go on",
    group: "Training",
    default: "stop",
    scope: "result",
  },
  seed: {
    kind: integer(0, 2 ** 32 - 1),
    help: "Splits, initial weights, shuffling and dropout are functions of it",
    group: "Training",
    default: 0,
    scope: "result",
  },
  initFrom: {
    kind: path("a .safetensors file"),
    help: "Begin with the weights in this file instead of random ones",
    group: "Training",
    defaultWords: "weights drawn by the seed",
    scope: "result",
  },
};
