// Every layer's values and gradients of a network for some rows, under the names that lecture notes give them.
import { gradients } from "../autodiff.js";
import { compile } from "../evaluate.js";
import { div } from "../ops/arithmetic.js";
import { sum } from "../ops/reduce.js";
import { elements, formatShape, type Shape } from "../shape.js";
import { item, type Tensor } from "../tensor.js";
import { input, type Op, type Value } from "../value.js";
import { checkParameters, forward, outputWidth } from "./model.js";
import { lossesPerRow, rowLoss } from "./row-loss.js";
import type { LossSpec, ModelSpec, Parameters } from "./spec.js";

/**
 * One dense layer l = 1…L of a trace, in f64. C is the cost, n a row. A layer of an op of the user's own has z, its input,
 * a, its result, and delta = ∂C/∂z.
 *
 * | here | shape | lecture notes A | D (l + 1 for l) | E |
 * | --- | --- | --- | --- | --- |
 * | z | [rows, units] | z^l | Z^(l+1) | s^l |
 * | a | [rows, units] | a^l | a^(l+1) | x^l |
 * | delta | [rows, units] | δ^l = ∂C/∂z^l | δ^(l+1) | |
 * | dW | [inputs, units] | (∂C/∂W^l)ᵀ | ∂L/∂W^(l) | (∂ℒ/∂W^l)ᵀ |
 * | db | [units] | ∂C/∂b^l | ∂L/∂b^(l) | ∂ℒ/∂b^l |
 */
export interface LayerTrace {
  /** Index of the layer in the model's list, where dropout layers count. */
  readonly index: number;
  readonly z: Tensor; // [rows, units]
  readonly a: Tensor; // [rows, units]
  readonly delta: Tensor; // [rows, units]
  /** [inputs, units], with `perSample` [rows, inputs, units]; null for a layer without weights of its own. */
  readonly dW: Tensor | null;
  /** [units], with `perSample` [rows, units]; null for a layer without biases. */
  readonly db: Tensor | null;
}

/** What `trace` finds. */
export interface Trace {
  /** The dense layers l = 1…L, and those of ops, in order. */
  readonly layers: readonly LayerTrace[];
  /** The loss of every row, before the reduction: [rows]. */
  readonly losses: Tensor;
  /** C: the sum of the losses, or their mean, as the loss's reduction says. */
  readonly cost: number;
}

/** How `trace` differentiates. */
export interface TraceOptions {
  /** True gives delta, dW and db of each row's own loss, whatever the reduction, with the rows as the first axis. Default false. */
  readonly perSample?: boolean | undefined;
  /** Ops of the user's own, by name, when layers name some. */
  readonly ops?: ReadonlyMap<string, Op> | undefined;
}

/**
 * Runs the network forward and backward over rows x [rows, inputs] in f64 and returns what each layer computed.
 * Dropout layers pass their input on, as in prediction. Weights used by two layers collect the gradients of both.
 * @param y i32 class labels [rows], or numbers [rows, outputs]
 * @throws RangeError when parameters, rows or targets do not fit the model
 */
export function trace(
  spec: ModelSpec,
  parameters: Parameters,
  x: Tensor,
  y: Tensor,
  loss: LossSpec,
  options: TraceOptions = {},
): Trace {
  checkParameters(spec, parameters);
  const [rows] = x.shape;
  if (x.shape.length !== 2 || rows === undefined || rows < 1 || x.shape[1] !== spec.inputs)
    throw new RangeError(
      `trace: x is ${formatShape(x.shape)}; give [rows,${spec.inputs}], at least one row`,
    );
  if (y.shape[0] !== rows)
    throw new RangeError(
      `trace: x has ${rows} rows, y ${formatShape(y.shape)}; give one target a row`,
    );
  const divisor = loss.reduction === "mean" ? rows * lossesPerRow(loss, outputWidth(spec)) : 1;
  const { ops } = options;
  const whole = tracer(spec, parameters, x.shape, y, loss, divisor, ops)(x, y);
  if (options.perSample !== true) return whole;
  // A graph of one row, run for each: a gradient summed over one row is that row's own.
  const run = tracer(
    spec,
    parameters,
    [1, spec.inputs],
    { ...y, shape: [1, ...y.shape.slice(1)] },
    loss,
    1,
    ops,
  );
  const single = Array.from({ length: rows }, (_, row) => run(rowOf(x, row), rowOf(y, row)));
  const stacked = (
    pick: (layer: LayerTrace) => Tensor | null,
    l: number,
    shape: Shape,
  ): Tensor | null =>
    stack(
      single
        .map(({ layers }) => layers[l])
        .map((layer) => (layer === undefined ? null : pick(layer))),
      [rows, ...shape],
    );
  return {
    ...whole,
    layers: whole.layers.map((layer, l) => ({
      ...layer,
      delta: stacked(({ delta }) => delta, l, layer.delta.shape.slice(1)) ?? layer.delta,
      dW: stacked(({ dW }) => dW, l, layer.dW?.shape ?? []),
      db: stacked(({ db }) => db, l, layer.db?.shape ?? []),
    })),
  };
}

/** One layer's part of the traced graph. */
interface TracedLayer {
  readonly index: number;
  readonly z: Value;
  readonly a: Value;
  readonly weight: Value | undefined;
  readonly bias: Value | undefined;
}

/** A function that traces rows and targets of these shapes. The cost is divided by `divisor`. */
function tracer(
  spec: ModelSpec,
  parameters: Parameters,
  xShape: Shape,
  target: Tensor,
  loss: LossSpec,
  divisor: number,
  ops: TraceOptions["ops"],
): (x: Tensor, y: Tensor) => Trace {
  const x = input(xShape, "x");
  const y = input(target.shape, "y", target.data instanceof Int32Array ? "i32" : "real");
  const leaves = new Map(
    [...parameters].map(([name, { shape }]): [string, Value] => [name, input(shape, name)]),
  );
  const values = forward(spec, leaves, x, { ops });
  const isTraced = (index: number): boolean =>
    spec.layers[index]?.type === "dense" || spec.layers[index]?.type === "op";
  const layers = values.flatMap(({ z, a }, index): TracedLayer[] =>
    !isTraced(index)
      ? []
      : [
          {
            index,
            z,
            a,
            weight: leaves.get(`layer${index}.weight`),
            bias: leaves.get(`layer${index}.bias`),
          },
        ],
  );
  const losses = rowLoss(loss, values.at(-1)?.a ?? x, y);
  const cost = div(sum(losses), divisor);
  const wanted = [
    ...new Set(
      layers.flatMap(({ z, weight, bias }) =>
        [z, weight, bias].filter((value) => value !== undefined),
      ),
    ),
  ];
  const found = gradients(cost, wanted);
  const gradientOf = new Map(
    wanted.flatMap((value, i): [Value, Value][] => (found[i] ? [[value, found[i]]] : [])),
  );
  const outputs = [
    ...new Set([cost, losses, ...layers.flatMap(({ z, a }) => [z, a]), ...gradientOf.values()]),
  ];
  const run = compile(outputs, [x, y, ...leaves.values()]);
  const weights = Array.from(leaves.keys(), (name) => given(parameters.get(name), name));
  return (xRows, yRows) => {
    const results = run([xRows, yRows, ...weights]);
    const resultOf = new Map(outputs.map((value, i) => [value, results[i]]));
    const numbers = (value: Value): Tensor => given(resultOf.get(value), value.op.name);
    const gradient = (value: Value): Tensor => {
      const d = gradientOf.get(value);
      return d === undefined
        ? { shape: value.shape, data: new Float64Array(elements(value.shape)) }
        : numbers(d);
    };
    return {
      losses: numbers(losses),
      cost: item(numbers(cost)),
      layers: layers.map(({ index, z, a, weight, bias }) => ({
        index,
        z: numbers(z),
        a: numbers(a),
        delta: gradient(z),
        dW: weight === undefined ? null : gradient(weight),
        db: bias === undefined ? null : gradient(bias),
      })),
    };
  };
}

function given(found: Tensor | undefined, name: string): Tensor {
  if (found === undefined) throw new RangeError(`trace: ${name} has no value`);
  return found;
}

/** Row `row` of a tensor, as a tensor of one row. */
function rowOf({ shape, data }: Tensor, row: number): Tensor {
  const width = elements(shape.slice(1));
  return { shape: [1, ...shape.slice(1)], data: data.slice(row * width, (row + 1) * width) };
}

/** Tensors one after the other under a new shape; null when there are none. */
function stack(parts: readonly (Tensor | null)[], shape: Shape): Tensor | null {
  const data = new Float64Array(elements(shape));
  let at = 0;
  for (const part of parts) {
    if (part === null) return null;
    data.set(part.data, at);
    at += part.data.length;
  }
  return { shape, data };
}
