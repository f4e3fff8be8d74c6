// Set B of docs/notes.md, "Backpropagation": each formula by its number, on single numbers and on the reverse network.
import {
  add,
  exp,
  mul,
  sin,
  square,
  tensor,
  trace,
  dense,
  sequential,
  type LossSpec,
  type Tensor,
} from "@shardgrad/core";
import { describe, it } from "vitest";
import {
  at,
  expectClose,
  net,
  product,
  randomMatrix,
  randomNumbers,
  randomParameters,
  rowsOf,
  sigma,
  sigmaPrime,
  times,
  transposed,
  mapped,
} from "./nets.js";

const crossEntropy: LossSpec = { name: "crossEntropy", reduction: "sum" };

describe("B: the loss of all samples", () => {
  const seed = 21;
  const spec = net(3, [
    [4, "sigmoid"],
    [5, "tanh"],
    [3, "identity"],
  ]);
  const { parameters } = randomParameters(spec, seed);
  const next = randomNumbers(seed);
  const x = tensor(randomMatrix(next, 7, 3));
  const labels = tensor(Int32Array.of(0, 2, 1, 1, 0, 2, 2));

  it(`B1: L = Σ C^n and ∂L/∂w = Σ ∂C^n/∂w for the cross-entropy of 7 samples (seed ${seed})`, () => {
    const whole = trace(spec, parameters, x, labels, crossEntropy);
    expectClose(
      whole.cost,
      [...whole.losses.data].reduce((total, loss) => total + loss, 0),
    );
    const each = trace(spec, parameters, x, labels, crossEntropy, { perSample: true });
    whole.layers.forEach(({ dW, db }, l) => {
      expectClose([...dW!.data], sumOverSamples(each.layers[l]!.dW!));
      expectClose([...db!.data], sumOverSamples(each.layers[l]!.db!));
    });
  });

  it(`B1: C^n and its gradient are those of sample n alone (seed ${seed})`, () => {
    const each = trace(spec, parameters, x, labels, crossEntropy, { perSample: true });
    for (let n = 0; n < 7; n += 1) {
      const alone = trace(
        spec,
        parameters,
        tensor([[...x.data.subarray(3 * n, 3 * n + 3)]]),
        tensor(labels.data.slice(n, n + 1)),
        crossEntropy,
      );
      expectClose(alone.cost, each.losses.data[n]!);
      alone.layers.forEach(({ dW }, l) => {
        const width = dW!.data.length;
        expectClose(
          [...each.layers[l]!.dW!.data.subarray(n * width, (n + 1) * width)],
          [...dW!.data],
        );
      });
    }
  });

  it("B1: the mean loss and its gradient are the sums divided by the number of samples", () => {
    const total = trace(spec, parameters, x, labels, crossEntropy);
    const mean = trace(spec, parameters, x, labels, { ...crossEntropy, reduction: "mean" });
    expectClose(mean.cost, total.cost / 7);
    total.layers.forEach(({ dW }, l) =>
      expectClose(
        [...mean.layers[l]!.dW!.data],
        [...dW!.data].map((d) => d / 7),
      ),
    );
  });
});

describe("B: the chain rule", () => {
  const points = [-1.3, 0.2, 2.1];

  it("B2: y = g(x), z = h(y) ⇒ dz/dx = dz/dy · dy/dx", () => {
    for (const x of points)
      expectClose(at((v) => sin(square(v)), x).partial, [Math.cos(x * x) * 2 * x]);
  });

  it("B3: x = g(s), y = h(s), z = k(x, y) ⇒ dz/ds = ∂z/∂x · dx/ds + ∂z/∂y · dy/ds", () => {
    // g = s², h = eˢ, k = x·y
    for (const s of points)
      expectClose(at((v) => mul(square(v), exp(v)), s).partial, [
        Math.exp(s) * 2 * s + s * s * Math.exp(s),
      ]);
  });

  it("B3: a value used many times collects one gradient a use", () => {
    // z = s·s·s·s as (s·s)·(s·s) and as ((s·s)·s)·s
    for (const s of points) {
      expectClose(at((v) => mul(mul(v, v), mul(v, v)), s).partial, [4 * s ** 3]);
      expectClose(at((v) => mul(mul(mul(v, v), v), v), s).partial, [4 * s ** 3]);
    }
  });
});

// A net of two inputs, two hidden units and two outputs, σ everywhere: x → z = x·w₁ + … → a → z' = a·w₃ + …, z'' = a·w₄ + …
describe("B: two units fed by one", () => {
  const spec = sequential(2, [
    dense(2, { activation: "sigmoid" }),
    dense(2, { activation: "sigmoid" }),
  ]);
  const parameters = new Map([
    [
      "layer0.weight",
      tensor([
        [1, -1],
        [-2, 1],
      ]),
    ],
    ["layer0.bias", tensor([1, 0])],
    [
      "layer1.weight",
      tensor([
        [2, -2],
        [-1, -1],
      ]),
    ],
    ["layer1.bias", tensor([0, 0])],
  ]);
  const x = [1, -1] as const;
  const target = [1, 0] as const;
  const { layers } = trace(spec, parameters, tensor([x]), tensor([target]), {
    name: "meanSquaredError",
    reduction: "sum",
  });
  const [hidden, out] = layers;
  const z = listAt(hidden!.z);
  const dOut = listAt(out!.delta);
  const w = [
    [2, -2],
    [-1, -1],
  ] as const; // w[i] = (w₃, w₄) of hidden unit i

  it("B4: ∂z/∂w is the value of the input that w connects", () => {
    expectClose(at((w1, w2, b) => add(add(mul(w1, x[0]), mul(w2, x[1])), b), 1, -2, 1).partial, [
      x[0],
      x[1],
      1,
    ]);
    expectClose(at((w3, w4) => add(mul(w3, sigma(z[0]!)), mul(w4, sigma(z[1]!))), 2, -1).partial, [
      sigma(z[0]!),
      sigma(z[1]!),
    ]);
  });

  it("B5: ∂C/∂a = w₃ ∂C/∂z' + w₄ ∂C/∂z''", () => {
    const cost = (a: number): number => {
      const outputs = [0, 1].map((j) => sigma(a * w[0][j]! + sigma(z[1]!) * w[1][j]!));
      return outputs.reduce((total, y, j) => total + (y - target[j]!) ** 2, 0);
    };
    const h = 1e-6;
    const a = sigma(z[0]!);
    expectClose(
      (cost(a + h) - cost(a - h)) / (2 * h),
      w[0][0] * dOut[0]! + w[0][1] * dOut[1]!,
      1e-8,
    );
  });

  it("B6: ∂C/∂z = σ'(z) · [w₃ ∂C/∂z' + w₄ ∂C/∂z'']", () => {
    expectClose(
      listAt(hidden!.delta),
      z.map((value, i) => sigmaPrime(value) * (w[i]![0]! * dOut[0]! + w[i]![1]! * dOut[1]!)),
    );
  });

  it("B6: the backward pass is linear: twice the gradient of the loss gives twice every ∂C/∂z", () => {
    const outputs = out!.a;
    const nearer = tensor([
      [...target].map((t, j) => outputs.data[j]! - 2 * (outputs.data[j]! - t)),
    ]);
    const doubled = trace(spec, parameters, tensor([x]), nearer, {
      name: "meanSquaredError",
      reduction: "sum",
    });
    doubled.layers.forEach(({ delta }, l) =>
      expectClose(
        listAt(delta),
        listAt(layers[l]!.delta).map((d) => 2 * d),
      ),
    );
  });

  it("B7: at the output ∂C/∂z' = ∂y₁/∂z' · ∂C/∂y₁", () => {
    const outputs = listAt(out!.a);
    expectClose(
      dOut,
      outputs.map((y, j) => y * (1 - y) * 2 * (y - target[j]!)),
    );
  });

  it("B8: ∂C/∂w = a · ∂C/∂z for every w", () => {
    const inputs = [[...x], [...listAt(hidden!.a)]];
    layers.forEach(({ dW, delta }, l) =>
      expectClose(
        dW!,
        inputs[l]!.map((a) => listAt(delta).map((d) => a * d)),
      ),
    );
  });
});

describe("B7: recursively, layer by layer, until the output layer is reached", () => {
  it.each([2, 4, 8])("the reverse network of a net with %i layers gives every ∂C/∂z", (depth) => {
    const seed = 30 + depth;
    const spec = net(
      3,
      Array.from({ length: depth }, (_, l) => [2 + (l % 3), "sigmoid"] as const),
    );
    const { parameters, naive } = randomParameters(spec, seed);
    const next = randomNumbers(seed);
    const x = randomMatrix(next, 4, 3);
    const outputs = spec.layers.at(-1)!;
    const t = randomMatrix(next, 4, outputs.type === "dense" ? outputs.units : 0);
    const { layers } = trace(spec, parameters, tensor(x), tensor(t), {
      name: "meanSquaredError",
      reduction: "sum",
    });
    // The reverse network: its input is ∂C/∂y, its weights the transposes, and σ'(z) its amplifiers.
    let flow = rowsOf(layers.at(-1)!.a).map((row, n) => row.map((y, j) => 2 * (y - t[n]![j]!)));
    for (let l = depth - 1; l >= 0; l -= 1) {
      const dz = times(flow, mapped(rowsOf(layers[l]!.z), sigmaPrime));
      expectClose(layers[l]!.delta, dz);
      flow = product(dz, transposed(naive[l]!.W)).map((row) => [...row]);
    }
  });
});

/** The one row of a tensor [1, n]. */
function listAt(value: Tensor): readonly number[] {
  const [row] = rowsOf(value);
  return row!;
}

/** Sums a tensor over its first axis. */
function sumOverSamples({ shape, data }: Tensor): number[] {
  const width = data.length / shape[0]!;
  return Array.from({ length: width }, (_, i) => {
    let total = 0;
    for (let n = 0; n < shape[0]!; n += 1) total += data[n * width + i]!;
    return total;
  });
}
