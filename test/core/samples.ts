// Sample calls of every op: shapes, attributes, and values away from the points where it has a kink or is not defined.
import {
  apply,
  ops,
  type Op,
  type Shape,
  type Tensor,
  type Value,
  type ValueLike,
} from "@shardgrad/core";
import { count, type Attrs, type TwinName } from "./naive.ts";
import type { Random } from "./random.ts";

/** How the numbers of an input are drawn: all at once, since some must differ from each other. */
type Draw = (random: Random, n: number) => number[];

/** An input of a sample call. */
interface SampleInput {
  readonly shape: Shape;
  readonly draw: Draw;
  readonly element: "real" | "i32";
}

/** A call of an op. */
export interface Sample {
  readonly inputs: readonly SampleInput[];
  readonly attrs: Attrs;
  /** The inputs whose first axis may be the rows of a batch. */
  readonly rows: readonly number[];
}

const each =
  (draw: (random: Random) => number): Draw =>
  (random, n) =>
    Array.from({ length: n }, () => draw(random));

/** Numbers with f32 precision, so that both number types start from the same. */
const between = (low: number, high: number): Draw =>
  each((random) => Math.fround(random.uniform(low, high)));
const anywhere = between(-2, 2);
const positive = between(0.25, 3);
const probability = between(0.05, 0.95);
/** ±[0.2, 2]. */
const awayFromZero: Draw = each((random) =>
  Math.fround(random.pick([-1, 1]) * random.uniform(0.2, 2)),
);
/** Numbers that differ by 0.1 at least, in any order. */
const distinct: Draw = (random, n) => {
  const values = Array.from({ length: n }, (_, i) =>
    Math.fround((i - n / 2) * 0.2 + random.uniform(0, 0.1)),
  );
  for (let i = n - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  return values;
};
/** Multiples of ⅛; with an offset of 1/16 they differ from those without. */
const eighths = (offset: number): Draw => each((random) => (random.below(32) - 16) / 8 + offset);

const real = (shape: Shape, draw: Draw = anywhere): SampleInput => ({
  shape,
  draw,
  element: "real",
});
const whole = (shape: Shape, below: number): SampleInput => ({
  shape,
  draw: each((random) => random.below(below)),
  element: "i32",
});
const call = (
  inputs: readonly SampleInput[],
  attrs: Attrs = {},
  rows: readonly number[] = [],
): Sample => ({
  inputs,
  attrs,
  rows,
});

/** Shapes of elementwise ops: a scalar, a full vector and its tail, three axes. */
const unary = (draw: Draw = anywhere, attrs: Attrs = {}): Sample[] =>
  [[], [7], [4, 5], [2, 3, 4]].map((shape) =>
    call([real(shape, draw)], attrs, shape.length > 1 ? [0] : []),
  );

/** Two inputs of one shape. */
const paired = (a: Draw, b: Draw = anywhere, attrs: Attrs = {}): Sample[] =>
  [[], [7], [4, 5]].map((shape) =>
    call([real(shape, a), real(shape, b)], attrs, shape.length > 1 ? [0, 1] : []),
  );

/** Two inputs that broadcast in every way: rows, columns, scalars, inner axes, both at once. */
const binary = (a: Draw, b: Draw): Sample[] => [
  call([real([], a), real([], b)]),
  call([real([4, 5], a), real([4, 5], b)], {}, [0, 1]),
  call([real([4, 5], a), real([5], b)], {}, [0]),
  call([real([5], a), real([4, 5], b)], {}, [1]),
  call([real([4, 1], a), real([1, 5], b)], {}, [0]),
  call([real([4, 5], a), real([], b)], {}, [0]),
  call([real([2, 1, 4], a), real([3, 1], b)], {}, [0]),
  call([real([2, 3, 4], a), real([2, 1, 4], b)], {}, [0, 1]),
];

const reductions = (draw: Draw): Sample[] => [
  call([real([7], draw)], { axis: 0 }),
  call([real([4, 5], draw)], { axis: 1 }, [0]),
  call([real([4, 5], draw)], { axis: 0 }),
  call([real([2, 3, 4], draw)], { axis: 1 }, [0]),
];

const lastAxis = (draw: Draw = anywhere): Sample[] => [
  call([real([7], draw)]),
  call([real([4, 5], draw)], {}, [0]),
  call([real([2, 3, 4], draw)], {}, [0]),
  call([real([3, 1], draw)], {}, [0]),
];

/** Sample calls of every op but the random mask. */
export const samples = {
  abs: unary(awayFromZero),
  add: binary(anywhere, anywhere),
  binaryCrossEntropy: paired(awayFromZero, probability),
  binaryCrossEntropyGrad: [
    call([real([4, 5]), real([4, 5], probability), real([4, 5])], {}, [0, 1, 2]),
  ],
  broadcast: [
    call([real([])], { to: [2, 3] }),
    call([real([3])], { to: [2, 3] }),
    call([real([2, 1, 4])], { to: [2, 3, 4] }),
    call([real([1, 3, 1])], { to: [2, 3, 4] }),
  ],
  concat: [
    call([real([3]), real([1]), real([4])], { axis: 0 }),
    call([real([4, 2]), real([4, 3]), real([4, 1])], { axis: 1 }, [0, 1, 2]),
    call([real([2, 2, 3]), real([2, 1, 3]), real([2, 3, 3])], { axis: 1 }, [0, 1, 2]),
  ],
  cos: unary(),
  crossEntropy: [
    call([real([6, 5]), whole([6], 5)], {}, [0, 1]),
    call([real([3, 2]), whole([3], 2)]),
  ],
  crossEntropyGrad: [call([real([6, 5]), whole([6], 5), real([6])], {}, [0, 1, 2])],
  div: binary(anywhere, awayFromZero),
  elu: unary(awayFromZero, { alpha: 1.5 }),
  eluGrad: paired(awayFromZero, anywhere, { alpha: 1.5 }),
  erf: unary(),
  exp: unary(),
  gather: [
    call([real([4, 3]), whole([6], 4)], {}, [1]),
    call([real([5]), whole([2, 3], 5)]),
    call([real([3, 2, 2]), whole([], 3)]),
  ],
  gelu: unary(),
  geluGrad: paired(anywhere),
  leakyRelu: unary(awayFromZero, { slope: 0.125 }),
  leakyReluGrad: paired(awayFromZero, anywhere, { slope: 0.125 }),
  log: unary(positive),
  logSoftmax: lastAxis(),
  logSumExp: lastAxis(),
  matmul: [
    call([real([4, 5]), real([5, 3])], { transposeA: false, transposeB: false }, [0]),
    call([real([5, 4]), real([5, 3])], { transposeA: true, transposeB: false }, [0, 1]),
    call([real([4, 5]), real([3, 5])], { transposeA: false, transposeB: true }, [0]),
    call([real([5, 4]), real([3, 5])], { transposeA: true, transposeB: true }),
    call([real([1, 1]), real([1, 9])], { transposeA: false, transposeB: false }),
  ],
  max: binary(eighths(0), eighths(1 / 16)),
  maxOver: reductions(distinct),
  min: binary(eighths(0), eighths(1 / 16)),
  mul: binary(anywhere, anywhere),
  neg: unary(),
  norm: lastAxis(awayFromZero),
  oneHot: [call([whole([6], 4)], { classes: 4 }, [0])],
  pad: [
    call([real([3])], { axis: 0, from: 1, size: 5 }),
    call([real([4, 2])], { axis: 1, from: 2, size: 4 }, [0]),
    call([real([2, 3, 2])], { axis: 1, from: 0, size: 4 }, [0]),
  ],
  pow: binary(positive, awayFromZero),
  relu: unary(awayFromZero),
  reluGrad: paired(awayFromZero),
  reshape: [call([real([2, 6])], { to: [3, 4] }), call([real([1])], { to: [] })],
  scatterAdd: [
    call([real([6, 3]), whole([6], 4)], { size: 4 }, [0, 1]),
    call([real([2, 3]), whole([2, 3], 5)], { size: 5 }),
  ],
  sigmoid: unary(),
  sigmoidGrad: paired(probability),
  sign: unary(awayFromZero),
  silu: unary(),
  siluGrad: paired(anywhere),
  sin: unary(),
  slice: [
    call([real([5])], { axis: 0, from: 1, to: 4 }),
    call([real([4, 5])], { axis: 1, from: 2, to: 5 }, [0]),
    call([real([2, 3, 2])], { axis: 1, from: 1, to: 2 }, [0]),
  ],
  softmax: lastAxis(),
  softplus: unary(),
  softplusGrad: paired(anywhere),
  sqrt: unary(positive),
  step: unary(awayFromZero),
  sub: binary(anywhere, anywhere),
  sum: reductions(anywhere),
  tanh: unary(),
  tanhGrad: paired(probability),
  transpose: [call([real([3, 4])]), call([real([1, 5])])],
} satisfies Record<TwinName, readonly Sample[]>;

/** The op of a name; `concat` for as many inputs as given. */
export function opNamed(name: TwinName, inputs: number): Op {
  // Each sample has the attributes of its op: a test of every op cannot be typed op by op.
  return (name === "concat" ? ops.concat(inputs) : ops[name]) as Op;
}

/** The op applied. */
export function applied(name: TwinName, inputs: readonly ValueLike[], attrs: Attrs): Value {
  return apply(opNamed(name, inputs.length), inputs, attrs);
}

/** Numbers for the inputs of a sample. */
export function drawn({ inputs }: Sample, random: Random): Tensor[] {
  return inputs.map(({ shape, draw, element }) => {
    const values = draw(random, count(shape));
    return { shape, data: element === "i32" ? Int32Array.from(values) : Float64Array.from(values) };
  });
}

/** Every op's samples, by name. */
export const everySample: readonly (readonly [name: TwinName, samples: readonly Sample[]])[] =
  Object.entries(samples) as [TwinName, readonly Sample[]][];
