// Set E of docs/notes.md, "Deep Learning, 5 Backpropagation-1": Jacobians, and gradients of each sample.
import {
  add,
  cos,
  exp,
  grad,
  jacobian,
  jvp,
  matmul,
  mul,
  sigmoid,
  sin,
  slice,
  square,
  sum,
  tanh,
  tensor,
  trace,
  type LossSpec,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import {
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
  type Matrix,
} from "./nets.js";

const halfSum: LossSpec = { name: "halfSquaredError", reduction: "sum" };

describe("E1: gradients and Jacobians", () => {
  const element = (x: Value, i: number): Value => sum(slice(x, 0, i, i + 1));
  // f(x₁, x₂, x₃) = (x₁·x₂, sin x₃)
  const f = (x: Value): Value =>
    add(
      mul(mul(element(x, 0), element(x, 1)), tensor([1, 0])),
      mul(sin(element(x, 2)), tensor([0, 1])),
    );

  it("the gradient of a scalar function of D variables has D entries ∂f/∂x_i", () => {
    const found = grad((x) => sum(mul(square(x), tensor([1, 2, 3, 4]))))(tensor([1, -1, 0.5, 2]));
    expectClose(found, [2, -4, 3, 16]);
  });

  it("the Jacobian of m values of n variables is m×n", () => {
    expectClose(jacobian(f)(tensor([2, 3, 0.5])), [
      [3, 2, 0],
      [0, 0, Math.cos(0.5)],
    ]);
  });

  it("the rows of the Jacobian are the gradients of each value", () => {
    const point = tensor([2, 3, 0.5]);
    const rows = [0, 1].map((i) => [...grad((x) => element(f(x), i))(point).data]);
    expectClose(jacobian(f)(point), rows, 0);
  });

  it.each(["reverse", "forward"] as const)("the Jacobian is the same in %s mode", (mode) => {
    expectClose(jacobian(f, { mode })(tensor([2, 3, 0.5])), [
      [3, 2, 0],
      [0, 0, Math.cos(0.5)],
    ]);
  });
});

describe("E2 to E4: a net, unit by unit and sample by sample", () => {
  const seed = 91;
  const spec = net(3, [
    [4, "sigmoid"],
    [3, "sigmoid"],
    [2, "sigmoid"],
  ]);
  const { parameters, naive } = randomParameters(spec, seed);
  const next = randomNumbers(seed);
  const x = randomMatrix(next, 5, 3);
  const y = randomMatrix(next, 5, 2);
  const whole = trace(spec, parameters, tensor(x), tensor(y), halfSum);
  const each = trace(spec, parameters, tensor(x), tensor(y), halfSum, { perSample: true });

  it(`E2: x_j^l = σ(Σ_k w_jk^l x_k^(l-1) + b_j^l) for every unit j (seed ${seed})`, () => {
    whole.layers.forEach(({ a }, l) => {
      const before = l === 0 ? x : rowsOf(whole.layers[l - 1]!.a);
      const { W, b } = naive[l]!;
      expectClose(
        a,
        before.map((row) =>
          b.map((bias, j) => sigma(row.reduce((s, v, k) => s + W[k]![j]! * v, 0) + bias)),
        ),
      );
    });
  });

  it("E2: s^l = W^l x^(l-1) + b^l is what the activation is applied to", () => {
    for (const { z, a } of whole.layers) expectClose(a, mapped(rowsOf(z), sigma));
  });

  it("E3: x^(0) = x and x^(L) = f(x; W, b): without layers between, the net is its one layer", () => {
    expect(whole.layers.at(-1)!.a.shape).toEqual([5, 2]);
    const nested = naive.reduce<Matrix>(
      (a, { W, b }) =>
        mapped(
          product(a, W).map((row) => row.map((v, j) => v + b[j]!)),
          sigma,
        ),
      x,
    );
    expectClose(whole.layers.at(-1)!.a, nested);
  });

  it("E4: ℒ = Σ_n l(f(x_n), y_n)", () => {
    expectClose(
      whole.cost,
      [...whole.losses.data].reduce((total, l) => total + l, 0),
    );
  });

  it("E4: ∂l_n/∂W_jk^(l) and ∂l_n/∂b_j^(l) of each sample n agree with central differences of its own loss", () => {
    const h = 1e-6;
    for (let n = 0; n < 5; n += 1)
      for (const [name, start] of parameters) {
        const layer = each.layers[Number(name.slice(5, 6))]!;
        const gradient = name.endsWith("weight") ? layer.dW! : layer.db!;
        const width = start.data.length;
        const lossWith = (i: number, by: number): number => {
          const moved = Float64Array.from(start.data);
          moved[i] = moved[i]! + by;
          return trace(
            spec,
            new Map([...parameters, [name, { ...start, data: moved }]]),
            tensor([x[n]!]),
            tensor([y[n]!]),
            halfSum,
          ).cost;
        };
        const i = (n * 3) % width; // one weight a block and sample: others are alike
        expectClose(
          gradient.data[n * width + i]!,
          (lossWith(i, h) - lossWith(i, -h)) / (2 * h),
          1e-8,
        );
      }
  });

  it("E4: gradients of each sample have the samples as their first axis", () => {
    expect(each.layers.map(({ dW }) => dW!.shape)).toEqual([
      [5, 3, 4],
      [5, 4, 3],
      [5, 3, 2],
    ]);
    expect(each.layers.map(({ db }) => db!.shape)).toEqual([
      [5, 4],
      [5, 3],
      [5, 2],
    ]);
  });
});

describe("E5: (g∘f)'(x) = g'(f(x)) f'(x)", () => {
  const points = [-2, -1.5, -1, -0.5, 0, 0.3, 0.8, 1.2, 1.7, 2];

  it("f(x) = e^{sin(x²)} has f'(x) = 2x cos(x²) e^{sin(x²)}", () => {
    for (const x of points) {
      const { value, partial } = at((v) => exp(sin(square(v))), x);
      expectClose(value, Math.exp(Math.sin(x * x)));
      expectClose(partial, [2 * x * Math.cos(x * x) * Math.exp(Math.sin(x * x))]);
    }
  });

  it("the gradient is a function that can be differentiated again", () => {
    // f'' = e^{sin x²}·(2 cos x² − 4x² sin x² + 4x² cos² x²)
    const slope = (x: Value): Value => mul(mul(mul(2, x), cos(square(x))), exp(sin(square(x))));
    for (const x of points) {
      const s = x * x;
      const wanted =
        Math.exp(Math.sin(s)) * (2 * Math.cos(s) - 4 * s * Math.sin(s) + 4 * s * Math.cos(s) ** 2);
      expectClose(at(slope, x).partial, [wanted]);
    }
  });
});

describe("E6: the Jacobian of a composition is the product of the Jacobians", () => {
  const seed = 95;

  it.each([2, 3, 5])(
    `J_{f_N ∘ … ∘ f_1}(x) = J_{f_N}(…) · … · J_{f_1}(x) for N = %i layers (seed ${seed})`,
    (N) => {
      const next = randomNumbers(seed + N);
      const widths = Array.from({ length: N + 1 }, (_, l) => 2 + ((l * 2) % 5));
      const layers = widths.slice(1).map((units, l) => {
        const W = tensor(randomMatrix(next, widths[l]!, units));
        const g = [tanh, sigmoid, sin][l % 3]!;
        return (x: Value): Value => g(matmul(x, W));
      });
      const start = tensor(randomMatrix(next, 1, widths[0]!));
      const all = jacobian((x) => layers.reduce((value, layer) => layer(value), x))(start);
      let point = start;
      let chain: Matrix | undefined;
      for (const layer of layers) {
        const J = flat(jacobian((x) => layer(x))(point), point.data.length);
        chain = chain === undefined ? J : product(J, chain);
        point = jvp((x) => layer(x), [point], [point]).value;
      }
      expectClose(flat(all, start.data.length), chain!);
    },
  );
});

/** A Jacobian as a matrix: a row for each element of the value, a column for each element of the argument. */
function flat({ data }: Tensor, columns: number): Matrix {
  return Array.from({ length: data.length / columns }, (_, i) => [
    ...data.subarray(i * columns, (i + 1) * columns),
  ]);
}
