// Shapes: sizes of each axis, and the one symbolic size a graph may have.

/** Axis sizes, outermost first; [] is a scalar. Only the first size may be ROWS. */
export type Shape = readonly number[];

/** The symbolic number of rows of a batch: known when a planned step runs, not when its graph is made. */
export const ROWS = -1;

/** Whether the shape's first axis is the rows of the batch. */
export function hasRows(shape: Shape): boolean {
  return shape[0] === ROWS;
}

/** Elements of one row when the shape has rows, else of the whole. */
export function elements(shape: Shape): number {
  let product = 1;
  for (const size of shape) if (size !== ROWS) product *= size;
  return product;
}

/** The shape as text, e.g. `[rows,784]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.map((size) => (size === ROWS ? "rows" : String(size))).join(",")}]`;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/**
 * The shape that a and b broadcast to: aligned at the last axis, sizes equal or 1.
 * Throws RangeError naming `op` when they do not.
 */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - (rank - a.length)] ?? 1;
    const y = b[axis - (rank - b.length)] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new RangeError(
      `${op}: ${formatShape(a)} and ${formatShape(b)} do not broadcast: sizes ${x === ROWS ? "rows" : x} and ${y === ROWS ? "rows" : y} on axis ${axis} differ`,
    );
  });
}
