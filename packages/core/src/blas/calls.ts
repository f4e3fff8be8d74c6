// Which calls of a matrix library make up a product: those of single shards, or fewer that take rows of several.
import type { Address } from "../kernels.js";

/**
 * A library's product over one memory: C = op(A)·op(B), or C += that where `added`; row-major, C dense [m, n].
 * op(A) is [m, k], op(B) [k, n]; a flag says that the matrix lies transposed. `Address` counts bytes, the rest elements.
 */
export type Multiply = (
  aTransposed: boolean,
  bTransposed: boolean,
  m: number,
  n: number,
  k: number,
  a: Address,
  lda: number,
  b: Address,
  ldb: number,
  c: Address,
  added: boolean,
) => void;

/** A library's product over a memory that it is given. */
export type MultiplyOver = (buffer: ArrayBufferLike) => Multiply;

/** x += y for n numbers. */
export type AddTo = (n: number, x: Address, y: Address) => void;

/** C = A·B as `gemm` has it, `rows` rows of A and C to a call. */
export function multiplyRows(
  multiply: Multiply,
  rows: number,
  m: number,
  n: number,
  k: number,
  a: Address,
  aRow: number,
  aColumn: number,
  b: Address,
  bRow: number,
  bColumn: number,
  c: Address,
): void {
  const aTransposed = aColumn !== 1;
  const bTransposed = bColumn !== 1;
  const lda = aTransposed ? aColumn : Math.max(aRow, k);
  const ldb = bTransposed ? bColumn : Math.max(bRow, n);
  for (let row = 0; row < m; row += rows) {
    const some = Math.min(rows, m - row);
    const [left, to] = [a + 4 * row * aRow, c + 4 * row * n];
    multiply(aTransposed, bTransposed, some, n, k, left, lda, b, ldb, to, false);
  }
}

/** How C = Σ over shards of aᵀ·b is cut. */
export interface SumCut {
  /** Rows of C that are multiplied and summed over the shards together. */
  readonly block: number;
  /** Whether the library adds a shard's product to the sum that it is merged with. */
  readonly adding: boolean;
}

/**
 * Some rows of C = Σ over shards of aᵀ·b, merged as the row program at `words[at]` says: `columns` of a [rows, m], whose
 * first one is at `a`, times b [rows, n]. Sums that wait lie in `scratch`, of `cut.block` rows each.
 */
export function sumLeaves(
  multiply: Multiply,
  addTo: AddTo,
  { block, adding }: SumCut,
  words: Int32Array,
  at: number,
  columns: number,
  m: number,
  n: number,
  a: Address,
  b: Address,
  c: Address,
  scratch: Address,
): void {
  for (let column = 0; column < columns; column += block) {
    const some = Math.min(block, columns - column);
    const level = 4 * some * n;
    const lowest = c + 4 * column * n;
    const sum = (height: number): Address =>
      height === 0 ? lowest : scratch + (height - 1) * level;
    let height = 0; // sums on the stack
    let first = 0; // row of the leaf
    for (let word = at; ; word += 2) {
      const rows = words[word] ?? 0;
      if (rows === 0) break;
      let merges = words[word + 1] ?? 0;
      const [left, right] = [a + 4 * (first * m + column), b + 4 * first * n];
      const added = adding && merges > 0;
      if (added) merges -= 1;
      else height += 1;
      multiply(true, false, some, n, rows, left, m, right, n, sum(height - 1), added);
      first += rows;
      for (; merges > 0; merges -= 1) {
        height -= 1;
        addTo(some * n, sum(height - 1), sum(height));
      }
    }
  }
}

/** How many sums wait at most in `scratch` while the leaves of a row program are merged. */
export function waitingSums(words: Int32Array, at: number, adding: boolean): number {
  let height = 0;
  let most = 1;
  for (let word = at; (words[word] ?? 0) !== 0; word += 2) {
    const merges = words[word + 1] ?? 0;
    const added = adding && merges > 0;
    if (!added) height += 1;
    most = Math.max(most, height);
    height -= merges - (added ? 1 : 0);
  }
  return most - 1;
}
