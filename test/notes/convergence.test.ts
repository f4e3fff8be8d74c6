// A5 and C3 of docs/notes.md to the end: θ ← θ − η∇C(θ) reaches the optimum, and stops when θ no longer changes.
import {
  add,
  binaryCrossEntropy,
  descend,
  matmul,
  mean,
  mul,
  sigmoid,
  square,
  sub,
  sum,
  tanh,
  tensor,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import {
  expectClose,
  product,
  randomMatrix,
  randomNumbers,
  sigma,
  transposed,
  type Matrix,
} from "./nets.js";

const XOR = {
  x: tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]),
  t: tensor([[0], [1], [1], [0]]),
};
const halfSquares = (f: Value, t: Tensor): Value => mul(0.5, sum(square(sub(f, t))));

describe("XOR by a net 2-2-1, tanh then identity", () => {
  const cost = (W1: Value, b1: Value, W2: Value, b2: Value): Value =>
    halfSquares(add(matmul(tanh(add(matmul(XOR.x, W1), b1)), W2), b2), XOR.t);
  const start = [
    [
      [1, -0.8],
      [0.9, -1.1],
    ],
    [-0.3, 0.4],
    [[0.7], [-0.6]],
    [0.1],
  ];

  it.each([
    ["f64", 1e-12],
    ["f32", 1e-5],
  ] as const)(
    "in %s, descent ends where no bit of θ changes, with the four answers right to %d",
    (dtype, within) => {
      const {
        parameters,
        cost: least,
        converged,
      } = descend((W1, b1, W2, b2) => cost(W1, b1, W2, b2), start, { lr: 0.1, dtype });
      expect(converged).toBe(true);
      expect(least).toBeLessThan(within * within);
      const [W1, b1, W2, b2] = parameters.map(({ data }) => [...data]);
      const answers = [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ].map(([p, q]) =>
        [0, 1].reduce(
          (total, j) => total + W2![j]! * Math.tanh(p! * W1![j]! + q! * W1![2 + j]! + b1![j]!),
          b2![0]!,
        ),
      );
      expectClose(answers, [0, 1, 1, 0], within);
    },
  );
});

describe("regression by the net 2-3-1 on the four rows of D8", () => {
  const X = tensor([
    [1, 0.875],
    [0.25, 1],
    [0.5, 0.45],
    [0.75, 0.25],
  ]);
  const t = tensor([[1], [0.4], [0.5], [0.6]]);

  it("with the identity at the output, descent fits all four rows: the cost falls to 0 within rounding", () => {
    const { cost } = descend(
      (W1, W2) => halfSquares(matmul(sigmoid(matmul(X, W1)), W2), t),
      [
        [
          [1, -1, 0.5],
          [-2, 2, 1],
        ],
        [[0.4], [0.3], [-0.2]],
      ],
      {
        lr: 0.5,
        tolerance: 1e-12,
        maxSteps: 100_000,
      },
    );
    expect(cost).toBeLessThan(1e-12);
  });
});

describe("convex costs reach the one optimum that there is", () => {
  const seed = 101;
  const next = randomNumbers(seed);
  const X = randomMatrix(next, 40, 3);
  const withOnes = X.map((row) => [...row, 1]);

  it(`least squares ends, unchanged to the bit, at the solution of the normal equations XᵀXw = Xᵀt (seed ${seed})`, () => {
    const t = X.map(([a, b, c]) => [2 * a! - b! + 0.5 * c! + 0.3 + 0.1 * next()]);
    const { parameters, converged } = descend(
      (w) => mean(square(sub(matmul(tensor(withOnes), w), tensor(t)))),
      [[[0], [0], [0], [0]]],
      { lr: 0.3 },
    );
    expect(converged).toBe(true);
    const A = transposed(withOnes);
    expectClose(parameters[0]!, solve(product(A, withOnes), product(A, t)), 1e-12);
  });

  it(`logistic regression ends, unchanged to the bit, at the optimum that Newton's method finds (seed ${seed})`, () => {
    const t = X.map(([a, b]) => [a! - 0.5 * b! + 0.8 * next() > 0 ? 1 : 0]);
    const { parameters, converged } = descend(
      (w, b) => mean(binaryCrossEntropy(add(matmul(tensor(X), w), b), tensor(t))),
      [[[0], [0], [0]], [0]],
      { lr: 4 },
    );
    expect(converged).toBe(true);
    const found = parameters.flatMap(({ data }) => [...data]);
    expectClose(
      found,
      newton(
        withOnes,
        t.map(([v]) => v!),
      ),
      1e-9,
    );
  });

  it("a tolerance of 1e-4 ends the same descent earlier and nearby", () => {
    const t = X.map(([a]) => [a!]);
    const cost = (w: Value): Value => mean(square(sub(matmul(tensor(X), w), tensor(t))));
    const near = descend((w) => cost(w), [[[0], [0], [0]]], { lr: 0.3, tolerance: 1e-4 });
    const exact = descend((w) => cost(w), [[[0], [0], [0]]], { lr: 0.3, tolerance: 1e-12 });
    expect(near.converged && exact.converged).toBe(true);
    expect(near.steps).toBeLessThan(exact.steps);
    expectClose([...near.parameters[0]!.data], [...exact.parameters[0]!.data], 1e-2);
  });
});

describe("descent that does not end well says so", () => {
  it("a step too long for a parabola is refused by the step at which the cost is no number", () => {
    expect(() => descend((w) => sum(square(w)), [[1, 2]], { lr: 1.5, maxSteps: 5000 })).toThrow(
      /^descend: the cost is (Infinity|NaN) after \d+ steps with lr 1.5; try a smaller lr$/,
    );
  });

  it("running out of steps is not convergence", () => {
    expect(descend((w) => sum(square(w)), [[1, 2]], { lr: 1e-6, maxSteps: 10 })).toMatchObject({
      steps: 10,
      converged: false,
    });
  });

  it("a cost with a shape is refused", () => {
    expect(() => descend((w) => square(w), [[1, 2]], { lr: 0.1 })).toThrow(
      "descend: the cost [2] is not a single number; sum it",
    );
  });
});

/** The weights at which Σ over rows of the logistic loss has no gradient, by w ← w − H⁻¹g. */
function newton(rows: Matrix, t: readonly number[]): readonly number[] {
  let w = rows[0]!.map(() => 0);
  for (let i = 0; i < 30; i += 1) {
    const p = rows.map((row) => sigma(row.reduce((total, v, j) => total + v * w[j]!, 0)));
    const g = w.map((_, j) => [
      rows.reduce((total, row, n) => total + (p[n]! - t[n]!) * row[j]!, 0),
    ]);
    const H = w.map((_, j) =>
      w.map((_, k) =>
        rows.reduce((total, row, n) => total + p[n]! * (1 - p[n]!) * row[j]! * row[k]!, 0),
      ),
    );
    const step = solve(H, g);
    w = w.map((v, j) => v - step[j]![0]!);
  }
  return w;
}

/** The solution of A·X = B by elimination with partial pivoting. */
function solve(A: Matrix, B: Matrix): Matrix {
  const rows = A.map((row, i) => [...row, ...B[i]!]);
  const n = A.length;
  for (let c = 0; c < n; c += 1) {
    const pivot = rows.findIndex(
      (row, r) =>
        r >= c && rows.slice(c).every((other) => Math.abs(other[c]!) <= Math.abs(row[c]!)),
    );
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    rows.forEach((row, r) => {
      if (r === c) return;
      const factor = row[c]! / rows[c]![c]!;
      row.forEach((_, k) => (row[k]! -= factor * rows[c]![k]!));
    });
  }
  return rows.map((row, r) => row.slice(n).map((v) => v / row[r]!));
}
