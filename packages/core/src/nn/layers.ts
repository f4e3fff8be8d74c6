// Makes model specifications: layers as data, with the defaults stated here.
import type {
  ActivationName,
  DenseSpec,
  DropoutSpec,
  EmbeddingSpec,
  EmbeddingTable,
  InitSpec,
  LayerSpec,
  ModelSpec,
  OpSpec,
} from "./spec.js";

/** What may be left out of a dense layer. */
export interface DenseOptions {
  /** Default "identity". */
  readonly activation?: ActivationName | undefined;
  /** Default true. */
  readonly bias?: boolean | undefined;
  /** Default heNormal before relu and its relatives, else glorotUniform. */
  readonly weightInit?: InitSpec | undefined;
  /** Default zeros. */
  readonly biasInit?: InitSpec | undefined;
  /** Index of the dense layer whose transposed weights to use. */
  readonly tiedTo?: number | undefined;
}

const RECTIFIERS: readonly ActivationName[] = ["relu", "leakyRelu", "elu", "gelu", "silu"];

/** A fully connected layer of `units`: y = activation(x·W + b). */
export function dense(units: number, options: DenseOptions = {}): DenseSpec {
  const { activation = "identity", bias = true, biasInit = { name: "zeros" }, tiedTo } = options;
  const weightInit = options.weightInit ?? {
    name: RECTIFIERS.includes(activation) ? "heNormal" : "glorotUniform",
  };
  return {
    type: "dense",
    units,
    activation,
    bias,
    weightInit,
    biasInit,
    ...(tiedTo === undefined ? {} : { tiedTo }),
  };
}

/** A learnt vector for each category of the first inputs of a row, one table an input: the first layer of a model. */
export function embedding(tables: readonly EmbeddingTable[]): EmbeddingSpec {
  return { type: "embedding", tables };
}

/** Zeroes a part `rate` of its inputs while training. */
export function dropoutLayer(rate: number): DropoutSpec {
  return { type: "dropout", rate };
}

/**
 * A layer that applies an op of the user's own (see `customOp`) by its name.
 * @param units the width of a row after it
 */
export function opLayer(name: string, units: number, attrs: OpSpec["attrs"] = {}): OpSpec {
  return { type: "op", name, units, attrs };
}

/** A network of layers one after the other, for rows of `inputs` numbers. */
export function sequential(inputs: number, layers: readonly LayerSpec[]): ModelSpec {
  return { inputs, layers };
}
