// Which results need no pass of their own: a row added to every row of a matrix, taken into the activation after it.
import type { Kernels } from "./kernels.js";
import { counter } from "./lowering.js";
import { addOp } from "./ops/arithmetic.js";
import { sameShape } from "./shape.js";
import type { Op, Operand, Run, Value } from "./value.js";

/** An activation of matrix + row that one kernel computes. */
export interface Fusion {
  readonly kernel: NonNullable<Op["afterAddingRow"]>;
  /** The addition, which is not computed by itself. */
  readonly sum: Value;
  /** What the kernel reads in its place: the matrix [..., n] and the row [n]. */
  readonly inputs: readonly [Value, Value];
}

/**
 * The activations of a graph that take the addition before them along, when nobody else reads the sum.
 * @param order all values of the graph, inputs before users
 * @param kept values that must be computed, whoever reads them
 */
export function fusionsOf(
  order: readonly Value[],
  kept: ReadonlySet<Value>,
): ReadonlyMap<Value, Fusion> {
  const readers = new Map<Value, number>();
  for (const { inputs } of order) for (const x of inputs) readers.set(x, (readers.get(x) ?? 0) + 1);
  const fusions = new Map<Value, Fusion>();
  for (const value of order) {
    const kernel = value.op.afterAddingRow;
    const [sum] = value.inputs;
    if (kernel === undefined || sum === undefined) continue;
    if (kept.has(sum) || readers.get(sum) !== 1) continue;
    const inputs = matrixAndRow(sum);
    if (inputs !== null) fusions.set(value, { kernel, sum, inputs });
  }
  return fusions;
}

/** The two inputs of an addition of a row to every row of a matrix; null for any other value. */
function matrixAndRow({ op, inputs: [a, b], shape }: Value): readonly [Value, Value] | null {
  if (op !== addOp || a === undefined || b === undefined || shape.length < 2) return null;
  if (shape.at(-1) === 1) return null; // a number added to a column: both ops run in whole vectors by themselves
  const isRow = (x: Value): boolean => sameShape(x.shape, shape.slice(-1));
  if (sameShape(a.shape, shape) && isRow(b)) return [a, b];
  return sameShape(b.shape, shape) && isRow(a) ? [b, a] : null;
}

/** The call of a fusion's kernel. */
export function lowerFusion(
  kernels: Kernels,
  { kernel }: Fusion,
  out: Operand,
  [matrix, row]: readonly Operand[],
): Run {
  const call = kernels[kernel];
  const rows = counter(out.shape.slice(0, -1));
  const n = out.shape.at(-1) ?? 1;
  return (work) => call(rows(work), n, matrix?.address ?? 0, row?.address ?? 0, out.address);
}
