// The computational graph: values made by ops from other values. Immutable, held together by references alone.
import type { Kernels, Address } from "./kernels.js";
import { formatShape, type Shape } from "./shape.js";
import { tensor, type Tensor } from "./tensor.js";

/** A node of the graph: what an op makes of its inputs. */
export interface Value {
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly attrs: object;
  readonly shape: Shape;
  /** What one element is: `real` is the number type of the kernels that run the graph. */
  readonly element: "real" | "i32";
}

/** What every op accepts: a value, or a number or tensor that becomes a constant of the graph. */
export type ValueLike = Value | number | Tensor;

/** A value's place while a plan runs. */
export interface Operand {
  readonly address: Address;
  readonly shape: Shape;
}

/** The rows of one node of the reduction tree, relative to the first row of the worker's batch part. */
export interface Subtree {
  readonly firstRow: number;
  readonly program: Address; // its row program, see tree.ts
  readonly slot: number; // which of the worker's buffers its sum goes to
}

/** What one execution of a plan works on. Graphs without ROWS ignore it. */
export interface Work {
  readonly rows: number;
  readonly firstRow: number; // in the whole batch
  readonly step: number;
  readonly seed: number;
  readonly subtrees: readonly Subtree[];
}

/** One call of a planned step. */
export type Run = (work: Work) => void;

/** One call that sums over the rows of a subtree and stores the sum `offset` bytes past the operand's address. */
export type RunSubtree = (subtree: Subtree, offset: number) => void;

/** Where an op may put its intermediate results while it runs: SCRATCH_BYTES bytes. */
export interface Scratch {
  readonly scratch: Address;
}

/**
 * An op: its shape rule, its kernel calls and its calculus in one place.
 * A vjp is written in ops, so a gradient is a graph again and needs no further rule.
 */
export interface Op<Attrs extends object = object> {
  readonly name: string;
  /** The shape of the result; throws RangeError naming the op and the shapes that do not fit. */
  shape(inputs: readonly Shape[], attrs: Attrs): Shape;
  /** The kernel calls. Not needed for leaves and for views (`alias`). */
  lower?(k: Kernels & Scratch, out: Operand, inputs: readonly Operand[], attrs: Attrs): Run;
  /** The kernel calls when the op sums over ROWS: one call a subtree. */
  lowerRows?(
    k: Kernels & Scratch,
    out: Operand,
    inputs: readonly Operand[],
    attrs: Attrs,
  ): RunSubtree;
  /** vjp[i](dy, inputs, y, attrs) is the gradient with respect to input i; null where there is none (labels). */
  readonly vjp?: readonly (Vjp<Attrs> | null)[];
  /** The same result by other ops: what a fused op means, and where its derivatives come from when it has no vjp. */
  expand?(inputs: readonly Value[], attrs: Attrs): Value;
  /** Which inputs hold i32 (labels, indices); all others hold real numbers. */
  readonly i32?: readonly number[];
  /** The result holds i32; without it, real numbers. */
  readonly givesI32?: boolean;
  /** The result is the first input's memory under another shape. */
  readonly alias?: boolean;
  /** The kernel that adds a row to every row of a matrix and applies this op to the sum, with the bits of both in turn. */
  readonly afterAddingRow?: "addRelu";
  /** The result may be written over an input of the same size that nobody reads later. */
  readonly inPlace?: boolean;
}

/** The gradient rule of one input. */
export type Vjp<Attrs extends object> = {
  bivariant(dy: Value, inputs: readonly Value[], y: Value, attrs: Attrs): Value;
}["bivariant"];

/**
 * Makes a value by applying an op. Throws RangeError when the shapes do not fit, TypeError when an input holds i32 where
 * real numbers are expected, or the reverse.
 */
export function apply<Attrs extends object>(
  op: Op<Attrs>,
  inputs: readonly ValueLike[],
  attrs: Attrs,
): Value {
  const values = inputs.map(lift);
  const shape = op.shape(
    values.map((value) => value.shape),
    attrs,
  );
  const element =
    (op.alias === true && values[0]?.element) || (op.givesI32 === true ? "i32" : "real");
  values.forEach((value, i) => {
    if (op.alias === true || (value.element === "i32") === (op.i32?.includes(i) ?? false)) return;
    throw new TypeError(
      value.element === "i32"
        ? `${op.name}: input ${i} ${formatShape(value.shape)} holds i32; real numbers expected`
        : `${op.name}: input ${i} ${formatShape(value.shape)} holds real numbers; i32 expected: give an Int32Array or an input with element "i32"`,
    );
  });
  return { op, inputs: values, attrs, shape, element };
}

const inputOp: Op = { name: "input", shape: () => [] };
const constantOp: Op = { name: "constant", shape: () => [] };

/** A leaf whose numbers are given when the graph runs: a batch, labels (element "i32") or a parameter. */
export function input(shape: Shape, name: string, element: Value["element"] = "real"): Value {
  return { op: inputOp, inputs: [], attrs: { name }, shape, element };
}

/** A leaf with fixed numbers. */
export function constant(value: number | Tensor): Value {
  const data = typeof value === "number" ? tensor(value) : value;
  const element = data.data instanceof Int32Array ? "i32" : "real";
  return { op: constantOp, inputs: [], attrs: data, shape: data.shape, element };
}

/** The numbers of a constant, null for any other value. */
export function constantData(value: Value): Tensor | null {
  return value.op === constantOp ? (value.attrs as Tensor) : null;
}

/** Whether the value is a leaf made by `input`. */
export function isInput(value: Value): boolean {
  return value.op === inputOp;
}

/** The name given to a leaf made by `input`. */
export function inputName({ attrs }: Value): string {
  return "name" in attrs ? String(attrs.name) : "";
}

/** The value itself, or a constant of the number or tensor. */
export function lift(value: ValueLike): Value {
  return typeof value === "object" && "op" in value ? value : constant(value);
}

/** All values that the outputs need, inputs before users, in an order that depends on the graph only. */
export function topologicalOrder(outputs: readonly Value[]): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  // An explicit stack: a graph may be deeper than the JavaScript stack.
  for (const output of outputs) {
    const stack: { value: Value; next: number }[] = [];
    if (!seen.has(output)) stack.push({ value: output, next: 0 });
    seen.add(output);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = top.value.inputs[top.next];
      top.next += 1;
      if (child === undefined) {
        order.push(top.value);
        stack.pop();
      } else if (!seen.has(child)) {
        seen.add(child);
        stack.push({ value: child, next: 0 });
      }
    }
  }
  return order;
}
