// Products by OpenBLAS where koffi and the library are there: what they are, and that they go shard by shard.
import { loadBlas, loadKernels, requireBlas, SCRATCH_BYTES, type Products } from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { postOrder, split, writeProgram } from "../../packages/core/dist/tree.js";

const blas = await requireBlas().then(
  () => true,
  () => false,
);

const PROGRAM = 1024;
const SCRATCH = 1 << 16;
const A = SCRATCH + SCRATCH_BYTES;
const B = A + (4 << 20);
const C = B + (16 << 20);
const PAGES = 512;

const SEED = 20260;

/** Random numbers in [-1, 1). */
function randoms(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return new Float32Array(count).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

const bytes = (values: Float32Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Whether two results are the same to the bit. */
const same = (x: Float32Array, y: Float32Array): boolean => bytes(x).equals(bytes(y));

async function workbench() {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const kernels = loadKernels("f32", memory);
  const words = new Int32Array(memory.buffer);
  const floats = (at: number, values: number | Float32Array): Float32Array => {
    if (typeof values === "number") return new Float32Array(memory.buffer, at, values).slice();
    new Float32Array(memory.buffer, at, values.length).set(values);
    return values;
  };
  /** Σ over the leaves of aᵀ·b, as `gemmTree` computes it. */
  const sum = (
    products: Products,
    leaves: readonly { rows: number; merges: number }[],
    m: number,
    n: number,
    firstRow = 0,
  ): Float32Array => {
    writeProgram(
      words,
      PROGRAM >> 2,
      leaves.map(({ rows }) => rows),
      leaves.map(({ merges }) => merges),
    );
    products.gemmTree(PROGRAM, m, n, A + 4 * firstRow * m, B + 4 * firstRow * n, C, SCRATCH);
    return floats(C, m * n);
  };
  return { productsOf: await loadBlas(kernels), floats, sum };
}

// Shapes that OpenBLAS multiplies with and without packing, narrow ones, ones for Wasm, and one row of which is wide.
const SHAPES = [
  [30, 64],
  [300, 10],
  [7, 5],
  [129, 128],
  [40, 500],
  [3, 70_001],
] as const;

describe.runIf(blas)(`products by OpenBLAS (random numbers of seed ${SEED})`, () => {
  it("multiplies all rows as it multiplies those of each call alone", async () => {
    const { productsOf, floats } = await workbench();
    const products = productsOf({ rows: 6, shards: 4 });
    for (const [k, n] of SHAPES) {
      const rows = 20;
      for (const [bRow, bColumn] of [
        [n, 1],
        [1, k],
      ] as const) {
        floats(A, randoms(rows * k, SEED + k));
        floats(B, randoms(k * n, SEED + n));
        products.gemm(rows, n, k, A, k, 1, B, bRow, bColumn, C, SCRATCH);
        const whole = floats(C, rows * n);
        for (let row = 0; row < rows; row += 6) {
          const some = Math.min(6, rows - row);
          products.gemm(some, n, k, A + 4 * row * k, k, 1, B, bRow, bColumn, C, SCRATCH);
          const alone = floats(C, some * n);
          expect(same(whole.subarray(row * n, (row + some) * n), alone), `${k} × ${n}`).toBe(true);
        }
      }
    }
  });

  it("multiplies a matrix by another, plain or transposed, to the precision of f32", async () => {
    const { productsOf, floats } = await workbench();
    const products = productsOf({ rows: 5, shards: 1 });
    const [m, n, k] = [12, 33, 41];
    let furthest = 0;
    for (const aTransposed of [false, true])
      for (const bTransposed of [false, true]) {
        const a = floats(A, randoms(m * k, SEED));
        const b = floats(B, randoms(k * n, SEED + 1));
        const [aRow, aColumn] = aTransposed ? [1, m] : [k, 1];
        const [bRow, bColumn] = bTransposed ? [1, k] : [n, 1];
        products.gemm(m, n, k, A, aRow, aColumn, B, bRow, bColumn, C, SCRATCH);
        const c = floats(C, m * n);
        for (let i = 0; i < m; i += 1)
          for (let j = 0; j < n; j += 1) {
            let sum = 0;
            for (let p = 0; p < k; p += 1)
              sum += a[i * aRow + p * aColumn]! * b[p * bRow + j * bColumn]!;
            furthest = Math.max(furthest, Math.abs(c[i * n + j]! - sum));
          }
      }
    expect(furthest).toBeLessThan(1e-4);
  });

  it("adds the products of shards in the order of the tree, to the bit", async () => {
    const { productsOf, floats, sum } = await workbench();
    for (const shards of [1, 2, 3, 5, 8, 13])
      for (const [m, n] of SHAPES) {
        const products = productsOf({ rows: 4, shards });
        const rowsOf = (shard: number): number => (shard === shards - 1 ? 3 : 4); // a short last one
        floats(A, randoms(4 * shards * m, SEED + m));
        floats(B, randoms(4 * shards * n, SEED + n));
        const leaf = (shard: number): Float32Array =>
          sum(products, [{ rows: rowsOf(shard), merges: 0 }], m, n, 4 * shard);
        const tree = (lo: number, hi: number): Float32Array => {
          if (hi - lo === 1) return leaf(lo);
          const right = tree(split(lo, hi), hi);
          return tree(lo, split(lo, hi)).map((x, i) => Math.fround(x + right[i]!));
        };
        const expected = tree(0, shards);
        const leaves = postOrder(0, shards).map(({ shard, merges }) => ({
          rows: rowsOf(shard),
          merges,
        }));
        const whole = sum(products, leaves, m, n);
        expect(same(whole, expected), `${shards} shards, ${m} × ${n}`).toBe(true);
      }
  });

  it("leaves zeros where there are no rows", async () => {
    const { productsOf, floats, sum } = await workbench();
    floats(C, randoms(30 * 64, SEED));
    const none = sum(productsOf({ rows: 4, shards: 4 }), [], 30, 64);
    expect(none.every((x) => x === 0)).toBe(true);
  });
});
