// A feed-forward network and its gradient in plain f64 loops, from the textbook's formulas.
import {
  scalar,
  type ActivationName,
  type LossSpec,
  type ModelSpec,
  type Parameters,
} from "@shardgrad/core";
import type { Target } from "@shardgrad/parallel";

const { exp, log, tanh, erf } = scalar;
const sigmoid = (x: number): number => 1 / (1 + exp(-x));
const bell = (x: number): number => exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** f and f′ of every activation that works element by element. */
const functions: Record<
  Exclude<ActivationName, "softmax">,
  [f: (x: number) => number, df: (x: number) => number]
> = {
  identity: [(x) => x, () => 1],
  sigmoid: [sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x))],
  tanh: [tanh, (x) => 1 - tanh(x) ** 2],
  relu: [(x) => Math.max(0, x), (x) => (x > 0 ? 1 : 0)],
  leakyRelu: [(x) => (x > 0 ? x : 0.01 * x), (x) => (x > 0 ? 1 : 0.01)],
  elu: [(x) => (x > 0 ? x : exp(x) - 1), (x) => (x > 0 ? 1 : exp(x))],
  gelu: [
    (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    (x) => 0.5 * (1 + erf(x / Math.SQRT2)) + x * bell(x),
  ],
  silu: [(x) => x * sigmoid(x), (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x)))],
  softplus: [(x) => Math.max(x, 0) + log(1 + exp(-Math.abs(x))), sigmoid],
};

/** The activations that `plainGradients` knows. */
export const plainActivations = Object.keys(functions) as (keyof typeof functions)[];

/** ∂/∂f of a row's loss, and the loss. */
function rowLoss(
  { name }: LossSpec,
  f: readonly number[],
  target: Target,
  row: number,
): { loss: number; df: number[] } {
  const t = f.map((_, j) =>
    target.kind === "class"
      ? Number(target.labels[row] === j)
      : target.values[row * target.width + j]!,
  );
  switch (name) {
    case "meanSquaredError":
      return {
        loss: f.reduce((sum, v, j) => sum + (v - t[j]!) ** 2, 0),
        df: f.map((v, j) => 2 * (v - t[j]!)),
      };
    case "halfSquaredError":
      return {
        loss: 0.5 * f.reduce((sum, v, j) => sum + (v - t[j]!) ** 2, 0),
        df: f.map((v, j) => v - t[j]!),
      };
    case "norm": {
      const norm = Math.sqrt(f.reduce((sum, v, j) => sum + (v - t[j]!) ** 2, 0));
      return { loss: norm, df: f.map((v, j) => (v - t[j]!) / norm) };
    }
    case "logLoss":
      return {
        loss: -f.reduce((sum, v, j) => sum + t[j]! * log(v) + (1 - t[j]!) * log(1 - v), 0),
        df: f.map((v, j) => (v - t[j]!) / (v * (1 - v))),
      };
    case "binaryCrossEntropy":
      return {
        loss: f.reduce(
          (sum, v, j) => sum + Math.max(v, 0) - v * t[j]! + log(1 + exp(-Math.abs(v))),
          0,
        ),
        df: f.map((v, j) => sigmoid(v) - t[j]!),
      };
    case "crossEntropy": {
      const most = Math.max(...f);
      const total = f.reduce((sum, v) => sum + exp(v - most), 0);
      const p = f.map((v) => exp(v - most) / total);
      const weight = t.reduce((a, b) => a + b);
      return {
        loss: -t.reduce((sum, v, j) => sum + v * log(p[j]!), 0),
        df: p.map((v, j) => weight * v - t[j]!),
      };
    }
  }
}

/**
 * Σ over rows of the loss and of its gradient by every parameter, by backpropagation.
 * @param x [all rows, inputs]; only `rows` are used
 */
export function plainGradients(
  model: ModelSpec,
  loss: LossSpec,
  parameters: Parameters,
  x: Float64Array,
  target: Target,
  rows: readonly number[],
): { loss: number; gradients: Map<string, Float64Array> } {
  const gradients = new Map(
    [...parameters].map(([name, { data }]) => [name, new Float64Array(data.length)]),
  );
  let sum = 0;
  for (const row of rows) {
    const values = [[...x.subarray(row * model.inputs, (row + 1) * model.inputs)]];
    const sums: number[][] = [];
    const layers = model.layers.map((layer, i) => {
      if (layer.type !== "dense" || layer.activation === "softmax")
        throw new Error(`plain: layer${i} is not known`);
      const own = layer.tiedTo ?? i;
      const at = (r: number, u: number, width: number): number =>
        layer.tiedTo === undefined ? r * layer.units + u : u * width + r;
      return { layer, own: `layer${own}.weight`, bias: `layer${i}.bias`, at };
    });
    layers.forEach(({ layer, own, bias, at }) => {
      const a = values.at(-1)!;
      const W = parameters.get(own)!.data;
      const b = parameters.get(bias)?.data;
      const z = Array.from({ length: layer.units }, (_, u) =>
        a.reduce((total, value, r) => total + value * W[at(r, u, a.length)]!, b?.[u] ?? 0),
      );
      const [f] = functions[layer.activation as keyof typeof functions];
      sums.push(z);
      values.push(z.map(f));
    });
    const output = rowLoss(loss, values.at(-1)!, target, row);
    sum += output.loss;
    let da = output.df;
    for (let i = layers.length - 1; i >= 0; i -= 1) {
      const { layer, own, bias, at } = layers[i]!;
      const [, df] = functions[layer.activation as keyof typeof functions];
      const a = values[i]!;
      const dz = da.map((d, u) => d * df(sums[i]![u]!));
      const W = parameters.get(own)!.data;
      const dW = gradients.get(own)!;
      const db = gradients.get(bias);
      dz.forEach((d, u) => {
        if (db !== undefined) db[u] = db[u]! + d;
        a.forEach((value, r) => (dW[at(r, u, a.length)] = dW[at(r, u, a.length)]! + value * d));
      });
      da = a.map((_, r) => dz.reduce((total, d, u) => total + d * W[at(r, u, a.length)]!, 0));
    }
  }
  return { loss: sum, gradients };
}
