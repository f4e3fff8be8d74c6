// A tensor: a shape over a typed array, nothing more. Maths is done by functions (see ops).
import { elements, formatShape, type Shape } from "./shape.js";

/** Numbers in row-major order. */
export interface Tensor {
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** Nested arrays of numbers, as deep as the tensor has axes. */
export type NestedNumbers = number | readonly NestedNumbers[];

/**
 * A tensor of f64 from nested arrays (`tensor([[1, 2], [3, 4]])`) or of the given flat values and shape.
 * Throws RangeError when rows differ in length or the count does not fit the shape.
 */
export function tensor(
  values: NestedNumbers | Float32Array | Float64Array | Int32Array,
  shape?: Shape,
): Tensor {
  if (
    values instanceof Float32Array ||
    values instanceof Float64Array ||
    values instanceof Int32Array
  )
    return checked(values, shape ?? [values.length]);
  const found: number[] = [];
  const flat: number[] = [];
  const visit = (value: NestedNumbers, depth: number): void => {
    if (typeof value === "number") {
      if (depth !== found.length)
        throw new RangeError(
          `tensor: a number at depth ${depth}, where others have ${found.length} axes`,
        );
      flat.push(value);
      return;
    }
    if (depth === found.length && flat.length === 0) found.push(value.length);
    if (found[depth] !== value.length)
      throw new RangeError(
        `tensor: a row of ${value.length} on axis ${depth}, where the first has ${found[depth] ?? "none"}`,
      );
    for (const item of value) visit(item, depth + 1);
  };
  visit(values, 0);
  return checked(Float64Array.from(flat), shape ?? found);
}

function checked(data: Tensor["data"], shape: Shape): Tensor {
  if (elements(shape) !== data.length)
    throw new RangeError(`tensor: ${data.length} values do not fill ${formatShape(shape)}`);
  return { shape, data };
}

/** What functions of tensors accept: a tensor, or the numbers of one. */
export type TensorLike = Tensor | NestedNumbers | Tensor["data"];

/** The tensor itself, or a tensor of the numbers. */
export function toTensor(value: TensorLike): Tensor {
  return typeof value === "object" && "data" in value ? value : tensor(value);
}

/**
 * The tensor with its numbers as i32, or as real numbers. Throws RangeError when a number is not a whole number
 * of 32 bits.
 */
export function convert({ shape, data }: Tensor, element: "real" | "i32"): Tensor {
  if ((element === "i32") === data instanceof Int32Array) return { shape, data };
  if (element === "real") return { shape, data: Float64Array.from(data) };
  const whole = Int32Array.from(data);
  const at = whole.findIndex((n, i) => n !== data[i]);
  if (at >= 0)
    throw new RangeError(`convert: element ${at} is ${data[at]}, not a whole number of 32 bits`);
  return { shape, data: whole };
}

/** The one number of a tensor with one element. */
export function item(value: Tensor): number {
  const [first] = value.data;
  if (first === undefined || value.data.length !== 1)
    throw new RangeError(
      `item: ${formatShape(value.shape)} has ${value.data.length} elements, not one`,
    );
  return first;
}

/** The values as nested arrays. */
export function toNested(value: Tensor): NestedNumbers {
  const build = (axis: number, offset: number, stride: number): NestedNumbers => {
    const size = value.shape[axis];
    if (size === undefined) return value.data[offset] ?? Number.NaN;
    const inner = stride / size;
    return Array.from({ length: size }, (_, i) => build(axis + 1, offset + i * inner, inner));
  };
  return build(0, 0, value.data.length);
}
