// Graphs over the rows of a batch: each row by itself, and sums over rows by the tree of the shards.
import {
  add,
  compile,
  customOp,
  apply,
  dropout,
  gradients,
  input,
  layerNorm,
  mul,
  reshape,
  ROWS,
  scatterAdd,
  sum,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import type { Attrs, TwinName } from "./naive.ts";
import { count } from "./naive.ts";
import { randomFrom } from "./random.ts";
import { rowsOf, runRows, treeSum } from "./rows.ts";
import { applied, drawn, everySample, type Sample } from "./samples.ts";

const SEED = 77;
const SHARDS = [4, 1, 6, 2, 5];
const TOTAL = 18;

/** The op, its weighted sum and the sum's gradients, over inputs with or without a number of rows. */
function graphOf(name: TwinName, attrs: Attrs, inputs: readonly Value[], weights: Value): Value[] {
  const y = applied(name, inputs, attrs);
  const wrt = inputs.filter(({ element }) => element === "real");
  return [y, ...gradients(sum(mul(y, weights)), wrt).flatMap((g) => g ?? [])];
}

const leaf = ({ shape, data }: Tensor, name: string, rows: boolean): Value =>
  input(rows ? shape.with(0, ROWS) : shape, name, data instanceof Int32Array ? "i32" : "real");

const bits = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer.slice(0));

const overRows = everySample.flatMap(([name, list]) =>
  list
    .filter(({ rows }) => rows.length > 0)
    .map((sample, i) => ({ title: `${name} ${i}`, name, sample })),
);

describe.each(overRows)("$title", ({ name, sample }) => {
  const stretched: Sample = {
    ...sample,
    inputs: sample.inputs.map((x, i) =>
      sample.rows.includes(i) ? { ...x, shape: x.shape.with(0, TOTAL) } : x,
    ),
  };
  const tensors = drawn(stretched, randomFrom(SEED));
  const isRows = tensors.map((_, i) => sample.rows.includes(i));

  it.each(["f32", "f64"] as const)(
    "over 5 shards is the tree's sum of the shards, to the bit (%s)",
    (dtype) => {
      const inputs = tensors.map((tensor, i) => leaf(tensor, `x${i}`, isRows[i]!));
      const y = applied(name, inputs, sample.attrs);
      const weightShape = y.shape.map((size) => (size === ROWS ? TOTAL : size));
      const random = randomFrom(SEED + 1);
      const weights: Tensor = {
        shape: weightShape,
        data: Float64Array.from({ length: count(weightShape) }, () =>
          Math.fround(random.uniform(-1, 1)),
        ),
      };
      const yHasRows = y.shape[0] === ROWS;
      const w = leaf(weights, "w", yHasRows);
      const graph = graphOf(name, sample.attrs, inputs, w);
      const found = runRows(graph, [...inputs, w], [...tensors, weights], {
        shards: SHARDS,
        dtype,
      });

      let from = 0;
      const perShard = SHARDS.map((rows) => {
        const parts = tensors.map((tensor, i) => (isRows[i] ? rowsOf(tensor, from, rows) : tensor));
        const part = yHasRows ? rowsOf(weights, from, rows) : weights;
        const fixed = parts.map((tensor, i) => leaf(tensor, `x${i}`, false));
        const v = leaf(part, "w", false);
        from += rows;
        return compile(graphOf(name, sample.attrs, fixed, v), [...fixed, v], { dtype })([
          ...parts,
          part,
        ]);
      });
      graph.forEach((value, i) => {
        const parts = perShard.map((results) => results[i]!);
        const expected =
          value.shape[0] === ROWS
            ? Buffer.concat(parts.map(bits))
            : Buffer.from(bits(treeSum(parts)));
        expect(
          Buffer.from(bits(found[i]!)).equals(expected),
          `seed ${SEED}, result ${i} of ${name}`,
        ).toBe(true);
      });
    },
  );
});

it("a sum over rows may be used by other ops in the same graph", () => {
  const x = input([ROWS, 3], "x");
  const total = sum(x, 0);
  const y = mul(total, total);
  const tensor: Tensor = { shape: [3, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };
  const [found] = runRows([y], [x], [tensor], { shards: [2, 1], dtype: "f64" });
  expect(Array.from(found!.data)).toEqual([144, 225, 324]);
});

it("layerNorm of a row does not depend on the rows beside it", () => {
  const x = input([ROWS, 4], "x");
  const y = layerNorm(x, { gain: { shape: [4], data: Float64Array.of(1, 2, 3, 4) }, bias: 0.5 });
  const tensor: Tensor = {
    shape: [3, 4],
    data: Float64Array.from({ length: 12 }, (_, i) => ((i * 5) % 7) / 3),
  };
  const [all] = runRows([y], [x], [tensor], { shards: [3], dtype: "f32" });
  const [last] = runRows([y], [x], [rowsOf(tensor, 2, 1)], { shards: [1], dtype: "f32" });
  expect(Array.from(last!.data)).toEqual(Array.from(all!.data.slice(8)));
});

it("dropout of a row depends on its place in the whole batch only", () => {
  const x = input([ROWS, 5], "x");
  const y = dropout(x, 0.5, 2);
  const ones: Tensor = { shape: [8, 5], data: new Float64Array(40).fill(1) };
  const [all] = runRows([y], [x], [ones], { shards: [8], dtype: "f32" });
  const [part] = runRows([y], [x], [rowsOf(ones, 3, 4)], {
    shards: [4],
    dtype: "f32",
    firstRow: 3,
  });
  expect(Array.from(part!.data)).toEqual(Array.from(all!.data.slice(15, 35)));
  expect(new Set(all!.data)).toEqual(new Set([0, 2]));
});

it("an op of the user's own sees arrays of as many rows as there are", () => {
  const seen: string[] = [];
  const double = customOp({
    name: "double",
    shape: ([x]) => x ?? [],
    forward: (out, [x], { out: shape }) => {
      seen.push(`${shape.join("×")} ${out.length} ${x!.length}`);
      out.forEach((_, i) => {
        out[i] = 2 * x![i]!;
      });
    },
    vjp: [(dy) => mul(2, dy)],
  });
  const x = input([ROWS, 2], "x");
  const w = input([2], "w");
  const y = apply(double, [add(x, w)], {});
  const [dw] = gradients(sum(y), [w]);
  const tensors: Tensor[] = [
    { shape: [3, 2], data: Float64Array.of(1, 2, 3, 4, 5, 6) },
    { shape: [2], data: Float64Array.of(10, 20) },
  ];
  const [found, gradient] = runRows([y, dw!], [x, w], tensors, { shards: [2, 1], dtype: "f32" });
  expect(Array.from(found!.data)).toEqual([22, 44, 26, 48, 30, 52]);
  expect(Array.from(gradient!.data)).toEqual([6, 6]);
  expect(seen).toEqual(["3×2 6 6"]);
});

it("a view of an input and of an output keeps its rows", () => {
  const x = input([ROWS, 6], "x");
  const y = reshape(x, [ROWS, 2, 3]);
  const z = reshape(mul(y, 2), [ROWS, 6]);
  const tensor: Tensor = { shape: [2, 6], data: Float64Array.from({ length: 12 }, (_, i) => i) };
  const [a, b] = runRows([y, z], [x], [tensor], { shards: [1, 1], dtype: "f64" });
  expect(a!.shape).toEqual([2, 2, 3]);
  expect(Array.from(a!.data)).toEqual(Array.from(tensor.data));
  expect(Array.from(b!.data)).toEqual(Array.from(tensor.data, (n) => 2 * n));
});

it("sums of rows into a table larger than a block of the kernel follow the tree", () => {
  const [width, size] = [1500, 40];
  const random = randomFrom(SEED);
  const x: Tensor = {
    shape: [TOTAL, width],
    data: Float64Array.from({ length: TOTAL * width }, () => Math.fround(random.uniform(-1, 1))),
  };
  // Some rows fall outside the table and are left out.
  const indices: Tensor = {
    shape: [TOTAL],
    data: Int32Array.from({ length: TOTAL }, (_, r) =>
      r % 7 === 0 ? size + r : random.below(8) * 5,
    ),
  };
  const inputs = [input([ROWS, width], "x"), input([ROWS], "indices", "i32")] as const;
  const y = scatterAdd(...inputs, size);
  for (const dtype of ["f32", "f64"] as const) {
    const [found] = runRows([y], inputs, [x, indices], { shards: SHARDS, dtype });
    let from = 0;
    const parts = SHARDS.map((rows) => {
      const [part, at] = [rowsOf(x, from, rows), rowsOf(indices, from, rows)];
      from += rows;
      const leaves = [leaf(part, "x", false), leaf(at, "indices", false)] as const;
      return compile([scatterAdd(...leaves, size)], leaves, { dtype })([part, at])[0]!;
    });
    expect(Buffer.from(bits(found!)).equals(Buffer.from(bits(treeSum(parts))))).toBe(true);
  }
});
