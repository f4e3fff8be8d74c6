// One row through a trained network as a graph of one number, its loss: gate by gate when small, else layer by layer.
import {
  abs,
  add,
  binaryCrossEntropy,
  elu,
  exp,
  forward,
  gelu,
  input,
  leakyRelu,
  log,
  mul,
  neg,
  relu,
  rowLoss,
  sigmoid,
  silu,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  tensor,
  constant,
  div,
  type ActivationName,
  type LossSpec,
  type ModelSpec,
  type Op,
  type Parameters,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import type { Circuit } from "./gates.js";

/** A model, a row of its inputs and what the row should give. */
export interface NetworkRow {
  readonly spec: ModelSpec;
  readonly parameters: Parameters;
  readonly loss: LossSpec;
  readonly x: Float32Array; // [inputs]
  readonly target: Tensor; // i32 label [1], or numbers [1, outputs]
  /** Ops of the user's own, by name, when layers name some. */
  readonly ops?: ReadonlyMap<string, Op> | undefined;
}

/** Weights up to which every number is drawn. */
const FEW_WEIGHTS = 40;

/** Whether the network is drawn with every single number. An op of the user's own takes a whole row, an embedding a table. */
export function isSmall({ spec, parameters }: Pick<NetworkRow, "spec" | "parameters">): boolean {
  if (spec.layers.some(({ type }) => type === "op" || type === "embedding")) return false;
  let numbers = 0;
  for (const { data } of parameters.values()) numbers += data.length;
  return numbers <= FEW_WEIGHTS;
}

/** The graph of the row's loss C. */
export function networkCircuit(row: NetworkRow): Circuit {
  return isSmall(row) ? singleNumbers(row) : layerByLayer(row);
}

/** One gate an op: matrices and vectors flow. Layers are counted from 1, as in z1 = x·W1 + b1 and a1 = relu(z1), tables of embeddings as E1. */
function layerByLayer({ spec, parameters, loss, x, target, ops }: NetworkRow): Circuit {
  const leaf = input([1, x.length], "x");
  const feeds = new Map<Value, Tensor>([[leaf, { shape: [1, x.length], data: x }]]);
  const number = layerNumbers(spec);
  const leaves = new Map<string, Value>();
  for (const [name, value] of parameters) {
    const [, index = "0", kind = ""] = /^layer(\d+)\.(\w+)$/.exec(name) ?? [];
    const [table] = /(?<=^table)\d+$/.exec(kind) ?? [];
    const made = input(
      value.shape,
      table === undefined
        ? `${kind === "weight" ? "W" : "b"}${number[Number(index)] ?? ""}`
        : `E${Number(table) + 1}`,
    );
    leaves.set(name, made);
    feeds.set(made, value);
  }
  const layers = forward(spec, leaves, leaf, { ops });
  const output = sum(rowLoss(loss, layers.at(-1)?.a ?? leaf, constant(target)));
  const names = new Map<Value, string>();
  let last = 0; // number of the dense layer before
  layers.forEach(({ z, a }, i) => {
    const layer = spec.layers[i];
    if (layer?.type === "dense") {
      last = number[i] ?? last;
      names.set(z, `z${last}`);
      if (a !== z) names.set(a, `a${last}`);
    } else if (layer?.type === "op") {
      // The op is the activation of a dense layer that has none of its own.
      const taken = [...names.values()].includes(`a${last}`);
      names.set(a, taken || last === 0 ? `${layer.name}${i + 1}` : `a${last}`);
    }
  });
  return { output, feeds, names: names.set(output, "C") };
}

/** The number of each dense layer, from 1; the others have none. */
function layerNumbers(spec: ModelSpec): readonly (number | null)[] {
  let last = 0;
  return spec.layers.map(({ type }) => (type === "dense" ? (last += 1) : null));
}

type Activation = (z: readonly Value[]) => readonly Value[];

const each =
  (f: (z: Value) => Value): Activation =>
  (z) =>
    z.map(f);

const activations: Readonly<Record<ActivationName, Activation>> = {
  identity: (z) => z,
  sigmoid: each(sigmoid),
  tanh: each(tanh),
  relu: each(relu),
  leakyRelu: each((z) => leakyRelu(z)),
  elu: each((z) => elu(z)),
  gelu: each(gelu),
  silu: each(silu),
  softplus: each(softplus),
  softmax: (z) => {
    const powers = z.map(exp);
    const total = powers.reduce(add);
    return powers.map((power) => div(power, total));
  },
};

/** Every weight, product and sum a node of its own. Weight w1_23 leads from input 2 to unit 3 of layer 1. */
function singleNumbers({ spec, parameters, loss, x, target }: NetworkRow): Circuit {
  const feeds = new Map<Value, Tensor>();
  const names = new Map<Value, string>();
  const leaf = (name: string, value: number): Value => {
    const made = input([], name);
    feeds.set(made, tensor(value));
    return made;
  };
  const number = layerNumbers(spec);
  let a: readonly Value[] = Array.from(x, (value, j) => leaf(`x${j + 1}`, value));
  const weights: Value[][][] = []; // of each layer: [input][unit]
  spec.layers.forEach((layer, i) => {
    if (layer.type !== "dense") return;
    const own = parameters.get(`layer${i}.weight`)?.data;
    const shared = layer.tiedTo === undefined ? undefined : weights[layer.tiedTo];
    const l = number[i];
    const W = a.map((_, k) =>
      Array.from(
        { length: layer.units },
        (_, j) =>
          shared?.[j]?.[k] ?? leaf(`w${l}_${k + 1}${j + 1}`, own?.[k * layer.units + j] ?? 0),
      ),
    );
    weights[i] = W;
    const biases = parameters.get(`layer${i}.bias`)?.data;
    const z = Array.from({ length: layer.units }, (_, j) => {
      const products = a.map((value, k) => mul(value, W[k]?.[j] ?? 0));
      const total = products.reduce(add);
      const made =
        biases === undefined ? total : add(total, leaf(`b${l}_${j + 1}`, biases[j] ?? 0));
      names.set(made, `z${l}_${j + 1}`);
      return made;
    });
    a = activations[layer.activation](z);
    a.forEach((value, j) => {
      if (value !== z[j]) names.set(value, `a${l}_${j + 1}`);
    });
  });
  const output = lossOf(loss.name, a, target);
  return { output, feeds, names: names.set(output, "C") };
}

/** The loss of one row in single numbers. */
function lossOf(name: LossSpec["name"], f: readonly Value[], { data }: Tensor): Value {
  const total = (part: (y: Value, t: number) => Value): Value =>
    f.map((y, j) => part(y, data[j] ?? 0)).reduce(add);
  switch (name) {
    case "crossEntropy": {
      // A label, or a row of weights: −Σ t·log softmax = log Σ e^f − Σ t·f, as the weights sum to 1.
      const right =
        data instanceof Int32Array ? (f[data[0] ?? 0] ?? constant(0)) : total((y, t) => mul(y, t));
      return sub(log(f.map(exp).reduce(add)), right);
    }
    case "binaryCrossEntropy":
      return total((y, t) => binaryCrossEntropy(y, constant(t)));
    case "logLoss":
      return total((y, t) => neg(add(mul(log(y), t), mul(log(sub(1, y)), 1 - t))));
    case "meanSquaredError":
      return total((y, t) => square(sub(y, t)));
    case "halfSquaredError":
      return total((y, t) => mul(square(sub(y, t)), 0.5));
    case "norm":
      return f.length === 1
        ? total((y, t) => abs(sub(y, t)))
        : sqrt(total((y, t) => square(sub(y, t))));
  }
}
