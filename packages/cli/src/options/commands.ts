// The commands: what each is called, takes and is for.
import type { AnyOptionTable } from "./option.js";
import { exportOptions } from "./export.js";
import { benchOptions } from "./speed.js";
import { diffOptions, verifyOptions } from "./proof.js";
import { explainOptions, gradcheckOptions } from "./teach.js";
import { trainOptions } from "./train.js";
import { evaluateOptions, inspectOptions, predictOptions } from "./use.js";

export type CommandName =
  | "train"
  | "evaluate"
  | "predict"
  | "inspect"
  | "export"
  | "verify"
  | "diff"
  | "explain"
  | "gradcheck"
  | "bench";

/** A command as parser, help and documentation need it. */
export interface CommandEntry {
  readonly summary: string;
  readonly options: AnyOptionTable;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [line: string, what: string])[];
}

export const commands: Readonly<Record<CommandName, CommandEntry>> = {
  train: {
    summary: "Train a network on a table; write a run folder",
    options: trainOptions,
    examples: [
      ["shardgrad train penguins.csv --target species", "classify; 10% of the rows validate"],
      [
        "shardgrad train diamonds.csv --target price --hidden 128,64 --epochs 40",
        "predict a number",
      ],
      [
        "shardgrad train train-images-idx3-ubyte --test t10k-images-idx3-ubyte --hidden 128",
        "learn MNIST digits",
      ],
      ["shardgrad train -c config.yaml --lr 0.003", "options from a file, one changed"],
      ["shardgrad train --resume runs/penguins-1", "go on after Ctrl-C, to the same weights"],
    ],
  },
  evaluate: {
    summary: "Score a trained model on a table",
    options: evaluateOptions,
    examples: [
      ["shardgrad evaluate runs/penguins-1 new.csv", "loss, accuracy, confusion matrix"],
      ["shardgrad evaluate runs/diamonds-1/model.safetensors new.csv --json", "scores as JSON"],
    ],
  },
  predict: {
    summary: "Predict the target for the rows of a table",
    options: predictOptions,
    examples: [
      ["shardgrad predict runs/penguins-1 new.csv --out predictions.csv", "one line a row"],
      [
        "shardgrad predict runs/penguins-1 new.csv --probabilities --format jsonl",
        "JSON lines on stdout",
      ],
    ],
  },
  inspect: {
    summary: "Show what is in a table, model file or run folder",
    options: inspectOptions,
    examples: [
      ["shardgrad inspect penguins.csv", "columns, types, missing values, ranges"],
      ["shardgrad inspect runs/penguins-1", "layers, preprocessing, scores, weights' sha256"],
    ],
  },
  export: {
    summary: "Write a trained model as a file for other runtimes",
    options: exportOptions,
    examples: [
      ["shardgrad export runs/penguins-1 --out penguins.onnx", "raw columns in, labels out"],
      ["shardgrad export runs/penguins-1 --out penguins.mjs", "JavaScript that depends on nothing"],
    ],
  },
  explain: {
    summary: "Show how values and gradients flow through a formula or a network",
    options: explainOptions,
    examples: [
      [
        "shardgrad explain '(x+y)*z' --at x=-2,y=5,z=-4",
        "every gate: upstream × local = downstream",
      ],
      ["shardgrad explain 'sigmoid(w*x+b)' --at w=2,x=-1,b=1 --out graph.html", "and a picture"],
      ["shardgrad explain runs/penguins-1 --data penguins.csv --row 7", "one row through a model"],
    ],
  },
  gradcheck: {
    summary: "Compare a network's gradients with central differences",
    options: gradcheckOptions,
    examples: [
      ["shardgrad gradcheck runs/penguins-1 --data penguins.csv", "at the trained weights"],
      ["shardgrad gradcheck config.yaml", "at the initial weights of a configuration"],
    ],
  },
  bench: {
    summary: "Measure how fast this machine trains, by number of workers",
    options: benchOptions,
    examples: [
      ["shardgrad bench", "four sizes of network, in under half a minute"],
      ["shardgrad bench --jobs small,medium --json", "two of them, as JSON"],
    ],
  },
  verify: {
    summary: "Do a run again, or some of its steps, and compare the weights",
    options: verifyOptions,
    examples: [
      ["shardgrad verify runs/penguins-1 --workers 1", "the same bytes on one worker?"],
      [
        "shardgrad verify runs/penguins-1 --steps 400..800",
        "a part, from the checkpoint before it",
      ],
    ],
  },
  diff: {
    summary: "Find what differs between two runs, and the first step at which they part",
    options: diffOptions,
    examples: [
      ["shardgrad diff runs/penguins-1 runs/penguins-2", "settings, data, the step, the parameter"],
    ],
  },
};
