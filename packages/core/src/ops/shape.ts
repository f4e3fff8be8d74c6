// Ops that move numbers without changing them: reshape, broadcast, transpose, slice, pad, concat.
import { broadcastStrides, strided } from "../lowering.js";
import {
  broadcastShapes,
  elements,
  formatShape,
  hasRows,
  ROWS,
  sameShape,
  type Shape,
} from "../shape.js";
import {
  apply,
  lift,
  type Op,
  type Operand,
  type Run,
  type Value,
  type ValueLike,
} from "../value.js";
import type { Kernels } from "../kernels.js";
import { only } from "./functions.js";
import { sumTo } from "./reduce.js";

interface To {
  readonly to: Shape;
}

/** Copies elements of `shape` from x to y, each with its own strides. */
function copy(
  k: Kernels,
  shape: Shape,
  x: number,
  xStrides: readonly number[],
  y: number,
  yStrides: readonly number[],
): Run {
  return strided(shape, k.bytes, [x, y], [xStrides, yStrides], (outer, inner, at, o, i) =>
    k.copy(outer, inner, at[0] ?? 0, o[0] ?? 0, i[0] ?? 0, at[1] ?? 0, o[1] ?? 0, i[1] ?? 0),
  );
}

const dense = (shape: Shape): number[] => broadcastStrides(shape, shape);

function first(operands: readonly Operand[]): Operand {
  const [x] = operands;
  if (x === undefined) throw new RangeError("one input expected");
  return x;
}

// y = x in another shape  ⇒  dx += dy in x's shape
export const reshapeOp: Op<To> = {
  name: "reshape",
  alias: true,
  shape: ([x], { to }) => {
    if (elements(x ?? []) !== elements(to) || hasRows(x ?? []) !== hasRows(to))
      throw new RangeError(`reshape: ${formatShape(x ?? [])} does not fill ${formatShape(to)}`);
    return to;
  },
  vjp: [(dy, inputs) => reshape(dy, only(inputs).shape)],
};

// y = x repeated  ⇒  dx += the sum of dy over the copies
export const broadcastOp: Op<To> = {
  name: "broadcast",
  shape: ([x], { to }) => {
    if (!sameShape(broadcastShapes("broadcast", x ?? [], to), to))
      throw new RangeError(
        `broadcast: ${formatShape(x ?? [])} does not broadcast to ${formatShape(to)}`,
      );
    return to;
  },
  lower: (k, out, inputs) => {
    const x = first(inputs);
    return copy(
      k,
      out.shape,
      x.address,
      broadcastStrides(x.shape, out.shape),
      out.address,
      dense(out.shape),
    );
  },
  vjp: [(dy, inputs) => sumTo(dy, only(inputs).shape)],
};

// Y = Xᵀ  ⇒  dX += dYᵀ
export const transposeOp: Op = {
  name: "transpose",
  shape: ([x]) => {
    const [rows, columns] = x ?? [];
    if (x?.length !== 2 || rows === undefined || columns === undefined)
      throw new RangeError(`transpose: ${formatShape(x ?? [])} is not a matrix`);
    if (rows === ROWS)
      throw new RangeError(
        "transpose: the rows of a batch stay the first axis; use matmul's transposeA",
      );
    return [columns, rows];
  },
  lower: (k, out, inputs) => {
    const x = first(inputs);
    return copy(k, out.shape, x.address, [1, x.shape[1] ?? 1], out.address, dense(out.shape));
  },
  vjp: [(dy) => transpose(dy)],
};

interface Range {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
}

// y = x[from…to) on one axis  ⇒  dx += dy with zeros around it
export const sliceOp: Op<Range> = {
  name: "slice",
  shape: ([x], { axis, from, to }) => {
    const size = x?.[axis];
    if (
      x === undefined ||
      size === undefined ||
      size === ROWS ||
      from < 0 ||
      to > size ||
      from >= to
    )
      throw new RangeError(
        `slice: [${from}, ${to}) of axis ${axis} is not inside ${formatShape(x ?? [])}`,
      );
    return x.with(axis, to - from);
  },
  lower: (k, out, inputs, { axis, from }) => {
    const x = first(inputs);
    const strides = dense(x.shape);
    return copy(
      k,
      out.shape,
      x.address + from * strideOf(x.shape, axis) * k.bytes,
      strides,
      out.address,
      dense(out.shape),
    );
  },
  vjp: [(dy, inputs, _, { axis, from }) => pad(dy, axis, from, only(inputs).shape[axis] ?? 0)],
};

/** Elements between neighbours on an axis, also where its size is 1. */
function strideOf(shape: Shape, axis: number): number {
  return elements(shape.slice(axis + 1));
}

interface Pad {
  readonly axis: number;
  readonly from: number;
  readonly size: number;
}

// y = x at [from…) of zeros of `size` on one axis  ⇒  dx += that slice of dy
export const padOp: Op<Pad> = {
  name: "pad",
  shape: ([x], { axis, from, size }) => {
    const inner = x?.[axis];
    if (x === undefined || inner === undefined || inner === ROWS || from < 0 || from + inner > size)
      throw new RangeError(
        `pad: axis ${axis} of ${formatShape(x ?? [])} does not fit into ${size} from ${from}`,
      );
    return x.with(axis, size);
  },
  lower: (k, out, inputs, { axis, from }) => {
    const x = first(inputs);
    const n = elements(out.shape);
    const rows = hasRows(out.shape);
    const place = copy(
      k,
      x.shape,
      x.address,
      dense(x.shape),
      out.address + from * strideOf(out.shape, axis) * k.bytes,
      dense(out.shape),
    );
    return (work) => {
      k.fill(rows ? n * work.rows : n, 0, out.address);
      place(work);
    };
  },
  vjp: [
    (dy, inputs, _, { axis, from }) =>
      slice(dy, axis, from, from + (only(inputs).shape[axis] ?? 0)),
  ],
};

interface Along {
  readonly axis: number;
}

// y = x₀, x₁, … side by side on one axis  ⇒  dxᵢ += its slice of dy
export function concatOp(count: number): Op<Along> {
  return {
    name: "concat",
    shape: (inputs, { axis }) => {
      const [first = []] = inputs;
      let size = 0;
      for (const x of inputs) {
        const part = x[axis];
        if (part === undefined || part === ROWS || !sameShape(x.with(axis, 1), first.with(axis, 1)))
          throw new RangeError(
            `concat: ${formatShape(x)} does not continue ${formatShape(first)} on axis ${axis}`,
          );
        size += part;
      }
      return first.with(axis, size);
    },
    lower: (k, out, inputs, { axis }) => {
      let at = out.address;
      const parts = inputs.map((x): Run => {
        const place = copy(k, x.shape, x.address, dense(x.shape), at, dense(out.shape));
        at += elements(x.shape.slice(axis)) * k.bytes;
        return place;
      });
      return (work) => {
        for (const place of parts) place(work);
      };
    },
    vjp: Array.from({ length: count }, (_, i) => (dy, inputs, _y, { axis }) => {
      const from = inputs.slice(0, i).reduce((sum, x) => sum + (x.shape[axis] ?? 0), 0);
      return slice(dy, axis, from, from + (inputs[i]?.shape[axis] ?? 0));
    }),
  };
}

/** x with the same elements in another shape; rows stay the first axis. */
export const reshape = (x: ValueLike, to: Shape): Value => apply(reshapeOp, [x], { to });

/** x repeated to a larger shape, by the rules of broadcasting; x itself when it has that shape already. */
export function broadcast(x: ValueLike, to: Shape): Value {
  const value = lift(x);
  return sameShape(value.shape, to) ? value : apply(broadcastOp, [value], { to });
}

/** The transpose of a matrix [m, n] → [n, m]. */
export const transpose = (x: ValueLike): Value => apply(transposeOp, [x], {});

/** Elements from…to (exclusive) on one axis. */
export const slice = (x: ValueLike, axis: number, from: number, to: number): Value =>
  apply(sliceOp, [x], { axis, from, to });

/** x placed at `from` on an axis of `size`, zeros elsewhere. */
export const pad = (x: ValueLike, axis: number, from: number, size: number): Value =>
  apply(padOp, [x], { axis, from, size });

/** Values joined on one axis, in order. Throws RangeError when their other sizes differ. */
export function concat(values: readonly ValueLike[], axis: number): Value {
  if (values.length === 0) throw new RangeError("concat: no values given");
  return apply(concatOp(values.length), values, { axis });
}
