// Gradients against central differences: whether a function's derivatives are those of its values.
import { gradients } from "./autodiff.js";
import { compile } from "./evaluate.js";
import { mul } from "./ops/arithmetic.js";
import { sum } from "./ops/reduce.js";
import { initialValues } from "./random.js";
import { elements, type Shape } from "./shape.js";
import { convert, item, toTensor, type Tensor, type TensorLike } from "./tensor.js";
import { constant, input, lift, type Value } from "./value.js";
import type { Each, GraphFunction } from "./differentiate.js";

/** How gradients are compared. */
export interface CheckGradientsOptions {
  /** The arguments to check. Default: all that hold real numbers. */
  readonly argument?: number | readonly number[] | undefined;
  /**
   * Compare along so many random directions an argument instead of element by element: four evaluations each, however
   * many elements there are. Every element takes part in each, with a factor in [−1, 1).
   */
  readonly directions?: number | undefined;
  /** h of the differences, times max(1, |x|). Default 2⁻¹². */
  readonly width?: number | undefined;
  /** Of the random directions, and of the weights that make a scalar of another value. Default 0. */
  readonly seed?: number | undefined;
}

/** One derivative both ways. */
export interface GradientComparison {
  /** Indices of the element in its argument; the number of the direction in a check along directions. */
  readonly at: readonly number[];
  readonly gradient: number; // by the ops' rules
  readonly difference: number; // by central differences
  readonly absoluteError: number;
  readonly relativeError: number;
}

/** How one argument's gradient compares. */
export interface GradientCheck {
  readonly argument: number;
  /** Derivatives compared: elements, or directions. */
  readonly compared: number;
  readonly worstAbsolute: GradientComparison;
  readonly worstRelative: GradientComparison;
}

/**
 * Compares the gradients of f with central differences of fourth order in f64,
 * (8·(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h)))/(12h), whose own error is about 10⁻¹² of f for smooth f.
 *
 * The relative error is |g − d| / max(|g|, |d|, s/1000), where s is the largest of the argument's |g| and |d| and of the
 * value |f| at the point: what is far smaller than s is below what differences can resolve, so it is measured against s.
 * It is NaN, and then the worst, when a derivative or a value is. Right rules give about 10⁻⁹; choose points away from
 * kinks, where both sides differ.
 *
 * A value that is no scalar is made one by a sum with random weights in [−1, 1), which checks its whole Jacobian.
 * @param at the arguments; i32 ones (labels, indices) are left as they are
 * @returns a check for each argument
 * @throws RangeError when a chosen argument does not exist or holds i32
 */
export function checkGradients<F extends GraphFunction>(
  f: F,
  at: Each<Parameters<F>, TensorLike>,
  options: CheckGradientsOptions = {},
): GradientCheck[] {
  const { argument, directions, width = 1 / 4096, seed = 0 } = options;
  const tensors = at.map(toTensor);
  const real = tensors.map(({ data }) => !(data instanceof Int32Array));
  const inputs = tensors.map(({ shape }, i) =>
    input(shape, `argument ${i}`, real[i] === true ? "real" : "i32"),
  );
  const y = scalar(lift(f(...inputs)), seed);
  const wrt =
    typeof argument === "number"
      ? [argument]
      : (argument ?? real.flatMap((is, i) => (is ? [i] : [])));
  for (const i of wrt)
    if (real[i] !== true)
      throw new RangeError(
        `checkGradients: argument ${i} ${i in real ? "holds i32 and has no derivative" : `of a function that was given ${at.length}`}`,
      );
  const value = compile([y], inputs);
  const found = gradients(
    y,
    wrt.map((i) => inputs[i] as Value),
  );
  const rules = compile(
    found.map((g) => g ?? constant(0)),
    inputs,
  )(tensors);
  const magnitude = Math.abs(item(value(tensors)[0] as Tensor));

  return wrt.map((i, k): GradientCheck => {
    const x = convert(tensors[i] as Tensor, "real");
    const rule = rules[k] as Tensor;
    const n = elements(x.shape);
    // f with this argument moved: x + t·v
    const moved = (move: (data: Float64Array) => void): number => {
      const data = Float64Array.from(x.data);
      move(data);
      return item(value(tensors.with(i, { shape: x.shape, data }))[0] as Tensor);
    };
    const gradientAt = (j: number): number => rule.data[found[k] === null ? 0 : j] ?? Number.NaN;
    const pairs: Pair[] = [];
    if (directions === undefined) {
      for (let j = 0; j < n; j += 1) {
        const h = width * Math.max(1, Math.abs(x.data[j] ?? 0));
        const difference = centralDifference(h, (t) =>
          moved((data) => {
            data[j] = (data[j] ?? 0) + t;
          }),
        );
        pairs.push({ at: indices(x.shape, j), gradient: gradientAt(j), difference });
      }
    } else {
      for (let direction = 0; direction < directions; direction += 1) {
        const v = weights(x.shape, seed, 1 + i + direction * at.length);
        const difference = centralDifference(width, (t) =>
          moved((data) => {
            for (let j = 0; j < n; j += 1) data[j] = (data[j] ?? 0) + t * (v.data[j] ?? 0);
          }),
        );
        let gradient = 0;
        for (let j = 0; j < n; j += 1) gradient += gradientAt(j) * (v.data[j] ?? 0);
        pairs.push({ at: [direction], gradient, difference });
      }
    }
    return { argument: i, compared: pairs.length, ...worst(pairs, magnitude) };
  });
}

/** f′(0) from f(±h), f(±2h); error h⁴f⁽⁵⁾/30 and rounding about 1.5·ε·f/h. */
function centralDifference(h: number, f: (t: number) => number): number {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

interface Pair {
  readonly at: readonly number[];
  readonly gradient: number;
  readonly difference: number;
}

function worst(
  pairs: readonly Pair[],
  magnitude: number,
): Pick<GradientCheck, "worstAbsolute" | "worstRelative"> {
  let scale = magnitude;
  for (const { gradient, difference } of pairs)
    scale = Math.max(scale, Math.abs(gradient), Math.abs(difference));
  const comparisons = pairs.map((pair): GradientComparison => {
    const absoluteError = Math.abs(pair.gradient - pair.difference);
    const size = Math.max(Math.abs(pair.gradient), Math.abs(pair.difference), scale / 1000);
    return {
      ...pair,
      absoluteError,
      relativeError: absoluteError === 0 ? 0 : absoluteError / size,
    };
  });
  const none: GradientComparison = {
    at: [],
    gradient: 0,
    difference: 0,
    absoluteError: 0,
    relativeError: 0,
  };
  // A NaN is never less than another error, so it stays the worst.
  const largest = (key: "absoluteError" | "relativeError"): GradientComparison =>
    comparisons.reduce(
      (a, b) => (Number.isNaN(a[key]) || b[key] <= a[key] ? a : b),
      comparisons[0] ?? none,
    );
  return { worstAbsolute: largest("absoluteError"), worstRelative: largest("relativeError") };
}

/** The value itself when it is a scalar, else its sum with random weights. */
function scalar(y: Value, seed: number): Value {
  return y.shape.length === 0 ? y : sum(mul(y, weights(y.shape, seed, 0)));
}

/** Numbers in [−1, 1) that depend on (seed, stream) only. */
function weights(shape: Shape, seed: number, stream: number): Tensor {
  return initialValues(
    shape,
    { name: "uniform", low: -1, high: 1 },
    { fanIn: 1, fanOut: 1 },
    seed,
    stream,
  );
}

/** The index on every axis of the n-th element. */
function indices(shape: Shape, n: number): number[] {
  let rest = n;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .toReversed();
}
