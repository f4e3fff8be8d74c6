// What the gradient is where there is none: at kinks, jumps and ties, as each op's documentation says.
import {
  abs,
  elu,
  evaluate,
  gather,
  grad,
  leakyRelu,
  max,
  maxOver,
  min,
  mul,
  norm,
  pow,
  relu,
  scatterAdd,
  sign,
  sqrt,
  step,
  sum,
  tensor,
  toNested,
  xlogy,
  type NestedNumbers,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";

/** The gradient of the sum of f. */
const slope = (f: (x: Value) => Value, at: NestedNumbers): NestedNumbers =>
  toNested(grad((x) => sum(f(x)))(at));

describe("at a kink", () => {
  it.each([
    ["abs", (x: Value) => abs(x), 0],
    ["relu", (x: Value) => relu(x), 0],
    ["leakyRelu", (x: Value) => leakyRelu(x, 0.25), 0.25],
    ["elu", (x: Value) => elu(x, 1.5), 1.5],
    ["sign", (x: Value) => sign(x), 0],
    ["step", (x: Value) => step(x), 0],
    ["sqrt", (x: Value) => sqrt(x), Infinity],
  ] as const)("the gradient of %s at 0 is its documented one", (_, f, expected) => {
    expect(slope(f, 0)).toBe(expected);
    expect(slope(f, [0, 0, 0])).toEqual([expected, expected, expected]);
  });

  it("the gradient of relu at −0 is 0", () => {
    expect(slope(relu, -0)).toBe(0);
  });

  it("the gradient of norm at 0 is 0, row by row", () => {
    expect(
      slope(norm, [
        [0, 0],
        [3, 4],
      ]),
    ).toEqual([
      [0, 0],
      [0.6, 0.8],
    ]);
  });

  it("the gradients of x·log y at (0, 0) are 0, and its value, too", () => {
    expect(grad((x, y) => xlogy(x, y))(0, 0).map(toNested)).toEqual([0, 0]);
    expect(toNested(evaluate([xlogy(tensor([0, 0, 1, 2]), tensor([0, 5, 0, 1]))])[0]!)).toEqual([
      0,
      0,
      -Infinity,
      0,
    ]);
  });

  it("the gradient of x⁰ and x¹ at 0 is 0 and 1, and x² has all derivatives there", () => {
    expect(slope((x) => pow(x, 0), 0)).toBe(0);
    expect(slope((x) => pow(x, 1), 0)).toBe(1);
    expect(slope((x) => pow(x, 2), [0, -3])).toEqual([0, -6]);
    const second = (x: Value): Value => grad((z) => pow(z, 2))(x);
    expect(slope(second, 0)).toBe(2);
    expect(slope((x) => grad(second)(x), 0)).toBe(0);
  });
});

describe("at a tie", () => {
  it("max and min give half the gradient to each", () => {
    expect(grad((a, b) => max(a, b))(1, 1).map(toNested)).toEqual([0.5, 0.5]);
    expect(grad((a, b) => min(a, b))(1, 1).map(toNested)).toEqual([0.5, 0.5]);
  });

  it("max gives all to the larger", () => {
    expect(grad((a, b) => sum(max(a, b)))([1, 5], [2, 4]).map(toNested)).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(grad((a, b) => sum(min(a, b)))([1, 5], [2, 4]).map(toNested)).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it("maxOver shares evenly among the largest", () => {
    expect(
      slope(
        (x) => maxOver(x, 1),
        [
          [3, 1, 3],
          [2, 2, 2],
        ],
      ),
    ).toEqual([
      [0.5, 0, 0.5],
      [1 / 3, 1 / 3, 1 / 3],
    ]);
  });

  it("maxOver over all axes shares evenly among the largest of all", () => {
    expect(
      slope(
        (x) => maxOver(x),
        [
          [7, 7],
          [7, 1],
        ],
      ),
    ).toEqual([
      [1 / 3, 1 / 3],
      [1 / 3, 0],
    ]);
  });

  it("maxOver over axes that are not neighbours shares along the inner one first", () => {
    expect(slope((x) => maxOver(x, [0, 2]), [[[7, 7]], [[7, 1]]])).toEqual([
      [[0.25, 0.25]],
      [[0.5, 0]],
    ]);
  });
});

describe("indices", () => {
  it("gather reads NaN outside the table", () => {
    const [y] = evaluate([gather(tensor([1, 2]), tensor(Int32Array.of(1, 2, -1)))]);
    expect(toNested(y!)).toEqual([2, NaN, NaN]);
  });

  it("scatterAdd leaves out what is outside the table", () => {
    const [y] = evaluate([scatterAdd(tensor([1, 2, 4]), tensor(Int32Array.of(1, 2, -1)), 2)]);
    expect(toNested(y!)).toEqual([0, 1]);
  });

  it("the gradient of gather sums equal indices in their order", () => {
    const indices = tensor(Int32Array.of(0, 2, 0, 0));
    const weights = tensor([1e16, 5, 1, 1]);
    const dx = grad((x) => sum(mul(gather(x, indices), weights)))([1, 1, 1]);
    expect(toNested(dx)).toEqual([1e16, 0, 5]); // (1e16 + 1) + 1 in this order stays 1e16
  });
});
