// Rows of a table by index (an embedding), and its transpose, sums of rows into a table.
import { counter } from "../lowering.js";
import { elements, formatShape, hasRows, type Shape } from "../shape.js";
import { apply, type Op, type Value, type ValueLike } from "../value.js";

/** The rows of a table and the size of one row; throws RangeError when it has none. */
function table(name: string, shape: Shape | undefined): readonly [size: number, row: Shape] {
  const [size, ...row] = shape ?? [];
  if (size === undefined || hasRows(shape ?? []))
    throw new RangeError(`${name}: ${formatShape(shape ?? [])} is not a table of known size`);
  return [size, row];
}

// y[i] = x[index[i]]  ⇒  dx[j] += Σ over i with index[i] = j of dy[i], in the order of i
export const gatherOp: Op = {
  name: "gather",
  i32: [1],
  shape: ([x, indices]) => [...(indices ?? []), ...table("gather", x)[1]],
  lower: (k, out, [x, indices]) => {
    const [size, row] = table("gather", x?.shape);
    const rows = counter(indices?.shape ?? []);
    const width = elements(row);
    return (work) =>
      k.gatherRows(rows(work), width, size, indices?.address ?? 0, x?.address ?? 0, out.address);
  },
  vjp: [
    (dy, [x, indices]) => scatterAdd(dy, indices as Value, x?.shape[0] ?? 0),
    null, // an index has no gradient
  ],
};

interface Column {
  readonly column: number;
}

// y[r] = x[r, column] as an i32: a step function, without a gradient
export const toIndexOp: Op<Column> = {
  name: "toIndex",
  givesI32: true,
  shape: ([x = []], { column }) => {
    const [rows, columns = 0] = x;
    if (x.length !== 2 || rows === undefined || !(column >= 0 && column < columns))
      throw new RangeError(`toIndex: ${formatShape(x)} has no column ${column}`);
    return [rows];
  },
  lower: (k, out, [x], { column }) => {
    const rows = counter(out.shape);
    const from = (x?.address ?? 0) + column * k.bytes;
    return (work) => k.toI32(rows(work), from, x?.shape[1] ?? 1, out.address);
  },
  vjp: [null],
};

interface Size {
  readonly size: number;
}

// y[j] = Σ over i with index[i] = j of x[i]  ⇒  dx[i] += dy[index[i]]
export const scatterAddOp: Op<Size> = {
  name: "scatterAdd",
  i32: [1],
  shape: ([x = [], indices = []], { size }) => {
    if (!indices.every((n, axis) => n === x[axis]))
      throw new RangeError(
        `scatterAdd: the indices ${formatShape(indices)} do not lead the rows ${formatShape(x)}`,
      );
    return [size, ...x.slice(indices.length)];
  },
  lower: (k, out, [x, indices], { size }) => {
    const rows = counter(indices?.shape ?? []);
    const width = elements(out.shape.slice(1));
    return (work) =>
      k.scatterAdd(rows(work), width, size, indices?.address ?? 0, x?.address ?? 0, out.address);
  },
  lowerRows: (k, out, [x, indices], { size }) => {
    const perRow = elements((indices?.shape ?? []).slice(1));
    if (perRow !== 1)
      throw new RangeError(
        `scatterAdd: ${formatShape(indices?.shape ?? [])}: a batch has one index a row; gather each column by itself`,
      );
    const width = elements(out.shape.slice(1));
    return ({ firstRow, program }, offset) =>
      k.scatterAddTree(
        program,
        width,
        size,
        (indices?.address ?? 0) + firstRow * 4,
        (x?.address ?? 0) + firstRow * width * k.bytes,
        out.address + offset,
        k.scratch,
      );
  },
  vjp: [(dy, [, indices]) => gather(dy, indices as Value), null],
};

/**
 * Rows of a table: x [size, …row] at i32 indices of any shape → [...indices, …row]; an embedding lookup.
 * An index outside [0, size) gives NaN. The gradient with respect to x sums rows of equal index in their order.
 */
export const gather = (x: ValueLike, indices: ValueLike): Value =>
  apply(gatherOp, [x, indices], {});

/** A column of x [rows, columns] as indices, i32 [rows]: cut to whole numbers, −1 for NaN. They have no gradient. */
export const toIndex = (x: ValueLike, column: number): Value => apply(toIndexOp, [x], { column });

/**
 * Rows summed into a table of zeros: x [...indices, …row] at i32 indices → [size, …row], in the order of the indices.
 * Indices outside [0, size) are left out.
 */
export const scatterAdd = (x: ValueLike, indices: ValueLike, size: number): Value =>
  apply(scatterAddOp, [x, indices], { size });
