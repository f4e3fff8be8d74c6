// grad, valueAndGrad, vjp, jvp, jacobian and hessian against closed forms.
import {
  add,
  concat,
  constant,
  cos,
  crossEntropy,
  div,
  exp,
  grad,
  hessian,
  item,
  jacobian,
  jvp,
  log,
  matmul,
  mul,
  pow,
  reshape,
  sin,
  slice,
  square,
  sub,
  sum,
  tanh,
  tensor,
  toNested,
  transpose,
  valueAndGrad,
  vjp,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { randomFrom } from "./random.ts";

const SEED = 5;
const POINTS = [-1.9, -1.3, -0.7, -0.2, 0, 0.3, 0.8, 1.1, 1.6, 2];

/** Numbers [m, n] in [−1, 1). */
function matrix(m: number, n: number, seed: number): number[][] {
  const random = randomFrom(seed);
  return Array.from({ length: m }, () => Array.from({ length: n }, () => random.uniform(-1, 1)));
}
const product = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((s, x, k) => s + x * b[k]![j]!, 0)));
const difference = (a: Tensor, b: readonly number[]): number => {
  expect(a.data.length).toBe(b.length);
  return Math.max(...b.map((x, i) => Math.abs(x - a.data[i]!)));
};

describe("grad", () => {
  it("of one argument is its gradient, of several an array", () => {
    expect(item(grad(sin)(0))).toBe(1);
    expect(grad((x, y) => mul(x, y))(2, 3).map(item)).toEqual([3, 2]);
  });

  it("by chosen arguments: one by its index, several in their order", () => {
    const f = (x: Value, y: Value, z: Value): Value => add(mul(x, y), square(z));
    expect(item(grad(f, { argument: 2 })(2, 3, 5))).toBe(10);
    expect(grad(f, { argument: [1, 0] })(2, 3, 5).map(item)).toEqual([2, 3]);
  });

  it("takes nested arrays, typed arrays and tensors", () => {
    const f = (x: Value): Value => sum(square(x));
    expect(
      toNested(
        grad(f)([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toEqual([
      [2, 4],
      [6, 8],
    ]);
    expect(toNested(grad(f)(Float32Array.of(1, 2)))).toEqual([2, 4]);
    expect(toNested(grad(f)(tensor([5])))).toEqual([10]);
  });

  it("by an argument that is not used is 0 in its shape", () => {
    expect(grad((...[x]: [Value, Value]) => square(x))(3, [[1, 2]]).map(toNested)).toEqual([
      6,
      [[0, 0]],
    ]);
  });

  it("inside another function gives higher derivatives", () => {
    const fourth = (x: Value): Value => pow(x, 5);
    expect(item(grad((x) => grad((y) => grad(fourth)(y))(x))(2))).toBe(240); // 60x²
  });

  it("takes a value that the function knows from outside as a constant", () => {
    // d/dx [x · d/dy (x·y)] at y = x is d/dx x²
    expect(item(grad((x) => mul(x, grad((y) => mul(x, y))(x)))(3))).toBe(6);
  });

  it("evaluates in f32 when told to", () => {
    expect(grad(exp, { dtype: "f32" })(1)).toEqual({ shape: [], data: Float32Array.of(Math.E) });
  });

  it("refuses a function without a scalar value, naming the shape", () => {
    expect(() => grad(exp)([1, 2])).toThrow("the output [2] is not a scalar");
  });

  it("refuses labels, naming the argument", () => {
    const f = (z: Value, labels: Value): Value => sum(crossEntropy(z, labels));
    expect(() => grad(f)([[1, 2]], Int32Array.of(0))).toThrow("argument 1 holds i32");
    expect(toNested(grad(f, { argument: 0 })([[0, 0]], Int32Array.of(0)))).toEqual([[-0.5, 0.5]]);
  });

  it("refuses an argument that does not exist", () => {
    expect(() => grad(sin, { argument: 1 })(0)).toThrow(
      "argument 1 of a function that was given 1",
    );
  });
});

it("valueAndGrad gives the value beside the gradient", () => {
  const { value, gradient } = valueAndGrad((x, y) => mul(square(x), y))(3, 2);
  expect([item(value), ...gradient.map(item)]).toEqual([18, 12, 9]);
});

it("vjp pulls an upstream gradient back through the function: dyᵀ·A for f = A·x", () => {
  const a = matrix(3, 2, SEED);
  const { value, pullback } = vjp((x) => matmul(tensor(a), x), [[1], [-2]]);
  expect(difference(value, product(a, [[1], [-2]]).flat())).toBeLessThan(1e-15);
  expect(difference(pullback([[1], [2], [3]]), product([[1, 2, 3]], a).flat())).toBeLessThan(1e-15);
  expect(difference(pullback([[0], [0], [1]]), a[2]!)).toBe(0);
});

it("jvp pushes a direction through the function: A·v for f = A·x, and the sum over several arguments", () => {
  const a = matrix(3, 2, SEED);
  const along = jvp((x) => matmul(tensor(a), x), [[[1], [-2]]], [[[0.5], [3]]]);
  expect(difference(along.tangent, product(a, [[0.5], [3]]).flat())).toBeLessThan(1e-15);
  const both = jvp(
    (x, y) => mul(x, y),
    [
      [1, 2],
      [3, 4],
    ],
    [
      [1, 0],
      [10, 100],
    ],
  );
  expect(toNested(both.tangent)).toEqual([13, 200]);
  expect(toNested(both.value)).toEqual([3, 8]);
});

it("jvp of a function that does not depend on its argument's numbers is 0", () => {
  const f = ({ shape }: Value): Value => constant({ shape, data: Float64Array.of(1, 2) });
  expect(toNested(jvp(f, [[3, 4]], [[1, 1]]).tangent)).toEqual([0, 0]);
});

describe("second derivatives", () => {
  // f = e^sin(x²): f′ = 2x·cos(x²)·f, f″ = f·[4x²·cos²(x²) + 2cos(x²) − 4x²·sin(x²)]
  const f = (x: Value): Value => exp(sin(square(x)));
  const second = (x: number): number => {
    const [s, c] = [Math.sin(x * x), Math.cos(x * x)];
    return Math.exp(s) * (4 * x * x * c * c + 2 * c - 4 * x * x * s);
  };

  it.each(POINTS)("d²/dx² of e^sin(x²) at %d is its closed form, to 1e-10", (x) => {
    const closed = second(x);
    expect(Math.abs(item(hessian(f)(x)) - closed)).toBeLessThanOrEqual(1e-10);
    expect(Math.abs(item(grad((z) => grad(f)(z))(x)) - closed)).toBeLessThanOrEqual(1e-10);
  });

  it("the Hessian of a quadratic form is A + Aᵀ", () => {
    const a = matrix(4, 4, SEED);
    const f = (x: Value): Value => sum(mul(x, matmul(tensor(a), x)));
    const h = hessian(f)([[1], [2], [3], [4]]);
    expect(h.shape).toEqual([4, 1, 4, 1]);
    expect(
      difference(
        h,
        a.flatMap((row, i) => row.map((x, j) => x + a[j]![i]!)),
      ),
    ).toBeLessThan(1e-14);
  });

  it("the Hessian by several arguments is an array of blocks", () => {
    const blocks = hessian((x, y) => mul(square(x), sum(y)))(2, [3, 4]);
    expect(blocks.map((row) => row.map(toNested))).toEqual([
      [14, [4, 4]],
      [
        [4, 4],
        [
          [0, 0],
          [0, 0],
        ],
      ],
    ]);
  });

  it("the Hessian of a linear function is 0", () => {
    expect(toNested(hessian((x) => sum(mul(x, 3)))([1, 2]))).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("jacobian", () => {
  const inner = (x: Value): Value => tanh(matmul(tensor(matrix(3, 4, 1)), x));
  const outer = (y: Value): Value => div(exp(y), add(1, square(reshape(slice(y, 0, 0, 1), []))));
  const x = matrix(4, 1, 2);

  it.each(["reverse", "forward"] as const)(
    "of a composition is the product of the Jacobians (%s)",
    (mode) => {
      const flat = (j: Tensor, m: number, n: number): number[][] =>
        Array.from({ length: m }, (_, i) => Array.from(j.data.slice(i * n, (i + 1) * n)));
      const y = vjp(inner, x).value;
      const whole = jacobian((z) => outer(inner(z)), { mode })(x);
      const parts = product(
        flat(jacobian(outer, { mode })(y), 3, 3),
        flat(jacobian(inner, { mode })(x), 3, 4),
      );
      expect(whole.shape).toEqual([3, 1, 4, 1]);
      expect(difference(whole, parts.flat())).toBeLessThan(1e-14);
    },
  );

  it("is the same forwards and backwards", () => {
    const f = (a: Value, b: Value): Value =>
      concat([matmul(a, b), sin(matmul(transpose(b), transpose(a)))], 0);
    const [a, b] = [matrix(2, 3, 3), matrix(3, 2, 4)];
    const [byA, byB] = jacobian(f, { mode: "reverse" })(a, b);
    const [forwardA, forwardB] = jacobian(f, { mode: "forward" })(a, b);
    expect(byA.shape).toEqual([4, 2, 2, 3]);
    expect(difference(byA, Array.from(forwardA.data))).toBeLessThan(1e-15);
    expect(difference(byB, Array.from(forwardB.data))).toBeLessThan(1e-15);
  });

  it("of an argument that is not used is 0", () => {
    expect(
      toNested(jacobian((...[x]: [Value, Value]) => square(x), { argument: 1 })([1, 2], 7)),
    ).toEqual([0, 0]);
  });

  it("of a scalar function is its gradient", () => {
    const f = (x: Value): Value => sum(log(add(1, square(x))));
    expect(jacobian(f)([1, 2, 3])).toEqual(grad(f)([1, 2, 3]));
  });
});

it("the gradients of the parts of f(x, y) = x²y + sin(xy) are its partial derivatives at ten points", () => {
  const f = (x: Value, y: Value): Value => add(mul(square(x), y), sin(mul(x, y)));
  for (const x of POINTS) {
    const y = 1.5 - x;
    const [dx, dy] = grad(f)(x, y).map(item);
    expect(Math.abs(dx! - (2 * x * y + y * Math.cos(x * y)))).toBeLessThan(1e-14);
    expect(Math.abs(dy! - (x * x + x * Math.cos(x * y)))).toBeLessThan(1e-14);
  }
});

it("a graph deeper than the stack of calls can be differentiated", () => {
  const f = (x: Value): Value => {
    let y = x;
    for (let i = 0; i < 5_000; i += 1) y = sub(y, mul(1e-4, cos(y)));
    return y;
  };
  expect(item(grad(f)(0.5))).toBeGreaterThan(0);
});
