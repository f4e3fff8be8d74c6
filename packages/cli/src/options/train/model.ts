// The options of `shardgrad train` that say what the network is.
import type { ActivationName, InitSpec, LossName } from "@shardgrad/core";
import { opsOption } from "../common.js";
import type { OptionTable } from "../option.js";
import { choice, integer, listOf, onOff, real, text } from "../values.js";

/** The network of a run. */
export interface ModelSettings {
  readonly hidden: readonly number[];
  readonly activation: readonly string[];
  readonly ops?: readonly string[] | undefined;
  readonly init?: InitName | undefined;
  readonly initSd?: number | undefined;
  readonly bias: boolean;
  readonly dropout: number;
  readonly loss?: RunLoss | undefined;
}

/** The losses of classes, labels and numbers as a table has them. */
type RunLoss = Extract<
  LossName,
  "crossEntropy" | "binaryCrossEntropy" | "meanSquaredError" | "halfSquaredError" | "norm"
>;

/** The initialisers that need no number. */
type InitName = Exclude<InitSpec["name"], "constant">;

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

const LARGEST = Number.MAX_VALUE;

export const modelOptions: OptionTable<ModelSettings> = {
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
    kind: choice(
      "crossEntropy",
      "binaryCrossEntropy",
      "meanSquaredError",
      "halfSquaredError",
      "norm",
    ),
    help: "What training makes small",
    group: "Model",
    defaultWords:
      "crossEntropy for classes, binaryCrossEntropy for labels, meanSquaredError for numbers",
    scope: "result",
  },
};
