// Sums, means and maxima over axes. A sum over the rows of a batch follows the reduction tree.
import { counter } from "../lowering.js";
import { elements, formatShape, ROWS, sameShape, type Shape } from "../shape.js";
import { apply, lift, type Op, type Value, type ValueLike } from "../value.js";
import { abs, only, sign } from "./functions.js";
import { div, mul, sub } from "./arithmetic.js";
import { broadcast, reshape } from "./shape.js";

interface Axis {
  readonly axis: number;
}

const withoutAxis = (name: string, shape: Shape | undefined, axis: number): Shape => {
  if (shape === undefined || axis < 0 || axis >= shape.length)
    throw new RangeError(`${name}: axis ${axis} is not one of ${formatShape(shape ?? [])}`);
  return shape.toSpliced(axis, 1);
};

/** dy with the axis put back as size 1, repeated to x's shape. */
const spread = (dy: Value, x: Value, axis: number): Value =>
  broadcast(reshape(dy, x.shape.with(axis, 1)), x.shape);

// y = Σ_c x[…c…]  ⇒  every dx[…c…] += dy
export const sumOp: Op<Axis> = {
  name: "sum",
  shape: ([x], { axis }) => withoutAxis("sum", x, axis),
  lower: (k, out, [x], { axis }) => {
    const shape = x?.shape ?? [];
    const outer = counter(shape.slice(0, axis));
    const count = shape[axis] ?? 1;
    const inner = elements(shape.slice(axis + 1));
    return (work) => k.sum(outer(work), count, inner, x?.address ?? 0, out.address);
  },
  lowerRows: (k, out, [x]) => {
    const inner = elements(out.shape);
    const bytes = inner * k.bytes;
    return ({ firstRow, program }, offset) =>
      k.sumTree(
        program,
        inner,
        (x?.address ?? 0) + firstRow * bytes,
        out.address + offset,
        k.scratch,
      );
  },
  vjp: [
    (dy, inputs, _, { axis }) => {
      const x = only(inputs);
      // The rows of a batch have no size yet to put back as 1: broadcasting adds them in front.
      return x.shape[axis] === ROWS ? broadcast(dy, x.shape) : spread(dy, x, axis);
    },
  ],
};

// y = max_c x[…c…]  ⇒  the largest gets dy, equal ones share it evenly: the router
export const maxOverOp: Op<Axis> = {
  name: "maxOver",
  shape: ([x], { axis }) => {
    if (x?.[axis] === ROWS)
      throw new RangeError("maxOver: a maximum over the rows of a batch is not a sum over shards");
    return withoutAxis("maxOver", x, axis);
  },
  lower: (k, out, [x], { axis }) => {
    const shape = x?.shape ?? [];
    const outer = counter(shape.slice(0, axis));
    const count = shape[axis] ?? 1;
    const inner = elements(shape.slice(axis + 1));
    return (work) => k.maxOver(outer(work), count, inner, x?.address ?? 0, out.address);
  },
  vjp: [
    (dy, inputs, y, { axis }) => {
      const x = only(inputs);
      const largest = sub(1, abs(sign(sub(x, spread(y, x, axis)))));
      return mul(spread(div(dy, sum(largest, axis)), x, axis), largest);
    },
  ],
};

/** The chosen axes of a shape (all when left out), each once, innermost first. */
const inward = (shape: Shape, axes: number | readonly number[] | undefined): number[] => {
  const all = shape.map((_, axis) => axis);
  const chosen = axes === undefined ? all : typeof axes === "number" ? [axes] : axes;
  return [...new Set(chosen)].sort((a, b) => b - a);
};

/** The sum over one axis, several, or all; summed axes are removed. */
export function sum(x: ValueLike, axes?: number | readonly number[]): Value {
  const value = lift(x);
  return inward(value.shape, axes).reduce(
    (partial, axis) => apply(sumOp, [partial], { axis }),
    value,
  );
}

/** The mean over one axis, several, or all, of a value without rows. */
export function mean(x: ValueLike, axes?: number | readonly number[]): Value {
  const value = lift(x);
  const over = inward(value.shape, axes).map((axis) => value.shape[axis] ?? 1);
  if (over.includes(ROWS))
    throw new RangeError(
      "mean: over the rows of a batch, sum and let the trainer divide by the rows of the whole batch",
    );
  return mul(sum(value, axes), 1 / elements(over));
}

/**
 * The maximum over one axis, several, or all. Equal maxima share the gradient evenly; over axes that are not neighbours
 * they share it along the innermost axis first, then along the next.
 */
export function maxOver(x: ValueLike, axes?: number | readonly number[]): Value {
  const value = lift(x);
  return inward(value.shape, axes).reduce((partial, axis, i, all) => {
    // Neighbouring axes are one axis of the same numbers.
    const joined = all[i + 1] === axis - 1 && partial.shape[axis - 1] !== ROWS;
    if (!joined) return apply(maxOverOp, [partial], { axis });
    const size = (partial.shape[axis - 1] ?? 1) * (partial.shape[axis] ?? 1);
    return reshape(partial, partial.shape.toSpliced(axis - 1, 2, size));
  }, value);
}

/** x summed down to a shape that broadcasts to x's: the transpose of `broadcast`. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, axis) =>
    axis < lead || (shape[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  const summed = sum(x, axes);
  return sameShape(summed.shape, shape) ? summed : reshape(summed, shape);
}
