// From settings to the network, loss and optimizer that they describe.
import type {
  ActivationName,
  EmbeddingTable,
  InitSpec,
  LayerSpec,
  LossSpec,
  ModelSpec,
  OptimizerSpec,
  Schedule,
} from "@shardgrad/core";
import { activationNames, embedding, opLayer } from "@shardgrad/core";
import type { TargetEncoding, Task } from "@shardgrad/parallel";
import type { TrainSettings } from "./options/train.js";
import type { DecidedSettings } from "./train-defaults.js";

/**
 * Vectors of the columns that are embedded, hidden dense layers, each followed by dropout if wanted, and a linear layer for
 * logits or numbers. An activation that is not ours is an op of the user's own, a layer by itself.
 */
export function modelOf(
  settings: TrainSettings,
  inputs: number,
  outputs: number,
  tables: readonly EmbeddingTable[] = [],
): ModelSpec {
  const { hidden, activation, bias, dropout } = settings;
  const dense = (units: number, name: ActivationName): LayerSpec => ({
    type: "dense",
    units,
    activation: name,
    bias,
    weightInit: initOf(settings, name),
    biasInit: { name: "zeros" },
  });
  const layers = hidden.flatMap((units, i): LayerSpec[] => {
    const name = activation[i] ?? activation[0] ?? "relu";
    const made = isActivation(name)
      ? [dense(units, name)]
      : [dense(units, "identity"), opLayer(name, units)];
    return dropout > 0 ? [...made, { type: "dropout", rate: dropout }] : made;
  });
  const first = tables.length > 0 ? [embedding(tables)] : [];
  return { inputs, layers: [...first, ...layers, dense(outputs, "identity")] };
}

function isActivation(name: string): name is ActivationName {
  return activationNames.some((known) => known === name);
}

/** He's ranges keep the variance of signals before units that are zero for half of them, Glorot's before the others. */
function initOf(settings: TrainSettings, activation: ActivationName): InitSpec {
  const { init, initSd } = settings;
  if (init === "normal") return { name: init, ...(initSd !== undefined && { sd: initSd }) };
  if (init !== undefined) return { name: init };
  const halved =
    activation === "relu" ||
    activation === "leakyRelu" ||
    activation === "elu" ||
    activation === "gelu" ||
    activation === "silu";
  return { name: halved ? "heUniform" : "glorotUniform" };
}

/** What a target asks for. */
export function taskOf({ kind }: TargetEncoding): Task {
  switch (kind) {
    case "class":
      return "classification";
    case "number":
      return "regression";
    case "labels":
      return "multilabel";
  }
}

/** The loss that suits a task. */
export const taskLosses: Readonly<Record<Task, LossSpec["name"]>> = {
  classification: "crossEntropy",
  regression: "meanSquaredError",
  multilabel: "binaryCrossEntropy",
};

/** The loss that was asked for, or that suits the task. */
export function lossOf(settings: TrainSettings, task: Task): LossSpec {
  return { name: settings.loss ?? taskLosses[task], reduction: "mean" };
}

/** The optimizer; `steps` is the length of the whole run, over which the cosine schedule falls. */
export function optimizerOf(settings: DecidedSettings, steps: number): OptimizerSpec {
  const { optimizer, schedule, warmup, momentum, nesterov, weightDecay } = settings;
  const lr: Schedule =
    schedule === "cosine" ? { name: "cosine", lr: settings.lr, steps, warmup } : settings.lr;
  const decay = weightDecay === undefined ? {} : { weightDecay };
  if (optimizer !== "sgd") return { name: optimizer, lr, ...decay };
  return { name: "sgd", lr, nesterov, ...(momentum !== undefined && { momentum }), ...decay };
}
