// How ops become kernel calls: counts that may involve the rows, and strides of operands that broadcast.
import type { Address } from "./kernels.js";
import { elements, hasRows, ROWS, type Shape } from "./shape.js";
import type { Operand, Run, Work } from "./value.js";

/** Elements of a shape once the rows are known. */
export function counter(shape: Shape): (work: Work) => number {
  const n = elements(shape);
  return hasRows(shape) ? (work) => work.rows * n : () => n;
}

/** A call of an elementwise kernel f(n, …addresses). */
export function elementwise(out: Operand, call: (n: number) => void): Run {
  const n = elements(out.shape);
  return hasRows(out.shape) ? (work) => call(work.rows * n) : () => call(n);
}

/** Strides in elements with which `shape` is read as if it had shape `as` (0 where it is repeated). */
export function broadcastStrides(shape: Shape, as: Shape): number[] {
  const strides = Array.from({ length: as.length }, () => 0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const size = shape[axis] ?? 1;
    const at = axis + as.length - shape.length;
    if (size !== 1) strides[at] = stride;
    if (size !== ROWS) stride *= size;
  }
  return strides;
}

/** One loop over elements: how many, and how far each operand moves. `rows` multiplies the count when the work is known. */
interface Loop {
  readonly count: number;
  readonly rows: boolean;
  readonly strides: readonly number[];
}

/** The fewest nested loops, outermost first, that visit `shape` with these strides of each operand. */
function collapse(shape: Shape, strides: readonly (readonly number[])[]): Loop[] {
  const loops: Loop[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const size = shape[axis] ?? 1;
    if (size === 1) continue;
    const loop: Loop = {
      count: size === ROWS ? 1 : size,
      rows: size === ROWS,
      strides: strides.map((s) => s[axis] ?? 0),
    };
    const inner = loops[0];
    const continues =
      inner !== undefined &&
      loop.strides.every((stride, i) => stride === (inner.strides[i] ?? 0) * inner.count);
    if (continues)
      loops[0] = { count: loop.count * inner.count, rows: loop.rows, strides: inner.strides };
    else loops.unshift(loop);
  }
  return loops;
}

/** A kernel over two nested loops: counts, then for each operand its address and its outer and inner stride. */
export type TwoLoops = (
  outer: number,
  inner: number,
  at: readonly Address[],
  outerStrides: readonly number[],
  innerStrides: readonly number[],
) => void;

/**
 * Visits all elements of `shape` with a two-loop kernel; `strides[i]` are operand i's strides in elements per axis.
 * Loops beyond two are run here, call by call.
 */
export function strided(
  shape: Shape,
  bytes: number,
  addresses: readonly Address[],
  strides: readonly (readonly number[])[],
  kernel: TwoLoops,
): Run {
  const loops = collapse(shape, strides);
  const none: Loop = { count: 1, rows: false, strides: addresses.map(() => 0) };
  const inner = loops.pop() ?? none;
  const outer = loops.pop() ?? none;
  const rest = loops;
  const counted = (loop: Loop, work: Work): number =>
    loop.rows ? work.rows * loop.count : loop.count;
  if (rest.length === 0)
    return (work) =>
      kernel(counted(outer, work), counted(inner, work), addresses, outer.strides, inner.strides);
  const visit = (depth: number, at: readonly Address[], work: Work): void => {
    const loop = rest[depth];
    if (loop === undefined) {
      kernel(counted(outer, work), counted(inner, work), at, outer.strides, inner.strides);
      return;
    }
    const count = counted(loop, work);
    for (let i = 0; i < count; i += 1)
      visit(
        depth + 1,
        at.map((address, j) => address + i * (loop.strides[j] ?? 0) * bytes),
        work,
      );
  };
  return (work) => visit(0, addresses, work);
}
