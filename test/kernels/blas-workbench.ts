// What tests of products by a matrix library share: a memory with operands, and random numbers.
import { loadKernels, SCRATCH_BYTES, type Products } from "@shardgrad/core";
import type { MultiplyOver } from "../../packages/core/dist/blas/calls.js";
import { productsBy } from "../../packages/core/dist/blas/products.js";
import { writeProgram } from "../../packages/core/dist/tree.js";

const PROGRAM = 1024;
export const SCRATCH: number = 1 << 16;
export const A: number = SCRATCH + SCRATCH_BYTES;
export const B: number = A + (4 << 20);
export const C: number = B + (16 << 20);
const PAGES = 512;

/** Random numbers in [-1, 1). */
export function randoms(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return new Float32Array(count).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

const bytes = (values: Float32Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Whether two results are the same to the bit. */
export const same = (x: Float32Array, y: Float32Array): boolean => bytes(x).equals(bytes(y));

/** A leaf of a row program. */
interface Leaf {
  readonly rows: number;
  readonly merges: number;
}

/** A memory to multiply in. */
export interface Workbench {
  readonly productsOf: ReturnType<typeof productsBy>;
  /** So many numbers at an address, or these put there. */
  floats(at: number, values: number | Float32Array): Float32Array;
  /** Σ over the leaves of aᵀ·b, as `gemmTree` computes it from A and B. */
  sum(
    products: Products,
    leaves: readonly Leaf[],
    m: number,
    n: number,
    firstRow?: number,
  ): Float32Array;
}

/** Products by a library over a memory of its own. */
export function workbench(library: MultiplyOver, merge?: boolean): Workbench {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const kernels = loadKernels("f32", memory);
  const words = new Int32Array(memory.buffer);
  const floats = (at: number, values: number | Float32Array): Float32Array => {
    if (typeof values === "number") return new Float32Array(memory.buffer, at, values).slice();
    new Float32Array(memory.buffer, at, values.length).set(values);
    return values;
  };
  return {
    productsOf: productsBy(kernels, library, merge),
    floats,
    sum: (products, leaves, m, n, firstRow = 0) => {
      writeProgram(
        words,
        PROGRAM >> 2,
        leaves.map(({ rows }) => rows),
        leaves.map(({ merges }) => merges),
      );
      products.gemmTree(PROGRAM, m, n, A + 4 * firstRow * m, B + 4 * firstRow * n, C, SCRATCH);
      return floats(C, m * n);
    },
  };
}
