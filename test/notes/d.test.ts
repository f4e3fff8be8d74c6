// Set D of docs/notes.md, "Neural Network and Deep Learning II": batches as matrices, and the worked net 2-3-1.
import {
  add,
  evaluate,
  exp,
  gradients,
  input,
  losses,
  matmul,
  mul,
  neg,
  plan,
  sigmoid,
  slice,
  square,
  div,
  sub,
  sum,
  reshape,
  tensor,
  trace,
  dense,
  sequential,
  type ActivationName,
  type LossSpec,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import {
  affine,
  at,
  expectClose,
  mapped,
  minus,
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
  type Matrix,
} from "./nets.js";

const halfSum: LossSpec = { name: "halfSquaredError", reduction: "sum" };

/** Every activation that works number by number, as a plain function. */
const twins: Partial<Record<ActivationName, (z: number) => number>> = {
  identity: (z) => z,
  sigmoid: sigma,
  tanh: Math.tanh,
  relu: (z) => Math.max(z, 0),
  leakyRelu: (z) => (z > 0 ? z : 0.01 * z),
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
  silu: (z) => z * sigma(z),
  softplus: (z) => Math.log1p(Math.exp(z)),
};

describe("D1: Z^(l+1) = a^(l) W^(l) + 1_N b^(l), a^(l+1) = σ_l(Z^(l+1)), with a different activation in each layer", () => {
  const order: readonly ActivationName[] = [
    "tanh",
    "relu",
    "softplus",
    "elu",
    "sigmoid",
    "leakyRelu",
    "silu",
    "identity",
  ];
  const cases = [1, 2, 3, 4, 5].flatMap((depth) =>
    [true, false].map((bias): [number, string, boolean] => [
      depth,
      bias ? "with" : "without",
      bias,
    ]),
  );

  it.each(cases)("%i layers %s biases", (depth, _, bias) => {
    const seed = 50 + depth;
    const names = Array.from({ length: depth }, (_, l) => order[(depth + l) % order.length]!);
    const spec = net(
      3,
      names.map((name, l) => [2 + ((l + depth) % 4), name] as const),
      bias,
    );
    const { parameters, naive } = randomParameters(spec, seed);
    const X = randomMatrix(randomNumbers(seed), 6, 3);
    const last = spec.layers.at(-1)!;
    const t = X.map(() => Array.from({ length: last.type === "dense" ? last.units : 0 }, () => 0));
    const { layers } = trace(spec, parameters, tensor(X), tensor(t), halfSum);
    let a: Matrix = X;
    layers.forEach(({ z, a: found, db }, l) => {
      const Z = affine(a, naive[l]!);
      a = mapped(Z, twins[names[l]!]!);
      expectClose(z, Z);
      expectClose(found, a);
      expect(db === null).toBe(!bias);
    });
  });
});

describe("D: losses", () => {
  const seed = 61;
  const next = randomNumbers(seed);
  const f = randomMatrix(next, 5, 1).map(([v]) => [sigma(v!)]);
  const t = randomMatrix(next, 5, 1);
  const labels = [[1], [0], [0], [1], [1]];
  // A net of one unit without bias whose weight is 1: its output is its input.
  const spec = (activation: ActivationName) =>
    sequential(1, [dense(1, { activation, bias: false })]);
  const one = new Map([["layer0.weight", tensor([[1]])]]);
  const costOf = (loss: LossSpec, targets: Matrix): number =>
    trace(spec("identity"), one, tensor(f), tensor(targets), loss).cost;
  const squares = minus(f, t).reduce((total, [d]) => total + d! * d!, 0);

  it(`D2: L = 1/(2N) Σ (f − t)² (seed ${seed})`, () => {
    expectClose(costOf({ name: "halfSquaredError", reduction: "mean" }, t), squares / 10);
  });

  it("D2: L = ½ Σ (f − t)² = ½ (f − t)ᵀ(f − t)", () => {
    const d = tensor(minus(f, t));
    const [form] = evaluate([mul(0.5, sum(matmul(d, d, { transposeA: true })))]);
    expectClose(costOf(halfSum, t), squares / 2);
    expectClose(form!.data[0]!, squares / 2);
  });

  it("D2, D3: the losses are functions too", () => {
    const valueOf = (loss: Value): number => evaluate([loss])[0]!.data[0]!;
    expectClose(valueOf(losses.halfSquaredError(tensor(f), tensor(t), "mean")), squares / 10);
    expectClose(valueOf(losses.halfSquaredError(tensor(f), tensor(t), "sum")), squares / 2);
    const summed: LossSpec = { name: "logLoss", reduction: "sum" };
    expectClose(valueOf(losses.logLoss(tensor(f), tensor(labels), "sum")), costOf(summed, labels));
  });

  it("D3: L = −Σ [t log f + (1 − t) log(1 − f)]", () => {
    const wanted = -f.reduce(
      (total, [y], n) =>
        total + labels[n]![0]! * Math.log(y!) + (1 - labels[n]![0]!) * Math.log(1 - y!),
      0,
    );
    expectClose(costOf({ name: "logLoss", reduction: "sum" }, labels), wanted);
  });

  it("D3: the same from z instead of f = σ(z), in one op", () => {
    const z = f.map(([y]) => [Math.log(y! / (1 - y!))]);
    const fused = trace(spec("identity"), one, tensor(z), tensor(labels), {
      name: "binaryCrossEntropy",
      reduction: "sum",
    });
    const composed = trace(spec("sigmoid"), one, tensor(z), tensor(labels), {
      name: "logLoss",
      reduction: "sum",
    });
    expectClose(fused.cost, composed.cost);
    expectClose(fused.layers[0]!.delta, rowsOf(composed.layers[0]!.delta));
  });

  it("D4: a regularisation term adds its own gradient to either", () => {
    const w = input([1, 1], "w");
    const loss = mul(0.5, sum(square(sub(matmul(tensor(f), w), tensor(t)))));
    const [plain, regular] = evaluate(
      [gradients(loss, [w])[0]!, gradients(add(loss, mul(0.1, sum(square(w)))), [w])[0]!],
      new Map([[w, tensor([[0.5]])]]),
    );
    expectClose(regular!, [[plain!.data[0]! + 0.1 * 2 * 0.5]]);
  });
});

describe("D5: σ'(z) = σ(z)(1 − σ(z)) = e^−z/(1 + e^−z)²", () => {
  it.each([-20, -2, -0.1, 0, 1, 5])("at z = %d", (z) => {
    const { value, partial } = at((v) => sigmoid(v), z);
    expectClose(partial, [value * (1 - value)]);
    expectClose(partial, [Math.exp(-z) / (1 + Math.exp(-z)) ** 2]);
    expectClose(at((v) => div(exp(neg(v)), square(add(1, exp(neg(v))))), z).value, partial[0]!);
  });
});

describe("D8: the net 2-3-1 without biases on four rows", () => {
  const X: Matrix = [
    [1, 0.875],
    [0.25, 1],
    [0.5, 0.45],
    [0.75, 0.25],
  ];
  const t: Matrix = [[1], [0.4], [0.5], [0.6]];
  const printed: Matrix = [
    [-0.01194708, 0.00497217, 0.00505324],
    [-0.00600021, 0.00238656, 0.00351687],
  ];
  const seed = 71;
  const spec = net(
    2,
    [
      [3, "sigmoid"],
      [1, "sigmoid"],
    ],
    false,
  );
  const {
    parameters,
    naive: [first, second],
  } = randomParameters(spec, seed);
  const [W1, W2] = [first!.W, second!.W];
  const {
    layers: [hidden, out],
  } = trace(spec, parameters, tensor(X), tensor(t), halfSum);
  const Z2 = product(X, W1);
  const a2 = mapped(Z2, sigma);
  const Z3 = product(a2, W2);
  const f = mapped(Z3, sigma);
  const delta3 = times(minus(f, t), mapped(Z3, sigmaPrime));
  const delta2 = times(product(delta3, transposed(W2)), mapped(Z2, sigmaPrime));

  it(`D6: δ^(3) = (f − t) .* σ'(Z^(3)) for regression (seed ${seed})`, () => {
    expectClose(out!.delta, delta3);
  });

  it("D6: δ^(3) = f − t for classification with the log loss", () => {
    const labels = t.map(([v]) => [v! > 0.5 ? 1 : 0]);
    const classified = trace(spec, parameters, tensor(X), tensor(labels), {
      name: "logLoss",
      reduction: "sum",
    });
    expectClose(classified.layers[1]!.delta, minus(f, labels));
  });

  it("D6: δ^(3) = f − t for regression with the identity", () => {
    const linear = trace(
      net(
        2,
        [
          [3, "sigmoid"],
          [1, "identity"],
        ],
        false,
      ),
      parameters,
      tensor(X),
      tensor(t),
      halfSum,
    );
    expectClose(linear.layers[1]!.delta, minus(Z3, t));
  });

  it("D7: ∂L/∂W^(2) = (a^(2))ᵀ δ^(3)", () => {
    expectClose(out!.dW!, product(transposed(a2), delta3));
  });

  it("D7: δ^(2) = (δ^(3) (W^(2))ᵀ) .* σ'(Z^(2))", () => {
    expectClose(hidden!.delta, delta2);
  });

  it("D7: ∂L/∂W^(1) = Xᵀ δ^(2)", () => {
    expectClose(hidden!.dW!, product(transposed(X), delta2));
  });

  it("D8: the shapes are 3×1, 4×3 and 2×3, as printed", () => {
    expect(out!.dW!.shape).toEqual([3, 1]);
    expect(hidden!.delta.shape).toEqual([4, 3]);
    expect(hidden!.dW!.shape).toEqual([printed.length, printed[0]!.length]);
  });

  it("D8: gradients of the printed size occur: the largest of 200 starts is above the printed, the smallest below", () => {
    const size = (A: Matrix): number => Math.max(...A.flat().map(Math.abs));
    const sizes = Array.from({ length: 200 }, (_, i) =>
      size(
        rowsOf(
          trace(spec, randomParameters(spec, i).parameters, tensor(X), tensor(t), halfSum)
            .layers[0]!.dW!,
        ),
      ),
    );
    expect(Math.min(...sizes)).toBeLessThan(size(printed));
    expect(Math.max(...sizes)).toBeGreaterThan(size(printed));
  });

  it("D9: ∂L_n/∂W^(2) = (f(x_n) − t_n) σ'(z_n^(3)) [a_n1, a_n2, a_n3]ᵀ for each sample", () => {
    const { layers } = trace(spec, parameters, tensor(X), tensor(t), halfSum, { perSample: true });
    expect(layers[1]!.dW!.shape).toEqual([4, 3, 1]);
    a2.forEach((a, n) =>
      expectClose(
        sample(layers[1]!.dW!, n),
        a.map((v) => (f[n]![0]! - t[n]![0]!) * sigmaPrime(Z3[n]![0]!) * v),
      ),
    );
  });

  it("D9: their sum over the samples is the matrix product", () => {
    const { layers } = trace(spec, parameters, tensor(X), tensor(t), halfSum, { perSample: true });
    layers.forEach(({ dW }, l) => {
      const total = [0, 1, 2, 3]
        .map((n) => sample(dW!, n))
        .reduce((sum, part) => sum.map((v, i) => v + part[i]!));
      expectClose(total, [...[hidden, out][l]!.dW!.data]);
    });
  });

  it("D10: ∂z_n^(3)/∂a_n^(2) = W^(2) ⊗ I", () => {
    const a = input([1, 3], "a");
    const z = matmul(a, tensor(W2));
    const [jacobian] = evaluate([gradients(sum(z), [a])[0]!], new Map([[a, tensor([a2[0]!])]]));
    expectClose(jacobian!, transposed(kronecker(W2, [[1]])));
  });

  it("D10: ∂z_n^(2)/∂W^(1) = (a_n^(1))ᵀ ⊗ I, rows of W listed one after the other", () => {
    const W = input([2, 3], "W");
    const z = matmul(tensor([X[0]!]), W);
    const rows = evaluate(
      [0, 1, 2].map((j) => reshape(gradients(sum(slice(z, 1, j, j + 1)), [W])[0]!, [6])),
      new Map([[W, tensor(W1)]]),
    );
    expectClose(
      rows.map(({ data }) => [...data]),
      kronecker(
        [X[0]!],
        [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      ),
    );
  });
});

describe("D11: the matrix form holds for any layer", () => {
  const seed = 81;
  const slopes: Partial<Record<ActivationName, (z: number) => number>> = {
    tanh: (z) => 1 - Math.tanh(z) ** 2,
    sigmoid: sigmaPrime,
    softplus: sigma,
    identity: () => 1,
  };
  const names = ["tanh", "softplus", "sigmoid", "tanh", "identity"] as const;
  const spec = net(
    3,
    names.map((name, l) => [4 - (l % 3), name] as const),
  );
  const { parameters, naive } = randomParameters(spec, seed);
  const next = randomNumbers(seed);
  const X = randomMatrix(next, 8, 3);
  const t = randomMatrix(next, 8, 3);

  it(`δ^(l+1) = σ'(Z^(l+1)) .* ∂L/∂a^(l+1), ∂L/∂a^(l) = δ^(l+1) (W^(l))ᵀ, ∂L/∂W^(l) = (a^(l))ᵀ δ^(l+1) (seed ${seed})`, () => {
    const { layers } = trace(spec, parameters, tensor(X), tensor(t), halfSum);
    let dA = minus(rowsOf(layers.at(-1)!.a), t);
    for (let l = names.length - 1; l >= 0; l -= 1) {
      const { z, delta, dW } = layers[l]!;
      const wanted = times(mapped(rowsOf(z), slopes[names[l]!]!), dA);
      expectClose(delta, wanted);
      expectClose(dW!, product(transposed(l === 0 ? X : rowsOf(layers[l - 1]!.a)), wanted));
      dA = product(wanted, transposed(naive[l]!.W));
    }
  });
});

describe("D12: why not try all weights", () => {
  const seconds = (parameters: number): number => (0.05 / 1000) * 1000 ** parameters;

  it("1,000 trials a parameter take 0.05 s, 50 s and 13.89 h for one, two and three parameters", () => {
    expectClose(seconds(1), 0.05);
    expectClose(seconds(2), 50);
    expect((seconds(3) / 3600).toFixed(2)).toBe("13.89");
  });

  it("one gradient takes the same number of computed values for 3 hidden units as for 300", () => {
    const computed = (units: number): number => {
      const [W1, W2] = [input([2, units], "W1"), input([units, 1], "W2")];
      const cost = sum(
        square(sub(sigmoid(matmul(sigmoid(matmul(tensor([[1, 0.875]]), W1)), W2)), 1)),
      );
      const derivatives = gradients(cost, [W1, W2]).map((d) => d!);
      return plan(derivatives, { bytes: 8, mostRows: 0, placed: new Set([W1, W2]) }).order.length;
    };
    expect(computed(300)).toBe(computed(3));
  });
});

/** A ⊗ B: every element of A times all of B. */
function kronecker(A: Matrix, B: Matrix): Matrix {
  return A.flatMap((row) => B.map((line) => row.flatMap((a) => line.map((b) => a * b))));
}

/** The numbers of sample n. */
function sample({ shape, data }: Tensor, n: number): number[] {
  const width = data.length / shape[0]!;
  return [...data.subarray(n * width, (n + 1) * width)];
}
