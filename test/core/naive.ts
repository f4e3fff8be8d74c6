// Naive twins of the ops: each op's definition, element by element, in the plainest JavaScript.
import type { ops, Shape } from "@shardgrad/core";

/** Numbers in row-major order. */
export interface Dense {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** The attributes of all ops together. */
export interface Attrs {
  readonly axis?: number;
  readonly from?: number;
  readonly to?: number | Shape;
  readonly size?: number;
  readonly slope?: number;
  readonly alpha?: number;
  readonly classes?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

export type Naive = (inputs: readonly Dense[], attrs: Attrs) => Dense;

/** Elements of a shape. */
export const count = (shape: Shape): number => shape.reduce((n, size) => n * size, 1);

/** The index on every axis of element n. */
function indexOf(shape: Shape, n: number): number[] {
  const index = shape.map(() => 0);
  for (let axis = shape.length - 1, rest = n; axis >= 0; axis -= 1) {
    const size = shape[axis]!;
    index[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  return index;
}

/** The array of a shape with f(index) everywhere. */
export function build(shape: Shape, f: (index: readonly number[]) => number): Dense {
  return { shape, data: Array.from({ length: count(shape) }, (_, n) => f(indexOf(shape, n))) };
}

/** The element at an index; the index is cut and clamped as broadcasting says. */
export function at({ shape, data }: Dense, index: readonly number[]): number {
  let n = 0;
  shape.forEach((size, axis) => {
    n = n * size + (size === 1 ? 0 : index[index.length - shape.length + axis]!);
  });
  return data[n]!;
}

/** The shape of a and b broadcast. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    return x === 1 ? (b[axis - rank + b.length] ?? 1) : x;
  });
}

const map =
  (f: (x: number, attrs: Attrs) => number): Naive =>
  ([x], attrs) => ({ shape: x!.shape, data: x!.data.map((value) => f(value, attrs)) });

const map2 =
  (f: (a: number, b: number, attrs: Attrs) => number): Naive =>
  ([a, b], attrs) =>
    build(broadcastShape(a!.shape, b!.shape), (index) => f(at(a!, index), at(b!, index), attrs));

/** Rows over the last axis: f of each row. */
const rowwise = ({ shape, data }: Dense, f: (row: number[]) => number[]): number[] => {
  const n = shape.at(-1)!;
  return Array.from({ length: data.length / n }, (_, r) =>
    f(data.slice(r * n, (r + 1) * n)),
  ).flat();
};

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const sigmoid = (x: number): number =>
  x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
const step = (x: number): number => (Number.isNaN(x) ? x : x > 0 ? 1 : 0);
const shifted = (row: number[]): number => {
  const top = Math.max(...row);
  return Number.isFinite(top) ? top : 0;
};
const logSumExp = (row: number[]): number =>
  shifted(row) + Math.log(sumOf(row.map((x) => Math.exp(x - shifted(row)))));
const softmax = (row: number[]): number[] => row.map((x) => Math.exp(x - logSumExp(row)));

/** erf by its Maclaurin series below 3 and by a continued fraction above, to about 1e-15. */
function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 3) {
    let term = x;
    let total = x;
    for (let n = 1; n < 100; n += 1) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n -= 1) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / ((z + fraction) * Math.sqrt(Math.PI)));
}
const normalCdf = (x: number): number => 0.5 * (1 + erf(x / Math.SQRT2));
const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** x with one axis taken out, f of the elements along it. */
function reduce({ shape, data }: Dense, axis: number, f: (values: number[]) => number): Dense {
  return build(shape.toSpliced(axis, 1), (index) =>
    f(
      Array.from({ length: shape[axis]! }, (_, c) =>
        at({ shape, data }, index.toSpliced(axis, 0, c)),
      ),
    ),
  );
}

/** Like `at`, without broadcasting: sizes of 1 keep their index 0. */
const gathered = ([x, indices]: readonly Dense[]): Dense => {
  const row = count(x!.shape.slice(1));
  const data = indices!.data.flatMap((i) =>
    Array.from({ length: row }, (_, j) =>
      i >= 0 && i < x!.shape[0]! ? x!.data[i * row + j]! : NaN,
    ),
  );
  return { shape: [...indices!.shape, ...x!.shape.slice(1)], data };
};

const scattered: Naive = ([x, indices], { size }) => {
  const shape = [size!, ...x!.shape.slice(indices!.shape.length)];
  const row = count(shape.slice(1));
  const data = Array.from({ length: count(shape) }, () => 0);
  indices!.data.forEach((i, r) => {
    if (i < 0 || i >= size!) return;
    for (let j = 0; j < row; j += 1) data[i * row + j]! += x!.data[r * row + j]!;
  });
  return { shape, data };
};

/** The definition of every op with real results that is not random; the others have tests of their own. */
export const naive = {
  abs: map(Math.abs),
  add: map2((a, b) => a + b),
  binaryCrossEntropy: map2((z, t) => Math.max(z, 0) - z * t + Math.log1p(Math.exp(-Math.abs(z)))),
  binaryCrossEntropyGrad: ([z, t, dy]) => ({
    shape: z!.shape,
    data: z!.data.map((value, i) => (sigmoid(value) - t!.data[i]!) * dy!.data[i]!),
  }),
  broadcast: ([x], { to }) => build(to as Shape, (index) => at(x!, index)),
  concat: (inputs, { axis }) => {
    const parts = inputs.map((x) => x.shape[axis!]!);
    return build(inputs[0]!.shape.with(axis!, sumOf(parts)), (index) => {
      let which = 0;
      let i = index[axis!]!;
      while (i >= parts[which]!) i -= parts[which++]!;
      return at(inputs[which]!, index.with(axis!, i));
    });
  },
  cos: map(Math.cos),
  crossEntropy: ([z, labels]) => {
    let r = 0;
    const n = z!.shape[1]!;
    return {
      shape: labels!.shape,
      data: rowwise(z!, (row) => {
        const label = labels!.data[r++]!;
        return [label >= 0 && label < n ? logSumExp(row) - row[label]! : NaN];
      }),
    };
  },
  crossEntropyGrad: ([z, labels, dy]) => {
    let r = 0;
    return {
      shape: z!.shape,
      data: rowwise(z!, (row) => {
        const [label, scale] = [labels!.data[r]!, dy!.data[r++]!];
        return softmax(row).map((p, j) => (p - (j === label ? 1 : 0)) * scale);
      }),
    };
  },
  div: map2((a, b) => a / b),
  elu: map((x, { alpha }) => (x > 0 ? x : alpha! * Math.expm1(x))),
  eluGrad: map2((x, dy, { alpha }) => (x > 0 ? 1 : alpha! * Math.exp(x)) * dy),
  erf: map(erf),
  exp: map(Math.exp),
  gather: gathered,
  gelu: map((x) => x * normalCdf(x)),
  geluGrad: map2((x, dy) => (normalCdf(x) + x * normalDensity(x)) * dy),
  leakyRelu: map((x, { slope }) => (x > 0 ? x : slope! * x)),
  leakyReluGrad: map2((x, dy, { slope }) => (Number.isNaN(x) ? x : x > 0 ? 1 : slope!) * dy),
  log: map(Math.log),
  logSoftmax: ([x]) => ({
    shape: x!.shape,
    data: rowwise(x!, (row) => row.map((value) => value - logSumExp(row))),
  }),
  logSumExp: ([x]) => ({
    shape: x!.shape.slice(0, -1),
    data: rowwise(x!, (row) => [logSumExp(row)]),
  }),
  matmul: ([a, b], { transposeA, transposeB }) => {
    const [m, k] = transposeA ? [a!.shape[1]!, a!.shape[0]!] : [a!.shape[0]!, a!.shape[1]!];
    const n = transposeB ? b!.shape[0]! : b!.shape[1]!;
    const [wide, high] = [a!.shape[1]!, b!.shape[1]!];
    return build([m, n], ([i, j]) => {
      let total = 0;
      for (let p = 0; p < k; p += 1)
        total +=
          a!.data[transposeA ? p * wide + i! : i! * wide + p]! *
          b!.data[transposeB ? j! * high + p : p * high + j!]!;
      return total;
    });
  },
  max: map2((a, b) => Math.max(a, b)),
  maxOver: ([x], { axis }) => reduce(x!, axis!, (values) => Math.max(...values)),
  min: map2((a, b) => Math.min(a, b)),
  mul: map2((a, b) => a * b),
  neg: map((x) => -x),
  norm: ([x]) => ({
    shape: x!.shape.slice(0, -1),
    data: rowwise(x!, (row) => [Math.sqrt(sumOf(row.map((value) => value * value)))]),
  }),
  oneHot: ([labels], { classes }) => ({
    shape: [...labels!.shape, classes!],
    data: labels!.data.flatMap((label) =>
      Array.from({ length: classes! }, (_, j) => (j === label ? 1 : 0)),
    ),
  }),
  pad: ([x], { axis, from, size }) =>
    build(x!.shape.with(axis!, size!), (index) => {
      const i = index[axis!]! - from!;
      return i >= 0 && i < x!.shape[axis!]! ? at(x!, index.with(axis!, i)) : 0;
    }),
  pow: map2((a, b) => a ** b),
  relu: map((x) => Math.max(x, 0)),
  reluGrad: map2((y, dy) => step(y) * dy),
  reshape: ([x], { to }) => ({ shape: to as Shape, data: x!.data }),
  scatterAdd: scattered,
  sigmoid: map(sigmoid),
  sigmoidGrad: map2((y, dy) => y * (1 - y) * dy),
  sign: map(Math.sign),
  silu: map((x) => x * sigmoid(x)),
  siluGrad: map2((x, dy) => sigmoid(x) * (1 + x * (1 - sigmoid(x))) * dy),
  sin: map(Math.sin),
  slice: ([x], { axis, from, to }) =>
    build(x!.shape.with(axis!, (to as number) - from!), (index) =>
      at(x!, index.with(axis!, index[axis!]! + from!)),
    ),
  softmax: ([x]) => ({ shape: x!.shape, data: rowwise(x!, softmax) }),
  softplus: map((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  softplusGrad: map2((x, dy) => sigmoid(x) * dy),
  sqrt: map(Math.sqrt),
  step: map(step),
  sub: map2((a, b) => a - b),
  sum: ([x], { axis }) => reduce(x!, axis!, sumOf),
  tanh: map(Math.tanh),
  tanhGrad: map2((y, dy) => (1 - y * y) * dy),
  transpose: ([x]) => build([x!.shape[1]!, x!.shape[0]!], ([i, j]) => at(x!, [j!, i!])),
} satisfies Record<Exclude<keyof typeof ops, "dropoutMask" | "toIndex">, Naive>;

/** The name of an op that has a twin. */
export type TwinName = keyof typeof naive;
