// Derivatives of functions written in ops, evaluated at tensors: grad, vjp, jvp, jacobian, hessian.
import { gradients, jvpOf, substituteAll } from "./autodiff.js";
import { compile, evaluate, type CompileOptions } from "./evaluate.js";
import { broadcast } from "./ops/shape.js";
import { elements, type Shape } from "./shape.js";
import { toTensor, type Tensor, type TensorLike } from "./tensor.js";
import { constant, input, lift, type Value, type ValueLike } from "./value.js";

/** A function written in ops, e.g. `(x, y) => mul(x, y)`. */
export type GraphFunction = (...args: Value[]) => ValueLike;

/** The arguments to differentiate by: one by its index, several, or all when left out. */
export type Argument = number | readonly number[] | undefined;

/** What to differentiate by, and in which number type to evaluate (default f64). */
export interface DerivativeOptions<A extends Argument = Argument> extends CompileOptions {
  readonly argument?: A;
}

/** One result for one argument (chosen by index, or the only one), else an array with one for each argument. */
export type PerArgument<
  Args extends readonly unknown[],
  A extends Argument,
  Result,
> = A extends number
  ? Result
  : A extends readonly number[]
    ? Result[]
    : Args extends readonly [unknown]
      ? Result
      : number extends Args["length"]
        ? Result | Result[]
        : { -readonly [K in keyof Args]: Result };

/** The arguments of a function as something else: as tensors, or as values of a graph. */
export type Each<Args extends readonly unknown[], Item> = { [K in keyof Args]: Item };

/** Gives tensors for tensors and numbers; as soon as one argument is a value of a graph, gives values. */
export interface Gradient<Args extends readonly unknown[], A extends Argument> {
  (...at: Each<Args, TensorLike>): PerArgument<Args, A, Tensor>;
  (...at: Each<Args, ValueLike>): PerArgument<Args, A, Value>;
}

/**
 * The gradient of a scalar function by its arguments: `grad((x, y) => mul(x, y))(2, 3)` is [3, 2] as tensors,
 * `grad(sin)(0)` is 1. It can be used inside another such function, `grad((x) => grad(f)(x))`, for higher derivatives.
 * Where f has a kink, the gradient is the one its op's documentation names.
 * The gradient by an argument that f does not use is 0.
 * @throws RangeError when f gives no scalar, or when an argument holds i32 (labels, indices)
 */
export function grad<F extends GraphFunction, A extends Argument = undefined>(
  f: F,
  options: DerivativeOptions<A> = {},
): Gradient<Parameters<F>, A> {
  const gradient = (...at: (TensorLike | Value)[]): unknown => {
    if (at.some(isValue)) return picked(at, options, gradientValues(f, at, options));
    const { inputs, tensors, y, wrt } = traced("grad", f, at.map(plain), options);
    return picked(at, options, compile(gradientsOrZero(y, wrt), inputs, options)(tensors));
  };
  // `picked` gives what PerArgument says: a type that depends on `at` and `options` cannot be followed by inference.
  return gradient as Gradient<Parameters<F>, A>;
}

/** A function's value and its gradient. */
export interface ValueAndGradient<G> {
  readonly value: Tensor;
  readonly gradient: G;
}

/** As `grad`, with the value of f, computed once: `valueAndGrad(sin)(0)` is { value: 0, gradient: 1 }. */
export function valueAndGrad<F extends GraphFunction, A extends Argument = undefined>(
  f: F,
  options: DerivativeOptions<A> = {},
): (
  ...at: Each<Parameters<F>, TensorLike>
) => ValueAndGradient<PerArgument<Parameters<F>, A, Tensor>> {
  return (...at) => {
    const { inputs, tensors, y, wrt } = traced("valueAndGrad", f, at, options);
    const [value, ...all] = compile([y, ...gradientsOrZero(y, wrt)], inputs, options)(tensors);
    const gradient = picked(at, options, all) as PerArgument<Parameters<F>, A, Tensor>; // see grad
    return { value: value as Tensor, gradient };
  };
}

/** The value of f at a point, and the map of upstream gradients to gradients by its arguments. */
export interface Pullback<Args extends readonly unknown[]> {
  readonly value: Tensor;
  /** dy (in the value's shape) ↦ dyᵀ·∂f/∂x for the one argument, or for each. */
  readonly pullback: (dy: TensorLike) => PerArgument<Args, undefined, Tensor>;
}

/** Vector-Jacobian products of f at a point, in f64: `vjp(f, x).pullback(dy)` is dyᵀ·∂f/∂x. */
export function vjp<F extends GraphFunction>(
  f: F,
  ...at: Each<Parameters<F>, TensorLike>
): Pullback<Parameters<F>> {
  const { inputs, tensors, y, wrt } = traced("vjp", f, at, {});
  const dy = input(y.shape, "dy");
  const all = gradientsOrZero(y, wrt, dy);
  const [value] = evaluateAt([y], inputs, tensors);
  const run = compile(all, [...inputs, dy]);
  return {
    value: value as Tensor,
    pullback: (upstream) =>
      picked(at, {}, run([...tensors, toTensor(upstream)])) as PerArgument<
        Parameters<F>,
        undefined,
        Tensor
      >, // see grad
  };
}

/** The value of f at a point, and its change along a direction. */
export interface Tangent {
  readonly value: Tensor;
  readonly tangent: Tensor; // in the value's shape
}

/**
 * Jacobian-vector product of f in f64: `jvp(f, [x], [v]).tangent` is ∂f/∂x·v, for several arguments the sum over them.
 * @param at the arguments
 * @param v a direction for each argument, in its shape
 */
export function jvp<F extends GraphFunction>(
  f: F,
  at: Each<Parameters<F>, TensorLike>,
  v: Each<Parameters<F>, TensorLike>,
): Tangent {
  const { inputs, tensors, y, wrt } = traced("jvp", f, at, {});
  const directions = inputs.map((x, i) => input(x.shape, `direction ${i}`));
  const along = jvpOf(y, wrt, directions) ?? zeros(y.shape);
  const run = compile([y, along], [...inputs, ...directions]);
  const [value, tangent] = run([...tensors, ...v.map(toTensor)]);
  return { value: value as Tensor, tangent: tangent as Tensor };
}

/** How a Jacobian is computed. */
export interface JacobianOptions<A extends Argument = Argument> extends DerivativeOptions<A> {
  /**
   * "reverse" takes one run an element of the value, "forward" one an element of the argument.
   * Default: the one with fewer runs.
   */
  readonly mode?: "reverse" | "forward" | undefined;
}

/** The matrix of all derivatives of f: ∂yᵢ/∂xⱼ at [...i, ...j], in shape [...y, ...x], for the one argument or each. */
export function jacobian<F extends GraphFunction, A extends Argument = undefined>(
  f: F,
  options: JacobianOptions<A> = {},
): (...at: Each<Parameters<F>, TensorLike>) => PerArgument<Parameters<F>, A, Tensor> {
  return (...at) => {
    const point = traced("jacobian", f, at, options);
    const all = point.wrt.map((x) => jacobianBy(point, point.y, x, options));
    return picked(at, options, all) as PerArgument<Parameters<F>, A, Tensor>; // see grad
  };
}

/** ∂²f/∂x² for one argument x; for several, all blocks: [i][j] is ∂²f/∂xᵢ∂xⱼ. */
export type Hessian<Args extends readonly unknown[], A extends Argument> =
  PerArgument<Args, A, Tensor> extends Tensor ? Tensor : PerArgument<Args, A, Tensor>[];

/**
 * All second derivatives of a scalar function, in shape [...x, ...x] for one argument; for several an array of arrays
 * of blocks, [i][j] in shape [...xᵢ, ...xⱼ]. Takes a run an element of the arguments, so it is for small ones.
 */
export function hessian<F extends GraphFunction, A extends Argument = undefined>(
  f: F,
  options: DerivativeOptions<A> = {},
): (...at: Each<Parameters<F>, TensorLike>) => Hessian<Parameters<F>, A> {
  return (...at) => {
    const point = traced("hessian", f, at, options);
    const blocks = gradientsOrZero(point.y, point.wrt).map((g) =>
      picked(
        at,
        options,
        point.wrt.map((x) => jacobianBy(point, g, x, { ...options, mode: "reverse" })),
      ),
    );
    return picked(at, options, blocks) as Hessian<Parameters<F>, A>; // see grad
  };
}

/** A function made into a graph at some arguments. */
interface Traced {
  readonly inputs: readonly Value[];
  readonly tensors: readonly Tensor[];
  readonly y: Value;
  /** The inputs to differentiate by. */
  readonly wrt: readonly Value[];
}

function traced(
  name: string,
  f: GraphFunction,
  at: readonly TensorLike[],
  { argument }: DerivativeOptions,
): Traced {
  const tensors = at.map(toTensor);
  const inputs = tensors.map(({ shape, data }, i) =>
    input(shape, `argument ${i}`, data instanceof Int32Array ? "i32" : "real"),
  );
  return { inputs, tensors, y: lift(f(...inputs)), wrt: chosen(name, inputs, argument) };
}

/** The inputs with the chosen indices. */
function chosen(name: string, inputs: readonly Value[], argument: Argument): Value[] {
  const indices =
    argument === undefined ? inputs.keys() : typeof argument === "number" ? [argument] : argument;
  return Array.from(indices, (i) => {
    const x = inputs[i];
    if (x === undefined)
      throw new RangeError(`${name}: argument ${i} of a function that was given ${inputs.length}`);
    if (x.element === "i32")
      throw new RangeError(
        `${name}: argument ${i} holds i32 and has no derivative; choose others with the option argument`,
      );
    return x;
  });
}

/** The results as `PerArgument` describes them. */
function picked(
  at: readonly unknown[],
  { argument }: DerivativeOptions,
  results: readonly unknown[],
): unknown {
  const one = typeof argument === "number" || (argument === undefined && at.length === 1);
  return one ? results[0] : [...results];
}

const zeros = (shape: Shape): Value => broadcast(constant(0), shape);

function gradientsOrZero(y: Value, wrt: readonly Value[], dy?: Value): Value[] {
  return gradients(y, wrt, dy).map((g, i) => g ?? zeros(wrt[i]?.shape ?? []));
}

/**
 * The gradient as a graph. f is called with leaves of its own, which the arguments replace afterwards: an argument that
 * f also knows from outside is a constant to this gradient.
 */
function gradientValues(
  f: GraphFunction,
  at: readonly (TensorLike | Value)[],
  { argument }: DerivativeOptions,
): Value[] {
  const values = at.map((x) => (isValue(x) ? x : constant(toTensor(x))));
  const leaves = values.map((x, i) => input(x.shape, `argument ${i}`, x.element));
  const all = gradientsOrZero(lift(f(...leaves)), chosen("grad", leaves, argument));
  return substituteAll(all, new Map(leaves.map((leaf, i) => [leaf, values[i] ?? leaf])));
}

function isValue(x: TensorLike | Value): x is Value {
  return typeof x === "object" && "op" in x;
}

/** An argument where none is a value. */
function plain(x: TensorLike | Value): TensorLike {
  if (isValue(x)) throw new TypeError("a value of a graph among tensors");
  return x;
}

function evaluateAt(
  outputs: readonly Value[],
  inputs: readonly Value[],
  tensors: readonly Tensor[],
): Tensor[] {
  return evaluate(outputs, new Map(inputs.map((x, i) => [x, tensors[i] as Tensor])));
}

/** ∂y/∂x in shape [...y, ...x]: a run of the graph a row (reverse) or a column (forward). */
function jacobianBy(
  { inputs, tensors }: Traced,
  y: Value,
  x: Value,
  options: JacobianOptions,
): Tensor {
  const [rows, columns] = [elements(y.shape), elements(x.shape)];
  const { mode = rows <= columns ? "reverse" : "forward" } = options;
  const seed = input(mode === "reverse" ? y.shape : x.shape, "seed");
  const product = mode === "reverse" ? gradients(y, [x], seed)[0] : jvpOf(y, [x], [seed]);
  const result = new Float64Array(rows * columns);
  const shape = [...y.shape, ...x.shape];
  if (product === null || product === undefined) return { shape, data: result };
  const run = compile([product], [...inputs, seed], options);
  const [runs, length] = mode === "reverse" ? [rows, columns] : [columns, rows];
  const unit = new Float64Array(runs);
  for (let i = 0; i < runs; i += 1) {
    unit.fill(0)[i] = 1;
    const [line] = run([...tensors, { shape: seed.shape, data: unit }]);
    for (let j = 0; j < length; j += 1)
      result[mode === "reverse" ? i * columns + j : j * columns + i] = line?.data[j] ?? Number.NaN;
  }
  return { shape, data: result };
}
