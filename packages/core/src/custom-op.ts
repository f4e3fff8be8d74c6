// Ops written by users: a forward over arrays, and gradient rules written in ops.
import type { Kernels } from "./kernels.js";
import { realView } from "./planner.js";
import { elements, hasRows, ROWS, type Shape } from "./shape.js";
import type { Op, Operand, Run, Vjp } from "./value.js";

/** The numbers of a value: real numbers of the graph's number type, or i32. */
export type Numbers = Float32Array | Float64Array | Int32Array;

/** The shapes of a call, with the number of rows of a batch put in. */
export interface CallShapes {
  readonly out: Shape;
  readonly inputs: readonly Shape[];
}

/** What an op is. */
export interface CustomOp<Attrs extends object> {
  readonly name: string;
  /** The shape of the result; throws RangeError naming the op and the shapes that do not fit. */
  readonly shape: (inputs: readonly Shape[], attrs: Attrs) => Shape;
  /**
   * Computes the result into `out`, which is all 0 before. Must depend on its arguments alone, treat each row of a batch
   * by itself, leave the inputs as they are, and use no Math function whose bits differ between machines (exp, sin, pow, …;
   * `scalar` has those).
   */
  readonly forward: (
    out: Float32Array | Float64Array,
    inputs: readonly Numbers[],
    shapes: CallShapes,
    attrs: Attrs,
  ) => void;
  /**
   * vjp[i](dy, inputs, y, attrs) is the gradient by input i in its shape, written in ops (also custom ones) and linear in
   * dy; null where there is none. Without rules the op cannot be differentiated.
   */
  readonly vjp?: readonly (Vjp<Attrs> | null)[] | undefined;
  /** Which inputs hold i32 (labels, indices). */
  readonly i32?: readonly number[] | undefined;
}

/**
 * Makes an op, to be used with `apply(op, inputs, attrs)` like those of this package. It works in f32 and f64, in graphs of
 * fixed shapes and over the rows of a batch (ROWS first in the result's shape; an op cannot sum over them).
 */
export function customOp<Attrs extends object = object>(definition: CustomOp<Attrs>): Op<Attrs> {
  const { name, shape, forward, vjp, i32 } = definition;
  return {
    name,
    shape,
    ...(vjp === undefined ? {} : { vjp }),
    ...(i32 === undefined ? {} : { i32 }),
    lower: (k, out, inputs, attrs): Run => {
      const read = inputs.map((x, i) => reader(k, x, i32?.includes(i) === true));
      const write = (rows: number): Float32Array | Float64Array =>
        realView(k, out.address, count(out.shape, rows));
      return ({ rows }) => {
        const at = (shape: Shape): Shape => (hasRows(shape) ? shape.with(0, rows) : shape);
        const shapes = { out: at(out.shape), inputs: inputs.map((x) => at(x.shape)) };
        const result = write(rows).fill(0);
        forward(
          result,
          read.map((view) => view(rows)),
          shapes,
          attrs,
        );
      };
    },
  };
}

const count = (shape: Shape, rows: number): number =>
  elements(shape) * (shape[0] === ROWS ? rows : 1);

/** A view of an input for a number of rows. */
function reader(k: Kernels, { address, shape }: Operand, i32: boolean): (rows: number) => Numbers {
  return i32
    ? (rows) => new Int32Array(k.memory.buffer, address, count(shape, rows))
    : (rows) => realView(k, address, count(shape, rows));
}
