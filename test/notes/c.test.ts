// Set C of docs/notes.md, "Lecture 11: Backpropagation": each formula and worked number by its number.
import {
  abs,
  add,
  constant,
  descend,
  div,
  evaluate,
  exp,
  explain,
  gradients,
  initialize,
  input,
  log,
  losses,
  matmul,
  max,
  mean,
  mul,
  neg,
  relu,
  sigmoid,
  square,
  sub,
  sum,
  tanh,
  tensor,
  trace,
  dense,
  sequential,
  type Explanation,
  type Parameters,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { datasetFromArrays, Trainer, type TrainerOptions } from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import {
  affine,
  at,
  expectClose,
  mapped,
  net,
  product,
  randomMatrix,
  randomNumbers,
  randomParameters,
  rowsOf,
  sigma,
} from "./nets.js";

/** Values of a graph whose inputs are single numbers, by name. */
function leaves<const Name extends string>(
  point: Readonly<Record<Name, number>>,
): { readonly of: Readonly<Record<Name, Value>>; readonly feeds: Map<Value, Tensor> } {
  const names = Object.keys(point) as Name[];
  const of = Object.fromEntries(names.map((name) => [name, input([], name)])) as Record<
    Name,
    Value
  >;
  return { of, feeds: new Map(names.map((name) => [of[name], tensor(point[name])])) };
}

/** Result and gradient of a value in an explanation. */
function found(
  { nodes }: Explanation,
  value: Value,
): { readonly value: number; readonly gradient: number } {
  const node = nodes.find((node) => node.value === value)!;
  return { value: node.result.data[0]!, gradient: node.gradient!.data[0]! };
}

describe("C: nets and their training", () => {
  const seed = 41;
  const next = randomNumbers(seed);

  it.each([
    ["max(0, s)", relu, (s: number) => Math.max(s, 0)],
    ["tanh s", tanh, Math.tanh],
  ] as const)("C1: f(x) = W₂ g(W₁x + b₁) + b₂ with g(s) = %s", (_, g, twin) => {
    const x = randomMatrix(next, 5, 3);
    const first = { W: randomMatrix(next, 3, 4), b: randomMatrix(next, 1, 4)[0]! };
    const second = { W: randomMatrix(next, 4, 2), b: randomMatrix(next, 1, 2)[0]! };
    const hidden = g(add(matmul(tensor(x), tensor(first.W)), tensor(first.b)));
    const [f] = evaluate([add(matmul(hidden, tensor(second.W)), tensor(second.b))]);
    expectClose(f!, affine(mapped(affine(x, first), twin), second));
  });

  it.each([
    ["Σw²", (w: Value) => sum(square(w)), (w: number) => 2 * w],
    ["Σ|w|", (w: Value) => sum(abs(w)), Math.sign],
  ] as const)(
    "C2: L(W) = (1/N) Σ L_i + λ R(W): λ R'(W) is added to the gradient, for R = %s",
    (_, R, slope) => {
      const x = tensor(randomMatrix(next, 6, 3));
      const t = tensor(randomMatrix(next, 6, 1));
      const start = randomMatrix(next, 3, 1);
      const w = input([3, 1], "w");
      const fit = mean(square(sub(matmul(x, w), t)));
      const whole = add(fit, mul(0.01, R(w)));
      const [plain, regular] = evaluate(
        [gradients(fit, [w])[0]!, gradients(whole, [w])[0]!],
        new Map([[w, tensor(start)]]),
      );
      expectClose(
        regular!,
        rowsOf(plain!).map(([d], i) => [d! + 0.01 * slope(start[i]![0]!)]),
      );
    },
  );

  it("C3: w_k ← w_k − η ∂e/∂w_k for every layer k", () => {
    const spec = net(2, [
      [3, "tanh"],
      [1, "identity"],
    ]);
    const { parameters } = randomParameters(spec, seed);
    const x = tensor(randomMatrix(next, 4, 2));
    const t = tensor(randomMatrix(next, 4, 1));
    const { layers } = trace(spec, parameters, x, t, {
      name: "meanSquaredError",
      reduction: "sum",
    });
    const start = [...parameters.values()];
    const { parameters: moved } = descend(
      (W1, b1, W2, b2) => sum(square(sub(add(matmul(tanh(add(matmul(x, W1), b1)), W2), b2), t))),
      start,
      { lr: 0.1, maxSteps: 1 },
    );
    const gradient = layers.flatMap(({ dW, db }) => [dW!, db!]);
    moved.forEach(({ data }, k) =>
      expectClose(
        [...data],
        [...start[k]!.data].map((w, i) => w - 0.1 * gradient[k]!.data[i]!),
      ),
    );
  });

  it("C4: weights start from N(0, σ²)", () => {
    const spec = sequential(100, [dense(100, { weightInit: { name: "normal", sd: 0.5 } })]);
    const data = [...initialize(spec, 3).get("layer0.weight")!.data];
    const average = data.reduce((total, w) => total + w, 0) / data.length;
    const variance = data.reduce((total, w) => total + (w - average) ** 2, 0) / data.length;
    expect(Math.abs(average)).toBeLessThan(0.02); // 4 standard errors
    expect(Math.abs(Math.sqrt(variance) - 0.5)).toBeLessThan(0.015);
  });

  it.each([32, 64, 128])("C4: a step over B = %i points is W − η · (1/B) Σ ∂J_k/∂W", async (B) => {
    const { options, parameters, gradient } = oneStep(B);
    const moved = await trained({ ...options, batchSize: B, optimizer: { name: "sgd", lr: 0.3 } });
    for (const [name, { data }] of moved) {
      const start = parameters.get(name)!.data;
      expectClose(
        [...data],
        [...start].map((w, i) => w - 0.3 * gradient(name)[i]!),
        1e-6,
      );
    }
  });

  it("C2, C4: with λ Σw² a step also takes η·2λw off every weight, and nothing off biases", async () => {
    const { options, parameters, gradient } = oneStep(32);
    const moved = await trained({
      ...options,
      batchSize: 32,
      l2: 0.05,
      optimizer: { name: "sgd", lr: 0.3 },
    });
    for (const [name, { data }] of moved) {
      const decay = name.endsWith("weight") ? 0.1 : 0;
      expectClose(
        [...data],
        [...parameters.get(name)!.data].map((w, i) => w - 0.3 * (gradient(name)[i]! + decay * w)),
        1e-6,
      );
    }
  });

  /** B rows for one step of training, with the mean gradient in f64. */
  function oneStep(B: number): {
    readonly options: TrainerOptions;
    readonly parameters: Parameters;
    readonly gradient: (name: string) => Float64Array;
  } {
    const model = sequential(5, [dense(7, { activation: "tanh" }), dense(3)]);
    const parameters = initialize(model, seed);
    const x = randomMatrix(next, B, 5);
    const labels = Int32Array.from({ length: B }, (_, i) => (i * 7) % 3);
    const data = datasetFromArrays(x, labels);
    const rows = tensor(x.map((row) => row.map(Math.fround)));
    const { layers } = trace(model, parameters, rows, tensor(labels), {
      name: "crossEntropy",
      reduction: "mean",
    });
    const gradient = (name: string): Float64Array => {
      const layer = layers[Number(name.slice(5, 6))]!;
      return Float64Array.from((name.endsWith("weight") ? layer.dW : layer.db)!.data);
    };
    return {
      options: { model, data, initial: parameters, epochs: 1, shuffle: false, workers: 2 },
      parameters,
      gradient,
    };
  }

  async function trained(options: TrainerOptions): Promise<Parameters> {
    const trainer = new Trainer(options);
    try {
      return (await trainer.run().result).parameters;
    } finally {
      await trainer.close();
    }
  }
});

describe("C5: f(x, y, z) = (x + y)·z at x = −2, y = 5, z = −4", () => {
  const {
    of: { x, y, z },
    feeds,
  } = leaves({ x: -2, y: 5, z: -4 });
  const q = add(x, y);
  const f = mul(q, z);
  const gates = explain(f, feeds);

  it.each([
    ["q = 3, ∂f/∂q = −4", q, 3, -4],
    ["f = −12, ∂f/∂f = 1", f, -12, 1],
    ["∂f/∂x = −4", x, -2, -4],
    ["∂f/∂y = −4", y, 5, -4],
    ["∂f/∂z = 3", z, -4, 3],
  ] as const)("%s", (_, value, result, gradient) => {
    expect(found(gates, value)).toEqual({ value: result, gradient });
  });

  it("C6: downstream = local × upstream at each gate", () => {
    for (const node of gates.nodes)
      for (const { local, downstream } of node.inputs)
        expect(downstream!.data[0]).toBe(local! * node.gradient!.data[0]!);
    expect(gates.nodes.at(-1)!.inputs.map(({ local }) => local)).toEqual([-4, 3]);
  });
});

describe("C7: 1/(1 + e^−(w₀x₀ + w₁x₁ + w₂)) gate by gate", () => {
  const {
    of: { w0, w1, w2, x0, x1 },
    feeds,
  } = leaves({ w0: 2, x0: -1, w1: -3, x1: -2, w2: -3 });
  const s = add(add(mul(w0, x0), mul(w1, x1)), w2);
  const negated = mul(s, -1);
  const power = exp(negated);
  const plusOne = add(power, 1);
  const f = div(1, plusOne);
  const gates = explain(f, feeds);
  const e = Math.exp(-1);

  // The notes print two digits; the same numbers in full follow from e^−1.
  it.each([
    ["the sum is 1", s, 1, 0.2, 1, e / (1 + e) ** 2],
    ["×(−1) gives −1 and passes 0.20 on", negated, -1, -0.2, -1, -e / (1 + e) ** 2],
    ["exp gives 0.37; its upstream is −0.53", power, 0.37, -0.53, e, -1 / (1 + e) ** 2],
    ["+1 gives 1.37 and passes −0.53 on", plusOne, 1.37, -0.53, 1 + e, -1 / (1 + e) ** 2],
    ["1/x gives 0.73", f, 0.73, 1, 1 / (1 + e), 1],
  ] as const)("%s", (_, value, printed, printedGradient, exact, exactGradient) => {
    const { value: result, gradient } = found(gates, value);
    expect(Math.abs(result - printed)).toBeLessThan(0.005);
    expect(Math.abs(gradient - printedGradient)).toBeLessThan(0.005);
    expectClose(result, exact);
    expectClose(gradient, exactGradient);
  });

  it.each([
    ["w₀", w0, -0.2, -1],
    ["w₁", w1, -0.39, -2],
    ["w₂", w2, 0.2, 1],
    ["x₀", x0, 0.39, 2],
    ["x₁", x1, -0.59, -3],
  ] as const)("∂f/∂%s is %d·0.20 rounded", (_, value, printed, local) => {
    const { gradient } = found(gates, value);
    expect(Math.abs(gradient - printed)).toBeLessThan(0.005);
    expectClose(gradient, (local * e) / (1 + e) ** 2);
  });

  it("C8: one sigmoid gate has the local gradient f(1 − f) = 0.197", () => {
    const whole = explain(sigmoid(s), feeds);
    const gate = whole.nodes.at(-1)!;
    const y = gate.result.data[0]!;
    expect(gate.inputs[0]!.local!).toBeCloseTo(0.197, 3);
    expectClose(gate.inputs[0]!.local!, y * (1 - y));
    for (const leaf of [w0, w1, w2, x0, x1])
      expectClose(found(whole, leaf).gradient, found(gates, leaf).gradient);
  });
});

describe("C9: patterns in the backward flow", () => {
  const {
    of: { x, y },
    feeds,
  } = leaves({ x: 3, y: -4 });
  const passed = (f: Value): readonly (number | undefined)[] =>
    explain(mul(f, 2), feeds)
      .nodes.find(({ value }) => value === f)!
      .inputs.map(({ downstream }) => downstream?.data[0]);
  const pattern = (f: Value): unknown => explain(f, feeds).nodes.at(-1)!.pattern;

  it("an add gate distributes its gradient", () => {
    expect(passed(add(x, y))).toEqual([2, 2]);
    expect(pattern(add(x, y))).toBe("distributor");
  });

  it("a mul gate swaps its inputs and multiplies", () => {
    expect(passed(mul(x, y))).toEqual([-8, 6]);
    expect(pattern(mul(x, y))).toBe("swap multiplier");
  });

  it("a max gate routes its gradient to the larger input", () => {
    expect(passed(max(x, y))).toEqual([2, 0]);
    expect(passed(max(y, x))).toEqual([0, 2]);
    expect(pattern(max(x, y))).toBe("router");
  });

  it("a max gate halves its gradient at a tie", () => {
    expect(
      explain(
        max(x, y),
        new Map([
          [x, tensor(1)],
          [y, tensor(1)],
        ]),
      )
        .nodes.at(-1)!
        .inputs.map(({ local }) => local),
    ).toEqual([0.5, 0.5]);
  });

  it("where a value is used twice, its gradient is the sum of what both gates pass down", () => {
    const { nodes } = explain(add(mul(x, y), x), feeds);
    const at = nodes.findIndex(({ value }) => value === x);
    const parts = nodes
      .flatMap(({ inputs }) => inputs)
      .filter(({ from }) => from === at)
      .map(({ downstream }) => downstream!.data[0]!);
    expect(parts.toSorted((a, b) => a - b)).toEqual([-4, 1]);
    expect(nodes[at]!.gradient!.data[0]).toBe(-3);
  });
});

describe("C: the chain rule for deep nets", () => {
  const seed = 43;
  const next = randomNumbers(seed);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((total, v, i) => total + v * b[i]!, 0);

  it(`C10: e = (y − wᵀx)² has ∂e/∂w = −2x(y − wᵀx) (seed ${seed})`, () => {
    const [w, x] = randomMatrix(next, 2, 5) as [readonly number[], readonly number[]];
    const leaf = input([5], "w");
    const e = square(sub(0.7, sum(mul(leaf, tensor(x)))));
    const [gradient] = evaluate([gradients(e, [leaf])[0]!], new Map([[leaf, tensor(w)]]));
    expectClose(
      gradient!,
      x.map((v) => -2 * v * (0.7 - dot(w, x))),
    );
  });

  it.each([
    ["as it is written", (margin: Value) => neg(log(sigmoid(margin)))],
    ["as losses.logistic", (margin: Value) => losses.logistic(margin, "sum")],
  ] as const)(`C11: e = −log σ(w₁ᵀx) has ∂e/∂w₁ = −σ(−w₁ᵀx)·x, %s (seed ${seed})`, (_, loss) => {
    const [w, x] = randomMatrix(next, 2, 5) as [readonly number[], readonly number[]];
    const leaf = input([5], "w");
    const e = loss(sum(mul(leaf, tensor(x))));
    const [gradient] = evaluate([gradients(e, [leaf])[0]!], new Map([[leaf, tensor(w)]]));
    expectClose(
      gradient!,
      x.map((v) => -sigma(-dot(w, x)) * v),
    );
  });

  it("C12: ∂e/∂w₂ = ∂e/∂h₂ · ∂h₂/∂w₂ and ∂e/∂w₁ = ∂e/∂h₂ · ∂h₂/∂h₁ · ∂h₁/∂w₁", () => {
    const [x, w1, w2, y] = [0.5, -0.8, 1.5, 1];
    const h1 = Math.tanh(w1 * x);
    const h2 = sigma(w2 * h1);
    const { partial } = at((a, b) => square(sub(y, sigmoid(mul(b, tanh(mul(a, x)))))), w1, w2);
    const dh2 = -2 * (y - h2);
    expectClose(partial, [
      dh2 * (h2 * (1 - h2) * w2) * ((1 - h1 * h1) * x),
      dh2 * (h2 * (1 - h2) * h1),
    ]);
  });

  it.each([2, 3, 6, 12])(
    "C13: ∂e/∂w_k is the product of the Jacobians from h_K down to h_k, for K = %i layers and every k",
    (K) => {
      const weights = Array.from({ length: K }, () => randomMatrix(next, 3, 3));
      const x = randomMatrix(next, 1, 3);
      const t = randomMatrix(next, 1, 3)[0]!;
      const leafOf = weights.map((_, k) => input([3, 3], `w${k}`));
      const h = leafOf.reduce<Value[]>(
        (all, w) => [...all, tanh(matmul(all.at(-1)!, w))],
        [constant(tensor(x))],
      );
      const e = sum(square(sub(h.at(-1)!, tensor([t]))));
      const found = evaluate(
        gradients(e, leafOf).map((d) => d!),
        new Map(leafOf.map((leaf, k) => [leaf, tensor(weights[k]!)])),
      );
      const values = weights.reduce<(readonly (readonly number[])[])[]>(
        (all, w) => [...all, mapped(product(all.at(-1)!, w), Math.tanh)],
        [x],
      );
      let chain = values.at(-1)![0]!.map((v, j) => 2 * (v - t[j]!)); // ∂e/∂h_K
      for (let k = K - 1; k >= 0; k -= 1) {
        const slope = values[k + 1]![0]!.map((v) => 1 - v * v);
        const dz = chain.map((d, j) => d * slope[j]!);
        expectClose(
          found[k]!,
          values[k]![0]!.map((a) => dz.map((d) => a * d)),
        );
        chain = weights[k]!.map((row) => dot(row, dz)); // · ∂h_{k+1}/∂h_k
      }
    },
  );
});
