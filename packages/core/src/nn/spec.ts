// A model as data: what crosses threads and is stored in a model file.
import type { Tensor } from "../tensor.js";

export type ActivationName =
  | "identity"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "elu"
  | "gelu"
  | "silu"
  | "softplus"
  | "softmax";

/** How a parameter starts. Fans are the layer's inputs and units. */
export type InitSpec =
  | { readonly name: "normal"; readonly mean?: number; readonly sd?: number } // default N(0, 0.01²)
  | { readonly name: "uniform"; readonly low?: number; readonly high?: number } // default [−0.05, 0.05)
  | { readonly name: "glorotUniform" | "glorotNormal" | "heUniform" | "heNormal" | "zeros" }
  | { readonly name: "constant"; readonly value: number };

/** A learnt vector for each of `size` categories. */
export interface EmbeddingTable {
  /** Categories, the last of which is what is none of the others: its vector begins as zeros. */
  readonly size: number;
  /** Numbers of a category's vector. */
  readonly width: number;
}

/**
 * The first layer of a model whose rows begin with a category for each table, a whole number from 0: gives the categories'
 * vectors side by side, followed by the other inputs as they are. A number that is no category gives NaN.
 */
export interface EmbeddingSpec {
  readonly type: "embedding";
  readonly tables: readonly EmbeddingTable[];
}

/** y = activation(x·W + b), W [inputs, units], b [units]. */
export interface DenseSpec {
  readonly type: "dense";
  readonly units: number;
  readonly activation: ActivationName;
  readonly bias: boolean;
  readonly weightInit: InitSpec;
  readonly biasInit: InitSpec;
  /** Use the transposed weights of the dense layer with this index instead of own ones (an autoencoder's decoder). */
  readonly tiedTo?: number;
}

/** Zeroes a part `rate` of its inputs while training and scales the rest by 1/(1 − rate). */
export interface DropoutSpec {
  readonly type: "dropout";
  readonly rate: number;
}

/** An op of the user's own, applied to the rows [rows, width]; the op itself is found by its name when the model is used. */
export interface OpSpec {
  readonly type: "op";
  readonly name: string;
  /** Width of a row after it. */
  readonly units: number;
  /** What the op is given besides its input. */
  readonly attrs: Readonly<Record<string, number | string | boolean>>;
}

export type LayerSpec = EmbeddingSpec | DenseSpec | DropoutSpec | OpSpec;

/** A feed-forward network. The last layer gives logits for class targets, values for numbers. */
export interface ModelSpec {
  readonly inputs: number;
  readonly layers: readonly LayerSpec[];
}

/**
 * The losses by name, f being a row of outputs and t its target.
 *
 * | name | of a row | "mean" divides by |
 * | --- | --- | --- |
 * | meanSquaredError | Σ_j (f_j − t_j)² | rows × outputs |
 * | halfSquaredError | ½ Σ_j (f_j − t_j)² | rows |
 * | norm | √Σ_j (f_j − t_j)², gradient 0 at 0 | rows |
 * | binaryCrossEntropy | −Σ_j [t_j log σ(f_j) + (1 − t_j) log(1 − σ(f_j))], f logits | rows × outputs |
 * | logLoss | −Σ_j [t_j log f_j + (1 − t_j) log(1 − f_j)], f probabilities | rows × outputs |
 * | crossEntropy | −Σ_j t_j log softmax(f)_j, f logits, t a class label or a row that sums to 1 | rows |
 */
export type LossName =
  | "meanSquaredError"
  | "halfSquaredError"
  | "norm"
  | "binaryCrossEntropy"
  | "logLoss"
  | "crossEntropy";

export interface LossSpec {
  readonly name: LossName;
  readonly reduction: "mean" | "sum";
}

/** A learning rate over time: a constant, or a function of the step given as data. */
export type Schedule =
  | number
  | { readonly name: "step"; readonly lr: number; readonly every: number; readonly factor: number } // lr·factor^⌊step/every⌋
  | { readonly name: "exponential"; readonly lr: number; readonly rate: number } // lr·rate^step
  | {
      readonly name: "cosine";
      readonly lr: number;
      readonly steps: number;
      readonly floor?: number;
      readonly warmup?: number;
    };

export type OptimizerSpec =
  | {
      readonly name: "sgd";
      readonly lr: Schedule;
      readonly momentum?: number;
      readonly dampening?: number;
      readonly nesterov?: boolean;
      readonly weightDecay?: number; // added to the gradient: + decay·w, weights only
    }
  | {
      readonly name: "adam" | "adamw";
      readonly lr: Schedule;
      readonly beta1?: number; // 0.9
      readonly beta2?: number; // 0.999
      readonly epsilon?: number; // 1e-8
      readonly weightDecay?: number; // adam: added to the gradient; adamw: decoupled (default 0.01)
    };

/**
 * Parameters by name, e.g. "layer0.weight" [inputs, units], "layer0.bias" [units], of embeddings "layer0.table0"
 * [size, width], in the model's order.
 */
export type Parameters = ReadonlyMap<string, Tensor>;
