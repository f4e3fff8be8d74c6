// Products by OpenBLAS where koffi and the library are there: what they are, and that they go shard by shard.
import { describe, expect, it } from "vitest";
import { openBlas } from "../../packages/core/dist/blas/library.js";
import { postOrder, split } from "../../packages/core/dist/tree.js";
import { A, B, C, randoms, same, SCRATCH, workbench } from "./blas-workbench.js";

const blas = await openBlas().catch(() => null);

const SEED = 20260;

// Shapes that OpenBLAS multiplies with and without packing, narrow ones, ones for Wasm, and one row of which is wide.
const SHAPES = [
  [30, 64],
  [300, 10],
  [7, 5],
  [129, 128],
  [40, 500],
  [3, 70_001],
] as const;

describe.runIf(blas !== null)(`products by OpenBLAS (random numbers of seed ${SEED})`, () => {
  it("multiplies all rows as it multiplies those of each call alone", () => {
    const { productsOf, floats } = workbench(blas!);
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

  it("multiplies a matrix by another, plain or transposed, to the precision of f32", () => {
    const { productsOf, floats } = workbench(blas!);
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

  it("adds the products of shards in the order of the tree, to the bit", () => {
    const { productsOf, floats, sum } = workbench(blas!);
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

  it("leaves zeros where there are no rows", () => {
    const { productsOf, floats, sum } = workbench(blas!);
    floats(C, randoms(30 * 64, SEED));
    const none = sum(productsOf({ rows: 4, shards: 4 }), [], 30, 64);
    expect(none.every((x) => x === 0)).toBe(true);
  });
});
