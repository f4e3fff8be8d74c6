// The losses as functions: values and gradients against their formulas, and the same as a model's specification gives.
import {
  checkGradients,
  dense,
  evaluate,
  grad,
  gradients,
  input,
  item,
  lossNames,
  losses,
  matmul,
  mul,
  outputOf,
  parameterSpecs,
  ROWS,
  rowLoss,
  sequential,
  sigmoid,
  sum,
  sumsRows,
  tensor,
  toNested,
  valueAndGrad,
  type LossName,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";

// Two rows of three outputs.
const F = [
  [0.25, 0.5, 0.875],
  [0.125, 0.75, 0.0625],
];
const T = [
  [0, 1, 1],
  [0.5, 1, 0],
];
const N = 2;
const K = 3;

const pairs = F.flatMap((row, n) => row.map((f, j): [number, number] => [f, T[n]![j]!]));
const total = (f: (f: number, t: number) => number): number =>
  pairs.reduce((s, [a, b]) => s + f(a, b), 0);
const sigma = (z: number): number => 1 / (1 + Math.exp(-z));
const logLoss = (f: number, t: number): number =>
  -((t === 0 ? 0 : t * Math.log(f)) + (t === 1 ? 0 : (1 - t) * Math.log(1 - f)));
const distances = F.map((row, n) => Math.hypot(...row.map((f, j) => f - T[n]![j]!)));
const logSumExp = (row: number[]): number => Math.log(row.reduce((s, x) => s + Math.exp(x), 0));

/** Each loss's sum over rows, what its mean divides by, and the gradient of its sum by f. */
const formulas = {
  meanSquaredError: {
    sum: total((f, t) => (f - t) ** 2),
    count: N * K,
    slope: (f: number, t: number) => 2 * (f - t),
  },
  halfSquaredError: {
    sum: total((f, t) => (f - t) ** 2) / 2,
    count: N,
    slope: (f: number, t: number) => f - t,
  },
  norm: {
    sum: distances[0]! + distances[1]!,
    count: N,
    slope: (f: number, t: number, n: number) => (f - t) / distances[n]!,
  },
  binaryCrossEntropy: {
    sum: total((f, t) => logLoss(sigma(f), t)),
    count: N * K,
    slope: (f: number, t: number) => sigma(f) - t,
  },
  logLoss: {
    sum: total(logLoss),
    count: N * K,
    slope: (f: number, t: number) => (f - t) / (f * (1 - f)),
  },
  crossEntropy: {
    sum:
      total((f, t) => -t * f) +
      T.reduce((s, row, n) => s + row.reduce((a, b) => a + b) * logSumExp(F[n]!), 0),
    count: N,
    slope: (f: number, t: number, n: number) =>
      Math.exp(f - logSumExp(F[n]!)) * T[n]!.reduce((a, b) => a + b) - t,
  },
} satisfies Record<LossName, object>;

describe.each(lossNames)("%s", (name) => {
  const formula = formulas[name];
  const at = (reduction: "mean" | "sum") =>
    valueAndGrad((f) => losses[name](f, tensor(T), reduction))(F);

  it("has the sum of its formula and the mean that divides as documented", () => {
    expect(Math.abs(item(at("sum").value) - formula.sum)).toBeLessThan(1e-14);
    expect(Math.abs(item(at("mean").value) - formula.sum / formula.count)).toBeLessThan(1e-14);
    expect(losses[name](tensor(F), tensor(T))).toMatchObject({ shape: [] });
  });

  it("has the gradient of its formula", () => {
    const found = at("sum").gradient.data;
    F.flat().forEach((f, i) => {
      const n = Math.floor(i / K);
      expect(Math.abs(found[i]! - formula.slope(f, T.flat()[i]!, n))).toBeLessThan(1e-14);
    });
  });

  it("has gradients that central differences show, by outputs and targets", () => {
    const inside = T.map((row) => row.map((t) => 0.2 + 0.6 * t));
    for (const { worstRelative } of checkGradients((f, t) => losses[name](f, t), [F, inside]))
      expect(worstRelative.relativeError).toBeLessThanOrEqual(1e-7);
  });

  it("trains: every gradient of a model is a sum over the rows of a batch", () => {
    const spec = sequential(3, [
      dense(4, { activation: "tanh" }),
      dense(K, { activation: "sigmoid" }),
    ]);
    const specs = parameterSpecs(spec);
    const parameters = specs.map((parameter) => input(parameter.shape, parameter.name));
    const byName = new Map(
      specs.map((parameter, i): [string, Value] => [parameter.name, parameters[i]!]),
    );
    const loss = sum(
      rowLoss({ name }, outputOf(spec, byName, input([ROWS, 3], "x")), input([ROWS, K], "t")),
      0,
    );
    for (const gradient of gradients(loss, parameters)) expect(sumsRows(gradient!)).toBe(true);
  });

  it("over rows gives [rows]", () => {
    const f = input([ROWS, K], "f");
    expect(rowLoss({ name }, f, input([ROWS, K], "t")).shape).toEqual([ROWS]);
    expect(() => losses[name](f, input([ROWS, K], "t"))).toThrow("sum and let the trainer divide");
  });
});

it("crossEntropy of labels is that of their one-hot rows", () => {
  const labels = losses.crossEntropy(tensor(F), tensor(Int32Array.of(2, 0)), "sum");
  const rows = losses.crossEntropy(
    tensor(F),
    tensor([
      [0, 0, 1],
      [1, 0, 0],
    ]),
    "sum",
  );
  const [a, b] = evaluate([labels, rows]).map(item);
  expect(Math.abs(a! - b!)).toBeLessThan(1e-15);
});

it("the gradient of the norm loss is 0 where the output meets its target", () => {
  expect(
    toNested(
      grad((f) =>
        losses.norm(
          f,
          tensor([
            [1, 2],
            [0, 0],
          ]),
          "sum",
        ),
      )([
        [1, 2],
        [3, 4],
      ]),
    ),
  ).toEqual([
    [0, 0],
    [0.6, 0.8],
  ]);
});

it("logLoss is 0 for certain and right probabilities, and infinite for certain and wrong ones", () => {
  const loss = (f: number[], t: number[]): number =>
    item(evaluate([losses.logLoss(tensor(f), tensor(t), "sum")])[0]!);
  expect(loss([0, 1], [0, 1])).toBe(0);
  expect(loss([0], [1])).toBe(Infinity);
  expect(loss([1], [0])).toBe(Infinity);
});

it("logLoss of sigmoids is binaryCrossEntropy of what goes into them", () => {
  const f = (loss: (z: Value) => Value): number[] => {
    const { value, gradient } = valueAndGrad(loss)(F);
    return [item(value), ...gradient.data];
  };
  const a = f((z) => losses.logLoss(sigmoid(z), tensor(T)));
  const b = f((z) => losses.binaryCrossEntropy(z, tensor(T)));
  a.forEach((x, i) => expect(Math.abs(x - b[i]!)).toBeLessThan(1e-15));
});

it("logistic is −log σ(wᵀx), with gradient −σ(−wᵀx)·x by w", () => {
  const [w, x] = [[[0.5], [-2]], [[3, 0.25]]];
  const { value, gradient } = valueAndGrad((w) => losses.logistic(matmul(tensor(x), w), "sum"))(w);
  expect(Math.abs(item(value) + Math.log(sigma(1)))).toBeLessThan(1e-15);
  gradient.data.forEach((g, i) => expect(Math.abs(g + sigma(-1) * x[0]![i]!)).toBeLessThan(1e-15));
});

it("logistic of a large wrong margin neither overflows nor loses its gradient", () => {
  const { value, gradient } = valueAndGrad((z) => losses.logistic(mul(z, 1), "sum"))([-1000, 1000]);
  expect(item(value)).toBe(1000);
  expect(toNested(gradient)).toEqual([-1, -0]);
});

it("a vector of outputs is a row each", () => {
  const value = (name: LossName): number =>
    item(evaluate([losses[name](tensor([3, -1]), tensor([0, 1]), "sum")])[0]!);
  expect(value("norm")).toBe(5);
  expect(value("halfSquaredError")).toBe(6.5);
  expect(item(evaluate([sum(tensor([1, 2]))])[0]!)).toBe(3);
});

it("a target of another shape is refused with both shapes", () => {
  expect(() => losses.meanSquaredError(tensor(F), tensor([1, 2]))).toThrow(
    "the target [2] does not fit the output [2,3]",
  );
});
