// The options of `shardgrad train`.
import type { ActivationName, InitSpec, LossName, OptimizerSpec } from "@shardgrad/core";
import { opsOption, sessionOptions, type SessionSettings, workersOption } from "./common.js";
import type { OptionTable } from "./option.js";
import { typesOption } from "./use.js";
import {
  columnEncoders,
  columnFills,
  choice,
  countOr,
  integer,
  listOf,
  onOff,
  partOrPath,
  path,
  real,
  stepsOrSeconds,
  text,
  TABLE,
} from "./values.js";

/** What a training run is asked to do. */
export interface TrainSettings extends SessionSettings {
  readonly data?: string | undefined;
  readonly target?: string | undefined;
  readonly features?: readonly string[] | undefined;
  readonly drop?: readonly string[] | undefined;
  readonly types?: Readonly<Record<string, "number" | "text">> | undefined;
  readonly encode?: Readonly<Record<string, string>> | undefined;
  readonly impute?: Readonly<Record<string, "mean" | "median" | number>> | undefined;
  readonly markMissing: boolean;
  readonly task?: "classification" | "regression" | undefined;
  readonly val: number | string;
  readonly test?: number | string | undefined;
  readonly trainRows?: string | undefined;
  readonly valRows?: string | undefined;
  readonly testRows?: string | undefined;
  readonly stratify: boolean;
  readonly group?: string | undefined;
  readonly time?: string | undefined;
  readonly folds?: number | undefined;
  readonly hidden: readonly number[];
  readonly activation: readonly string[];
  readonly ops?: readonly string[] | undefined;
  readonly init?: InitName | undefined;
  readonly initSd?: number | undefined;
  readonly bias: boolean;
  readonly dropout: number;
  readonly loss?: RunLoss | undefined;
  readonly optimizer: OptimizerSpec["name"];
  readonly lr: number;
  readonly schedule: "constant" | "cosine";
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
  readonly patience?: number | undefined;
  readonly monitor?: string | undefined;
  readonly minDelta: number;
  readonly seed: number;
  readonly initFrom?: string | undefined;
  readonly shards?: number | undefined;
  readonly backend: "wasm" | "blas";
  readonly workers: number | "auto";
  readonly saveEvery?: number | string | undefined;
  readonly keep: number;
  readonly out?: string | undefined;
  readonly force: boolean;
  readonly resume?: string | undefined;
  readonly config?: string | undefined;
  readonly quiet: boolean;
  readonly trace?: string | undefined;
  readonly cpuProf?: string | undefined;
}

/** The losses of classes and of numbers as a table has them. */
export type RunLoss = Extract<
  LossName,
  "crossEntropy" | "meanSquaredError" | "halfSquaredError" | "norm"
>;

/** The initialisers that need no number. */
export type InitName = Exclude<InitSpec["name"], "constant">;

/** Those of core, which help does without. */
const activations: readonly ActivationName[] = [
  "relu",
  "leakyRelu",
  "elu",
  "gelu",
  "silu",
  "softplus",
  "sigmoid",
  "tanh",
  "softmax",
  "identity",
];

const COLUMNS = "column names, separated by commas";
const ROWS_FILE = "a file of row numbers";
const LARGEST = Number.MAX_VALUE;

export const trainOptions: OptionTable<TrainSettings> = {
  data: {
    kind: path(TABLE),
    help: "The table to learn from: CSV, TSV, JSON lines, Parquet, Arrow, NumPy or IDX, plain or gzip; 'part-*.csv' for several files, - for standard input",
    group: "Data",
    positional: true,
    scope: "result",
  },
  target: {
    kind: text("a column name"),
    help: "Column to predict",
    group: "Data",
    defaultWords: "label for IDX files",
    scope: "result",
  },
  features: {
    kind: listOf(text("a column name"), COLUMNS),
    help: "Columns to predict from",
    group: "Data",
    defaultWords: "all but the target",
    scope: "result",
  },
  drop: {
    kind: listOf(text("a column name"), COLUMNS),
    help: "Columns to leave out",
    group: "Data",
    scope: "result",
  },
  types: typesOption,
  encode: {
    kind: columnEncoders(),
    help: "How to encode columns: standard, minmax, robust or log1p for numbers; onehot, ordinal (ordinal:small<large), words (words:512) for text; calendar for times",
    group: "Data",
    defaultWords: "standard for numbers, onehot for text",
    scope: "result",
  },
  impute: {
    kind: columnFills(),
    help: "What missing numbers of a column count as",
    group: "Data",
    defaultWords: "mean",
    scope: "result",
  },
  markMissing: {
    kind: onOff(),
    help: "Give columns with missing values an input that says where (--no-mark-missing for none)",
    group: "Data",
    default: true,
    scope: "result",
  },
  task: {
    kind: choice("classification", "regression"),
    help: "Predict a class or a number",
    group: "Data",
    defaultWords: "by the target: classification for text, regression for numbers",
    scope: "result",
  },
  val: {
    kind: partOrPath(),
    help: "Rows scored after each epoch: a part of the rows, drawn by the seed, or a file; 0 for none",
    group: "Data",
    default: 0.1,
    scope: "result",
  },
  test: {
    kind: partOrPath(),
    help: "Rows scored once at the end: a part of the rows, drawn by the seed, or a file",
    group: "Data",
    scope: "result",
  },
  trainRows: {
    kind: path(ROWS_FILE),
    help: "Train on the rows listed in a file: a JSON list (FILE#KEY for a list in an object), or a number a line; 0 is the first row",
    group: "Data",
    scope: "result",
  },
  valRows: {
    kind: path(ROWS_FILE),
    help: "Like --train-rows: rows scored after each epoch",
    group: "Data",
    scope: "result",
  },
  testRows: {
    kind: path(ROWS_FILE),
    help: "Like --train-rows: rows scored at the end",
    group: "Data",
    scope: "result",
  },
  stratify: {
    kind: onOff(),
    help: "Give each class its share of the rows drawn for --val, --test and --folds",
    group: "Data",
    default: false,
    scope: "result",
  },
  group: {
    kind: text("a column name"),
    help: "Keep rows with the same value in this column together when rows are drawn; it is no feature unless named",
    group: "Data",
    scope: "result",
  },
  time: {
    kind: text("a column name"),
    help: "Hold out the latest rows by this column of times or numbers, instead of drawing them",
    group: "Data",
    scope: "result",
  },
  folds: {
    kind: integer(2, 100),
    help: "Cross-validate: train so many times, each time scoring another part of the rows; prints mean ± sd, writes no run folder",
    group: "Data",
    scope: "session",
  },

  hidden: {
    kind: listOf(
      integer(1, 65536),
      "whole numbers from 1 to 65536, separated by commas, or none",
      true,
    ),
    help: "Units of the hidden layers; none for a linear model",
    group: "Model",
    default: [64, 32],
    scope: "result",
  },
  activation: {
    // Names of ops are known once their modules are loaded; checkActivations looks at the names.
    kind: {
      ...listOf(
        text("a name"),
        `one of ${activations.join(", ")}, an op of --ops, or one for each hidden layer`,
      ),
      choices: activations,
    },
    help: "Activation of the hidden layers, or an op of --ops: one for all, or one each",
    group: "Model",
    default: ["relu"],
    scope: "result",
  },
  ops: opsOption,
  init: {
    kind: choice(
      "heUniform",
      "heNormal",
      "glorotUniform",
      "glorotNormal",
      "normal",
      "uniform",
      "zeros",
    ),
    help: "Initial weights of every layer; biases start at 0",
    group: "Model",
    defaultWords: "heUniform before relu and its kin, else glorotUniform",
    scope: "result",
  },
  initSd: {
    kind: real(0, LARGEST, "low"),
    help: "Standard deviation σ of --init normal, N(0, σ²)",
    group: "Model",
    defaultWords: "0.01",
    scope: "result",
  },
  bias: {
    kind: onOff(),
    help: "Give layers a bias (--no-bias for none)",
    group: "Model",
    default: true,
    scope: "result",
  },
  dropout: {
    kind: real(0, 1, "high"),
    help: "Part of each hidden layer's outputs zeroed while training",
    group: "Model",
    default: 0,
    scope: "result",
  },
  loss: {
    kind: choice("crossEntropy", "meanSquaredError", "halfSquaredError", "norm"),
    help: "What training makes small",
    group: "Model",
    defaultWords: "crossEntropy for classes, meanSquaredError for numbers",
    scope: "result",
  },

  optimizer: {
    kind: choice("adam", "adamw", "sgd"),
    help: "Update rule",
    group: "Training",
    default: "adam",
    scope: "result",
  },
  lr: {
    kind: real(0, LARGEST, "low"),
    help: "Learning rate",
    group: "Training",
    default: 0.001,
    scope: "result",
  },
  schedule: {
    kind: choice("constant", "cosine"),
    help: "Learning rate over time; cosine falls to 0 at the last step",
    group: "Training",
    default: "constant",
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
    defaultWords: "0; 0.01 for adamw",
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
  patience: {
    kind: integer(1, 1e6),
    help: "End after so many epochs without a better score of the validation rows, with the best weights",
    group: "Training",
    defaultWords: "never",
    scope: "result",
  },
  monitor: {
    kind: choice("loss", "accuracy", "rmse", "mae", "r2"),
    help: "The score that --patience watches",
    group: "Training",
    defaultWords: "loss",
    scope: "result",
  },
  minDelta: {
    kind: real(0, LARGEST),
    help: "How much better a score must be to count for --patience",
    group: "Training",
    default: 0,
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
  shards: {
    kind: integer(1, 65536),
    help: "Pieces of a batch; at most so many workers have work",
    group: "Speed",
    defaultWords: "from the batch size",
    scope: "result",
  },
  backend: {
    kind: choice("wasm", "blas"),
    help: "What multiplies matrices; blas is the system's OpenBLAS, needs the package koffi, and gives the same bytes on one machine only",
    group: "Speed",
    default: "wasm",
    scope: "result",
  },
  workers: workersOption,

  saveEvery: {
    kind: stepsOrSeconds(),
    help: "Steps or seconds between two checkpoints to --resume from, besides the one after each epoch",
    group: "Run",
    defaultWords: "60s",
    scope: "speed",
  },
  keep: {
    kind: integer(1, 10000),
    help: "Checkpoints to keep: the newest is last.safetensors, it and those before it step-<n>.safetensors",
    group: "Run",
    default: 1,
    scope: "speed",
  },
  out: {
    kind: path("a folder"),
    help: "Folder of the run",
    group: "Run",
    defaultWords: "runs/<data>-<n>",
    scope: "session",
  },
  force: {
    kind: onOff(),
    help: "Replace the run in a folder that is not empty",
    group: "Run",
    default: false,
    scope: "session",
  },
  resume: {
    kind: path("a run folder"),
    help: "Go on with the run in this folder",
    group: "Run",
    scope: "session",
  },
  config: {
    kind: path("a YAML or JSON file"),
    help: "Options from a YAML or JSON file, by the names of the flags; flags win",
    group: "Run",
    short: "c",
    scope: "session",
  },
  quiet: {
    kind: onOff(),
    help: "No progress, only the last lines",
    group: "Output",
    default: false,
    scope: "session",
  },
  trace: {
    kind: path("a file"),
    help: "Write where each worker's time went, for ui.perfetto.dev or chrome://tracing; the last lines sum it up",
    group: "Output",
    scope: "session",
  },
  cpuProf: {
    kind: path("a folder"),
    help: "Write a CPU profile of every thread, for Chrome's developer tools",
    group: "Output",
    scope: "session",
  },
  ...sessionOptions,
};
