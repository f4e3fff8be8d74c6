// Random graphs with the numbers that their definitions give, at a point where all of them are smooth.
//
// Every node is computed by its naive twin at the point x, and at x ± 2h·v along one direction v, which is as far as central
// differences look. A node is kept only when its numbers are moderate, change little on the way, and no kink is near.
import {
  add,
  constant,
  input,
  mul,
  sum,
  type Shape,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { broadcastShape, count, naive, type Attrs, type Dense, type TwinName } from "./naive.ts";
import { randomFrom, type Random } from "./random.ts";
import { applied } from "./samples.ts";

/** h of the central differences along the direction. */
export const WIDTH = 2 ** -12;

/** A value with its numbers at x, x + 2h·v and x − 2h·v. */
interface Node {
  readonly value: Value;
  readonly numbers: readonly [Dense, Dense, Dense];
}

/** A graph, its point and its direction. */
export interface RandomGraph {
  readonly inputs: readonly Value[];
  readonly at: readonly Tensor[]; // for each input
  readonly along: readonly Tensor[]; // the direction v
  readonly nodes: readonly Value[];
  /** What the twins say the nodes are. */
  readonly expected: readonly Dense[];
  /** A scalar that every node takes part in. */
  readonly loss: Value;
  readonly expectedLoss: number;
}

/** A test of the inputs' numbers: whether the op is smooth and well conditioned there. */
type Fits = (inputs: readonly Dense[]) => boolean;

const every =
  (test: (x: number) => boolean): Fits =>
  ([x]) =>
    x!.data.every(test);
const always: Fits = () => true;
const apart = ([a, b]: readonly Dense[]): boolean =>
  naive.sub([a!, b!], {}).data.every((x) => Math.abs(x) > 0.02);
const rowsAbove =
  (least: number): Fits =>
  ([x]) =>
    naive.norm([x!]).data.every((length) => length > least);

/** The ops of one input and no attributes, and where they may be used. */
const unary: readonly (readonly [TwinName, Fits])[] = [
  ["neg", always],
  ["sin", always],
  ["cos", always],
  ["erf", always],
  ["tanh", always],
  ["sigmoid", always],
  ["gelu", always],
  ["silu", always],
  ["softplus", always],
  ["exp", every((x) => x < 1.5)],
  ["log", every((x) => x > 0.3)],
  ["sqrt", every((x) => x > 0.3)],
  ["abs", every((x) => Math.abs(x) > 0.02)],
  ["relu", every((x) => Math.abs(x) > 0.02)],
  ["sign", every((x) => Math.abs(x) > 0.02)],
  ["step", every((x) => Math.abs(x) > 0.02)],
  ["softmax", always],
  ["logSoftmax", always],
  ["logSumExp", always],
  ["norm", rowsAbove(0.2)],
];
const overLastAxis = new Set<TwinName>(["softmax", "logSoftmax", "logSumExp", "norm"]);

const binary: readonly (readonly [TwinName, Fits])[] = [
  ["add", always],
  ["sub", always],
  ["mul", always],
  ["div", ([, b]) => b!.data.every((x) => Math.abs(x) > 0.3)],
  [
    "pow",
    ([a, b]) => a!.data.every((x) => x > 0.3 && x < 4) && b!.data.every((x) => Math.abs(x) < 3),
  ],
  ["max", apart],
  ["min", apart],
];

/** A graph of up to `most` nodes that is a pure function of the seed. */
export function randomGraph(seed: number, most = 40): RandomGraph {
  const random = randomFrom(seed);
  const draw = (shape: Shape): Tensor => ({
    shape,
    data: Float64Array.from({ length: count(shape) }, () => random.uniform(-1.5, 1.5)),
  });
  const nodes: Node[] = [];
  const used = new Set<Value>();
  const at: Tensor[] = [];
  const along: Tensor[] = [];
  for (let i = 1 + random.below(4); i > 0; i -= 1) {
    const shape = Array.from({ length: random.below(4) }, () => 1 + random.below(4));
    const [x, v] = [draw(shape), draw(shape)];
    const moved = (t: number): Dense => ({
      shape,
      data: Array.from(x.data, (n, j) => n + t * v.data[j]!),
    });
    at.push(x);
    along.push(v);
    nodes.push({
      value: input(shape, `x${at.length - 1}`),
      numbers: [moved(0), moved(2 * WIDTH), moved(-2 * WIDTH)],
    });
  }
  const inputs = nodes.map(({ value }) => value);

  /** Adds an op's node, unless it is not smooth or not moderate here. */
  const attempt = (
    name: TwinName,
    from: readonly Node[],
    attrs: Attrs,
    fits: Fits = always,
  ): void => {
    const numbers = [0, 1, 2].map((k) => {
      const operands = from.map((node) => node.numbers[k as 0 | 1 | 2]);
      return fits(operands) ? naive[name](operands, attrs) : null;
    });
    const [here, ahead, behind] = numbers;
    if (!here || !ahead || !behind) return;
    const moderate = here.data.every(
      (x, i) =>
        Math.abs(x) <= 6 &&
        Math.abs(ahead.data[i]! - x) < 0.01 &&
        Math.abs(behind.data[i]! - x) < 0.01,
    );
    if (!moderate) return;
    for (const { value } of from) used.add(value);
    nodes.push({
      value: applied(
        name,
        from.map(({ value }) => value),
        attrs,
      ),
      numbers: [here, ahead, behind],
    });
  };
  const constantNode = (tensor: Tensor): Node => {
    const numbers: Dense = { shape: tensor.shape, data: Array.from(tensor.data) };
    return { value: constant(tensor), numbers: [numbers, numbers, numbers] };
  };
  const shapeOf = (node: Node): Shape => node.value.shape;

  const kinds: readonly (() => void)[] = [
    () => {
      const [name, fits] = random.pick(unary);
      const x = random.pick(nodes);
      if (!overLastAxis.has(name) || shapeOf(x).length > 0) attempt(name, [x], {}, fits);
    },
    () => {
      const [name, fits] = random.pick(binary);
      const a = random.pick(nodes);
      const partners = nodes.filter((b) => broadcasts(shapeOf(a), shapeOf(b)));
      if (partners.length === 0) return;
      const b = random.below(5) === 0 ? constantNode(draw([])) : random.pick(partners);
      attempt(name, random.below(2) === 0 ? [a, b] : [b, a], {}, fits);
    },
    () => {
      const x = random.pick(nodes);
      if (random.below(2) === 0)
        attempt(
          "leakyRelu",
          [x],
          { slope: 0.25 },
          every((n) => Math.abs(n) > 0.02),
        );
      else
        attempt(
          "elu",
          [x],
          { alpha: 0.75 },
          every((n) => Math.abs(n) > 0.02),
        );
    },
    () => {
      const x = random.pick(nodes);
      attempt("reshape", [x], { to: reshaped(random, count(shapeOf(x))) });
    },
    () => {
      const x = random.pick(nodes);
      if (count(shapeOf(x)) <= 32) attempt("broadcast", [x], { to: widened(random, shapeOf(x)) });
    },
    () =>
      withAxis((x, axis, size) => {
        const from = random.below(size);
        attempt("slice", [x], { axis, from, to: from + 1 + random.below(size - from) });
      }),
    () =>
      withAxis((x, axis, size) => {
        if (count(shapeOf(x)) <= 32)
          attempt("pad", [x], { axis, from: random.below(2), size: size + 1 + random.below(2) });
      }),
    () =>
      withAxis((x, axis) => {
        const others = nodes.filter(
          (y) => shapeOf(y).length > axis && sameBut(shapeOf(x), shapeOf(y), axis),
        );
        const parts = [
          x,
          random.pick(others),
          ...(random.below(2) === 0 ? [] : [random.pick(others)]),
        ];
        if (parts.reduce((n, part) => n + count(shapeOf(part)), 0) <= 96)
          attempt("concat", parts, { axis });
      }),
    () => withAxis((x, axis) => attempt("sum", [x], { axis })),
    () => withAxis((x, axis) => attempt("maxOver", [x], { axis }, ([d]) => clearMaximum(d!, axis))),
    () => {
      const matrices = nodes.filter((x) => shapeOf(x).length === 2);
      if (matrices.length > 0) attempt("transpose", [random.pick(matrices)], {});
    },
    () => {
      const matrices = nodes.filter((x) => shapeOf(x).length === 2);
      if (matrices.length === 0) return;
      const [transposeA, transposeB] = [random.below(2) === 0, random.below(2) === 0];
      const a = random.pick(matrices);
      const inner = shapeOf(a)[transposeA ? 0 : 1]!;
      const fitting = matrices.filter((b) => shapeOf(b)[transposeB ? 1 : 0] === inner);
      const fresh = transposeB ? [1 + random.below(3), inner] : [inner, 1 + random.below(3)];
      const b =
        fitting.length > 0 && random.below(3) > 0
          ? random.pick(fitting)
          : constantNode(draw(fresh));
      attempt("matmul", [a, b], { transposeA, transposeB });
    },
    () =>
      withAxis((x, axis, size) => {
        if (axis !== 0) return;
        const indices = {
          shape: [3],
          data: Int32Array.from({ length: 3 }, () => random.below(size)),
        };
        attempt("gather", [x, constantNode(indices)], {});
      }),
    () =>
      withAxis((x, axis, size) => {
        if (axis !== 0) return;
        const indices = {
          shape: [size],
          data: Int32Array.from({ length: size }, () => random.below(3)),
        };
        attempt("scatterAdd", [x, constantNode(indices)], { size: 3 });
      }),
    () => {
      const matrices = nodes.filter((x) => shapeOf(x).length === 2);
      if (matrices.length === 0) return;
      const x = random.pick(matrices);
      const [rows, classes] = shapeOf(x);
      const labels = {
        shape: [rows!],
        data: Int32Array.from({ length: rows! }, () => random.below(classes!)),
      };
      attempt("crossEntropy", [x, constantNode(labels)], {});
    },
    () => {
      const z = random.pick(nodes);
      const t = random.pick(nodes.filter((x) => String(shapeOf(x)) === String(shapeOf(z))));
      attempt(
        "binaryCrossEntropy",
        [z, t],
        {},
        every((x) => Math.abs(x) > 0.02),
      );
    },
  ];
  function withAxis(use: (x: Node, axis: number, size: number) => void): void {
    const x = random.pick(nodes);
    if (shapeOf(x).length === 0) return;
    const axis = random.below(shapeOf(x).length);
    use(x, axis, shapeOf(x)[axis]!);
  }

  const target = inputs.length + 3 + random.below(most - inputs.length - 2);
  for (let tries = 0; nodes.length < target && tries < 8 * most; tries += 1) random.pick(kinds)();

  // Sums with random weights of every node that no other uses.
  let loss: Value | undefined;
  let expectedLoss = 0;
  for (const { value, numbers } of nodes) {
    if (used.has(value)) continue;
    const weights = draw(value.shape);
    const term = sum(mul(value, weights));
    loss = loss === undefined ? term : add(loss, term);
    numbers[0].data.forEach((x, i) => (expectedLoss += x * weights.data[i]!));
  }
  return {
    inputs,
    at,
    along,
    nodes: nodes.map(({ value }) => value),
    expected: nodes.map(({ numbers }) => numbers[0]),
    loss: loss!,
    expectedLoss,
  };
}

function broadcasts(a: Shape, b: Shape): boolean {
  const to = broadcastShape(a, b);
  const fits = (x: Shape): boolean =>
    x.every((size, axis) => size === 1 || size === to[axis + to.length - x.length]);
  return fits(a) && fits(b) && count(to) <= 96;
}

const sameBut = (a: Shape, b: Shape, axis: number): boolean =>
  a.length === b.length && a.every((size, i) => i === axis || size === b[i]);

/** A random shape of n elements with up to 3 axes. */
function reshaped(random: Random, n: number): Shape {
  const divisors = Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
  const first = random.pick(divisors);
  return random.pick([[n], [first, n / first], [1, n], [n, 1], [first, 1, n / first]]);
}

/** A random shape that x broadcasts to. */
function widened(random: Random, shape: Shape): Shape {
  const wide = shape.map((size) => (size === 1 && random.below(2) === 0 ? 3 : size));
  return wide.length < 3 && random.below(2) === 0 ? [2, ...wide] : wide;
}

/** Whether the largest along the axis leads the second by 0.02 everywhere. */
function clearMaximum(x: Dense, axis: number): boolean {
  const top = naive.maxOver([x], { axis });
  const gaps = naive.sub([{ shape: top.shape.toSpliced(axis, 0, 1), data: top.data }, x], {});
  const near = naive.sum([{ shape: x.shape, data: gaps.data.map((gap) => (gap < 0.02 ? 1 : 0)) }], {
    axis,
  });
  return near.data.every((n) => n === 1);
}
