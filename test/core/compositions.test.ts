// What is made of ops: layerNorm, dropout, mean, softCrossEntropy, one-hot rows, concat and their errors.
import {
  add,
  checkGradients,
  concat,
  constant,
  crossEntropy,
  dropout,
  evaluate,
  grad,
  gradients,
  input,
  item,
  layerNorm,
  matmul,
  maxOver,
  mean,
  mul,
  norm,
  oneHot,
  pad,
  reshape,
  ROWS,
  scatterAdd,
  slice,
  softCrossEntropy,
  sum,
  tensor,
  toNested,
  transpose,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";

const X = [
  [1, 2, 4, 9],
  [0, -3, 1, 0.5],
];

describe("layerNorm", () => {
  it("gives rows of mean 0 and variance 1 but for epsilon", () => {
    const [y] = evaluate([layerNorm(tensor(X), { epsilon: 0.25 })]);
    X.forEach((row, r) => {
      const centre = row.reduce((a, b) => a + b) / 4;
      const variance = row.reduce((s, x) => s + (x - centre) ** 2, 0) / 4;
      row.forEach((x, j) =>
        expect(y!.data[r * 4 + j]).toBeCloseTo((x - centre) / Math.sqrt(variance + 0.25), 14),
      );
    });
  });

  it("multiplies by gain and adds bias, with gradients that central differences show", () => {
    const f = (x: Value, gain: Value, bias: Value): Value => layerNorm(x, { gain, bias });
    for (const { worstRelative } of checkGradients(f, [X, [1, 2, 3, -1], [0.5, 0, 1, 2]]))
      expect(worstRelative.relativeError).toBeLessThanOrEqual(1e-7);
  });

  it("of a row of equal numbers is its bias, with a finite gradient", () => {
    expect(toNested(evaluate([layerNorm(tensor([5, 5, 5]), { bias: 2 })])[0]!)).toEqual([2, 2, 2]);
    expect(toNested(grad((x) => sum(mul(layerNorm(x), [1, 2, 3].length)))([5, 5, 5]))).toEqual([
      0, 0, 0,
    ]);
  });
});

describe("dropout", () => {
  const ones = tensor(Float64Array.from({ length: 10_000 }, () => 1));
  const x = input([10_000], "x");
  const run = (rate: number, seed: number, step: number, stream = 1): Float64Array =>
    evaluate([dropout(x, rate, stream)], new Map([[x, ones]]), { seed, step })[0]!
      .data as Float64Array;

  it("zeroes about its rate of the elements and scales the rest", () => {
    const y = run(0.2, 1, 1);
    expect(new Set(y)).toEqual(new Set([0, 1.25]));
    expect(Math.abs(y.filter((n) => n === 0).length / 10_000 - 0.2)).toBeLessThan(0.02);
  });

  it("is the same for the same seed, step and layer, and another for another", () => {
    const y = run(0.5, 1, 1);
    expect(run(0.5, 1, 1)).toEqual(y);
    for (const other of [run(0.5, 2, 1), run(0.5, 1, 2), run(0.5, 1, 1, 2)]) {
      const equal = other.filter((n, i) => n === y[i]).length / 10_000;
      expect(Math.abs(equal - 0.5)).toBeLessThan(0.05);
    }
  });

  it("has its mask as gradient", () => {
    const y = dropout(x, 0.5, 3);
    const [dx] = gradients(sum(y), [x]);
    const [value, gradient] = evaluate([y, dx!], new Map([[x, ones]]), { seed: 4, step: 9 });
    expect(gradient!.data).toEqual(value!.data);
  });

  it("of rate 0 is its input, and of rate 1 is refused", () => {
    expect(dropout(x, 0, 1)).toBe(x);
    expect(() => dropout(x, 1, 1)).toThrow("rate 1 is not in [0, 1)");
  });
});

it("mean over chosen axes divides by their sizes", () => {
  expect(toNested(evaluate([mean(tensor(X), 1)])[0]!)).toEqual([4, -0.375]);
  expect(item(evaluate([mean(tensor(X))])[0]!)).toBe(1.8125);
});

it("softCrossEntropy of one-hot rows is crossEntropy", () => {
  const labels = tensor(Int32Array.of(3, 1));
  const [a, b] = evaluate([
    softCrossEntropy(constant(tensor(X)), oneHot(labels, 4)),
    crossEntropy(tensor(X), labels),
  ]);
  a!.data.forEach((n, i) => expect(Math.abs(n - b!.data[i]!)).toBeLessThan(1e-15));
});

it("concat keeps the sign of zeros and other rows' infinities apart", () => {
  const [y] = evaluate([concat([tensor([-0]), tensor([Infinity, 0])], 0)]);
  expect(toNested(y!)).toEqual([-0, Infinity, 0]);
});

describe("errors name the op, the shapes and the remedy", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const batch = input([ROWS, 3], "x");
  it.each([
    [
      "add: [2,3] and [2] do not broadcast: sizes 3 and 2 on axis 1 differ",
      () => add(x, tensor([1, 2])),
    ],
    [
      "matmul: [2,3] · [2,3]: inner sizes 3 and 2 differ; did you forget to transpose?",
      () => matmul(x, x),
    ],
    [
      "matmul: [rows,3]ᵀ · [2,3]: inner sizes rows and 2 differ",
      () => matmul(batch, x, { transposeA: true }),
    ],
    ["matmul: [3] is not a matrix; reshape it first", () => matmul(tensor([1, 2, 3]), x)],
    ["reshape: [2,3] does not fill [4]", () => reshape(x, [4])],
    ["transpose: the rows of a batch stay the first axis", () => transpose(batch)],
    ["slice: [1, 4) of axis 1 is not inside [2,3]", () => slice(x, 1, 1, 4)],
    ["pad: axis 1 of [2,3] does not fit into 4 from 2", () => pad(x, 1, 2, 4)],
    ["concat: [3] does not continue [2,3] on axis 1", () => concat([x, tensor([1, 2, 3])], 1)],
    ["concat: no values given", () => concat([], 0)],
    ["sum: axis 2 is not one of [2,3]", () => sum(x, 2)],
    ["maxOver: a maximum over the rows of a batch", () => maxOver(batch, 0)],
    ["mean: over the rows of a batch, sum and let the trainer divide", () => mean(batch, 0)],
    ["norm: [] has no last axis to run over", () => norm(1)],
    [
      "scatterAdd: the indices [3] do not lead the rows [2,3]",
      () => scatterAdd(x, tensor(Int32Array.of(0, 1, 0)), 2),
    ],
    [
      "crossEntropy: logits [rows,classes] and labels [rows] expected, found [2,3] and [3]",
      () => crossEntropy(x, tensor(Int32Array.of(0, 1, 0))),
    ],
    [
      "gradients: the upstream gradient [2] does not fit the output [3]",
      () => gradients(constant(tensor([1, 2, 3])), [], constant(tensor([1, 2]))),
    ],
  ] as const)("%s", (message, make) => {
    expect(make).toThrow(message);
  });
});
