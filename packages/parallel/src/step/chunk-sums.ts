// Sums over θ: kept per chunk by the worker that updates it, folded over all chunks by the reduction tree.

/** Sums that each chunk keeps, side by side: Σ|w|, Σw² of its decaying part, and Σ(w′ − w)² of all of it. */
export const CHUNK_SUMS = 3;
export const SUM_OF_MAGNITUDES = 0;
export const SUM_OF_SQUARES = 1;
export const SUM_OF_CHANGES = 2;

/** A stack for `treeSum`: a tree over this many levels has more leaves than θ can have chunks. */
export function treeStack(): Float64Array {
  return new Float64Array(32);
}

/**
 * stack[0] = Σ over chunks of one of their sums, by the reduction tree. `stack` holds finished sums from left to right;
 * the sum is left there because a number that a function returns may be a new object.
 */
export function treeSum(sums: Float64Array, which: number, stack: Float64Array): void {
  const chunks = sums.length / CHUNK_SUMS;
  let top = 0;
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    stack[top] = sums[CHUNK_SUMS * chunk + which] ?? Number.NaN;
    top += 1;
    // Every second leaf ends a node of two, every fourth one of four, …; a rest that fills no node waits for the end.
    for (let ended = chunk + 1; (ended & 1) === 0; ended >>= 1) top = mergeTop(stack, top);
  }
  while (top > 1) top = mergeTop(stack, top);
}

function mergeTop(stack: Float64Array, top: number): number {
  stack[top - 2] = (stack[top - 2] ?? Number.NaN) + (stack[top - 1] ?? Number.NaN);
  return top - 1;
}
