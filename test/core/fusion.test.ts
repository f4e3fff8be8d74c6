// Fused plans: where the planner takes a bias into the activation after it, and that no bit changes.
import {
  add,
  elu,
  gelu,
  gradients,
  input,
  leakyRelu,
  mul,
  plan,
  relu,
  reshape,
  ROWS,
  sigmoid,
  silu,
  softplus,
  sum,
  tanh,
  type Plan,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { randomFrom } from "./random.ts";
import { runRows } from "./rows.ts";

const activations = { relu, tanh, sigmoid, gelu, silu, softplus, leakyRelu, elu };
const SHARDS = [4, 1, 6, 2, 5];
const TOTAL = 18;
const SEED = 5;
/** Around whole vectors and blocks of them, and rows longer than those that are taken by columns. */
const WIDTHS = [1, 2, 3, 4, 5, 8, 10, 16, 31, 32, 33, 64, 67, 129, 256, 259];
const SPECIAL = [NaN, Infinity, -Infinity, -0, 0, 1e-40, -1e-40, 3e38];

/** Numbers around 0, every fifth one special. */
function numbersOf(shape: readonly number[], seed: number): Tensor {
  const random = randomFrom(seed);
  const n = shape.reduce((a, b) => a * b, 1);
  const draw = (): number =>
    random.below(5) === 0 ? random.pick(SPECIAL) : Math.fround(random.uniform(-2, 2));
  return { shape, data: Float64Array.from({ length: n }, draw) };
}

const planOf = (outputs: readonly Value[], placed: readonly Value[], fuse = true): Plan =>
  plan(outputs, { bytes: 4, mostRows: TOTAL, placed: new Set(placed), fuse });

describe.each(["f32", "f64"] as const)("%s", (dtype) => {
  it.each(Object.entries(activations))(
    "%s of a matrix and a row and its gradients have the same bits fused and not",
    (_, activation) => {
      for (const n of WIDTHS) {
        const x = input([ROWS, n], "x");
        const b = input([n], "b");
        const w = input([ROWS, n], "w");
        const tensors = [[TOTAL, n], [n], [TOTAL, n]].map((shape, i) => numbersOf(shape, SEED + i));
        // A matrix that nobody else reads, over which the result is written, and an input, which stays.
        for (const z of [add(mul(x, 2), b), add(b, x)]) {
          const y = activation(z);
          const loss = sum(mul(y, w));
          const outputs = [y, ...gradients(loss, [x, b]).flatMap((g) => g ?? [])];
          const [fused, apart] = [true, false].map((fuse) =>
            runRows(outputs, [x, b, w], tensors, { shards: SHARDS, dtype, fuse }),
          );
          expect(fused, `width ${n}, seed ${SEED}`).toEqual(apart);
        }
      }
    },
  );
});

describe("the planner", () => {
  const x = input([ROWS, 6], "x");
  const b = input([6], "b");

  it("computes relu of a matrix and a row in one call", () => {
    for (const z of [add(x, b), add(b, x)]) {
      const y = relu(z);
      expect(planOf([y], [x, b]).order).toEqual([...z.inputs, y]);
      expect(planOf([y], [x, b], false).order).toEqual([...z.inputs, z, y]);
    }
  });

  it("does so in a matrix of more axes, too", () => {
    const cube = input([ROWS, 2, 6], "cube");
    expect(planOf([relu(add(cube, b))], [cube, b]).fusions.size).toBe(1);
  });

  it("computes a sum that somebody else reads", () => {
    const z = add(x, b);
    for (const others of [[z], [mul(z, 2)], [reshape(z, [ROWS, 2, 3])], [relu(z)]])
      expect(planOf([relu(z), ...others], [x, b]).fusions.size).toBe(0);
    expect(planOf([relu(z)], [x, b, z]).fusions.size).toBe(0);
  });

  it("leaves sums of other shapes alone", () => {
    const column = input([ROWS, 1], "column");
    const one = input([1], "one");
    const row = input([1, 6], "row");
    for (const [p, q] of [
      [x, x],
      [x, one],
      [x, column],
      [x, row],
      [b, b],
      [column, b],
      [column, one],
    ] as const)
      expect(planOf([relu(add(p, q))], [x, b, column, one, row]).fusions.size).toBe(0);
  });
});
