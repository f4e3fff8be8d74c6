// Runs graphs of fixed shapes on this thread: for checking, explaining and small computations.
import type { Dtype } from "./kernels.js";
import {
  align,
  bind,
  plan,
  realView,
  writeNumbers,
  type BoundPlan,
  type Place,
} from "./planner.js";
import { elements, formatShape, hasRows, sameShape } from "./shape.js";
import { convert, type Tensor } from "./tensor.js";
import { inputName, isInput, topologicalOrder, type Value, type Work } from "./value.js";
import { withWorkspace } from "./workspace.js";

const NO_ROWS: Work = { rows: 0, firstRow: 0, step: 0, seed: 0, subtrees: [] };

/** The number type of a compiled graph. */
export interface CompileOptions {
  /** Default f64. */
  readonly dtype?: Dtype | undefined;
}

/** Keys of the random masks of dropout in a graph. */
export interface MaskKeys {
  /** Default 0. */
  readonly seed?: number | undefined;
  /** Default 0. */
  readonly step?: number | undefined;
}

/** How a graph is evaluated. */
export interface EvaluateOptions extends CompileOptions, MaskKeys {}

/** A lowered graph: the values of its inputs, in the order given to `compile`, to new tensors of its outputs. */
export type Compiled = (values: readonly Tensor[], keys?: MaskKeys) => Tensor[];

/**
 * Lowers the graph of `outputs` once, to be run many times.
 * Throws RangeError when a shape has ROWS or the graph has an input that is not one of `inputs`; the function throws
 * RangeError when it is given another number of tensors, or one of another shape.
 * @param inputs leaves made by `input`; those that the outputs do not need are allowed
 */
export function compile(
  outputs: readonly Value[],
  inputs: readonly Value[],
  options: CompileOptions = {},
): Compiled {
  const { dtype = "f64" } = options;
  for (const value of leavesOf("compile", outputs))
    if (!inputs.includes(value))
      throw new RangeError(
        `compile: the graph's input ${inputName(value)} ${formatShape(value.shape)} is not one of the given inputs`,
      );
  const lowered = plan(outputs, {
    bytes: dtype === "f32" ? 4 : 8,
    mostRows: 0,
    placed: new Set(inputs),
  });
  let bytes = lowered.bytes;
  const offsets = new Map<Value, number>();
  for (const value of inputs) {
    offsets.set(value, bytes);
    bytes += align(elements(value.shape) * 8);
  }
  let bound: BoundPlan | undefined;
  return (values, { seed = 0, step = 0 } = {}) => {
    if (values.length !== inputs.length)
      throw new RangeError(`compile: ${values.length} tensors given for ${inputs.length} inputs`);
    return withWorkspace(dtype, bytes, (kernels, base) => {
      // The workspace is at the same address every time, but others write there between two runs.
      if (bound === undefined) {
        const places = [...offsets].map(([value, offset]): [Value, Place] => [
          value,
          { address: base + offset },
        ]);
        bound = bind(kernels, lowered, base, new Map(places));
      } else bound.writeConstants();
      const { addressOf, run } = bound;
      inputs.forEach((value, i) =>
        writeNumbers(kernels, addressOf(value), fitted(value, values[i]).data),
      );
      run({ ...NO_ROWS, seed, step });
      return outputs.map(({ element, shape }, i): Tensor => {
        const address = addressOf(outputs[i] as Value);
        const count = elements(shape);
        if (element === "i32")
          return { shape, data: new Int32Array(kernels.memory.buffer, address, count).slice() };
        return { shape, data: realView(kernels, address, count).slice() };
      });
    });
  };
}

/** The inputs of a graph. Throws RangeError naming `caller` when a shape has ROWS. */
function leavesOf(caller: string, outputs: readonly Value[]): Value[] {
  const order = topologicalOrder(outputs);
  for (const { op, shape } of order)
    if (hasRows(shape))
      throw new RangeError(
        `${caller}: ${op.name} ${formatShape(shape)} has rows of no known number`,
      );
  return order.filter(isInput);
}

/** The tensor for an input: of its shape and kind of element. */
function fitted(value: Value, given: Tensor | undefined): Tensor {
  if (given === undefined || !sameShape(given.shape, value.shape))
    throw new RangeError(
      `evaluate: the input ${inputName(value)} is ${formatShape(value.shape)}, its value ${formatShape(given?.shape ?? [])}`,
    );
  return convert(given, value.element);
}

/**
 * The values of `outputs`, given those of the graph's inputs, as new tensors.
 * Throws RangeError when an input has no value or one of another shape, or when a shape has ROWS.
 */
export function evaluate(
  outputs: readonly Value[],
  feeds: ReadonlyMap<Value, Tensor> = new Map(),
  options: EvaluateOptions = {},
): Tensor[] {
  const inputs = leavesOf("evaluate", outputs);
  const values = inputs.map((value) => {
    const given = feeds.get(value);
    if (given === undefined)
      throw new RangeError(
        `evaluate: the input ${inputName(value)} ${formatShape(value.shape)} has no value`,
      );
    return given;
  });
  return compile(outputs, inputs, options)(values, options);
}
