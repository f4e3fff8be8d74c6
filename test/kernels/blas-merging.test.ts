// Calls that take the rows of several shards: only where a library gives the bits of single shards, whatever it is.
import { describe, expect, it } from "vitest";
import type { Multiply, MultiplyOver } from "../../packages/core/dist/blas/calls.js";
import { openBlas } from "../../packages/core/dist/blas/library.js";
import { alignmentOf, cutsAgree, rowsAgree } from "../../packages/core/dist/blas/trial.js";
import { postOrder } from "../../packages/core/dist/tree.js";
import { cutBatch, type BatchPart } from "../../packages/parallel/dist/step/shards.js";
import { A, B, C, randoms, same, SCRATCH, workbench } from "./blas-workbench.js";

const SEED = 20261;

/** The sizes of a call. */
interface Call {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly added: boolean;
}

/** A library that sums one element as told: from the terms in their order, and what stood there. */
const library =
  (sum: (terms: Float32Array, before: number, call: Call) => number): MultiplyOver =>
  (buffer): Multiply => {
    const floats = new Float32Array(buffer);
    return (aTransposed, bTransposed, m, n, k, a, lda, b, ldb, c, added) => {
      const [left, right, to] = [a >> 2, b >> 2, c >> 2];
      const terms = new Float32Array(k);
      for (let i = 0; i < m; i += 1)
        for (let j = 0; j < n; j += 1) {
          for (let p = 0; p < k; p += 1) {
            const x = floats[left + (aTransposed ? p * lda + i : i * lda + p)]!;
            terms[p] = x * floats[right + (bTransposed ? j * ldb + p : p * ldb + j)]!;
          }
          const at = to + i * n + j;
          floats[at] = sum(terms, added ? floats[at]! : 0, { m, n, k, added });
        }
    };
  };

const chain = (terms: Float32Array, begin = 0): number => {
  let sum = begin;
  for (const term of terms) sum = Math.fround(sum + term);
  return sum;
};

/** Sums every element in the same order, and adds the sum to what was there. */
const even = library((terms, before) => Math.fround(before + chain(terms)));
/** Sums backwards where a call has more than six rows. */
const byRows = library((terms, before, { m }) =>
  Math.fround(before + chain(m > 6 ? terms.toReversed() : terms)),
);
/** Begins a sum with what was there. */
const inPlace = library((terms, before) => chain(terms, before));
/** Leaves −0 where another call would leave +0. */
const signed = library((terms, before, { m }) => {
  const sum = terms.reduce((x, y) => Math.fround(x + y));
  return m > 6 ? sum : sum + before;
});

const SHAPE = { n: 20, k: 30, aRow: 30, aColumn: 1, bRow: 20, bColumn: 1, alignment: 0 };

/** The words of a row program of leaves with so many rows each. */
const program = (...rows: number[]): Int32Array =>
  new Int32Array([
    ...postOrder(0, rows.length).flatMap(({ shard, merges }) => [rows[shard]!, merges]),
    0,
    0,
  ]);

describe("a trial of fewer calls", () => {
  it("allows all rows in one call where a library sums them alike", () => {
    expect(rowsAgree(even, 6, { ...SHAPE, m: 16 })).toBe(true);
  });

  it("refuses it where a library sums in an order that depends on the rows of a call", () => {
    expect(rowsAgree(byRows, 6, { ...SHAPE, m: 16 })).toBe(false);
    expect(rowsAgree(byRows, 3, { ...SHAPE, m: 6 })).toBe(true);
    expect(rowsAgree(byRows, 7, { ...SHAPE, m: 16 })).toBe(false); // its last call has two rows
  });

  it("refuses it where only the sign of zeros depends on the rows of a call", () => {
    expect(rowsAgree(signed, 6, { ...SHAPE, m: 16 })).toBe(false);
  });

  it("refuses it where one row of many is summed otherwise", () => {
    let row = 0;
    const oneOff: MultiplyOver = (buffer) => {
      const [plain, backwards] = [even(buffer), library((t) => chain(t.toReversed()))(buffer)];
      return (aT, bT, m, n, k, a, lda, b, ldb, c, added) => {
        plain(aT, bT, m, n, k, a, lda, b, ldb, c, added);
        row = m - 1;
        if (m > 6)
          backwards(aT, bT, 1, n, k, a + 4 * row * lda, lda, b, ldb, c + 4 * row * n, added);
      };
    };
    expect(rowsAgree(oneOff, 6, { ...SHAPE, m: 16 })).toBe(false);
  });

  it("keeps the alignment of every operand", () => {
    const [a, b, c] = [64 * 5 + 4, 64 * 7 + 60, 64 * 9 + 32];
    const seen: number[][] = [];
    const watching: MultiplyOver = (buffer) => {
      const multiply = even(buffer);
      return (...call) => {
        seen.push([call[5] % 64, call[7] % 64, call[9] % 64]);
        multiply(...call);
      };
    };
    rowsAgree(watching, 16, { ...SHAPE, m: 16, alignment: alignmentOf(a, b, c) });
    expect(new Set(seen.map(String))).toEqual(new Set(["4,60,32"]));
  });

  it("allows adding a shard's product to another's where that is how a library adds", () => {
    const given = { block: 16, adding: false };
    for (const block of [16, 32, 48])
      expect(
        cutsAgree(even, given, { block, adding: true }, program(4, 4, 4, 3), 0, 40, 24, 0),
      ).toBe(true);
  });

  it("refuses it where a library begins its sums with what was there", () => {
    const cut = { block: 16, adding: true };
    const given = { block: 16, adding: false };
    expect(cutsAgree(inPlace, given, cut, program(4, 4), 0, 40, 24, 0)).toBe(false);
    expect(cutsAgree(inPlace, given, cut, program(8), 0, 40, 24, 0)).toBe(true);
  });

  it("refuses larger blocks where a library sums them otherwise", () => {
    const given = { block: 6, adding: false };
    expect(cutsAgree(byRows, given, { block: 12, adding: true }, program(4), 0, 30, 24, 0)).toBe(
      false,
    );
  });
});

/** What all parts of a batch give: rows of x·W and of dy·Wᵀ, and the sums of xᵀ·dy over the nodes that each holds. */
function passes(
  multiplyOver: MultiplyOver,
  merge: boolean,
  [k, n]: readonly [number, number],
  batch: { size: number; rows: number; shards: number; workers: number },
): { rows: Float32Array[]; sums: Float32Array[] } {
  const { productsOf, floats, sum } = workbench(multiplyOver, merge);
  const { parts } = cutBatch(batch.rows, batch.size, batch.shards, batch.workers);
  const products = productsOf({ rows: Math.ceil(batch.size / batch.shards), shards: batch.shards });
  const x = randoms(batch.rows * k, SEED + k);
  const dy = randoms(batch.rows * n, SEED + n);
  const weights = randoms(k * n, SEED);
  const of = (part: BatchPart, values: Float32Array, width: number): Float32Array =>
    values.subarray(part.firstRow * width, (part.firstRow + part.rows) * width);
  const [rows, sums]: Float32Array[][] = [[], []];
  for (const part of parts) {
    floats(B, weights);
    floats(A, of(part, x, k));
    products.gemm(part.rows, n, k, A, k, 1, B, n, 1, C, SCRATCH);
    rows!.push(floats(C, part.rows * n));
    floats(A, of(part, dy, n));
    products.gemm(part.rows, k, n, A, n, 1, B, 1, n, C, SCRATCH);
    rows!.push(floats(C, part.rows * k));
    floats(A, of(part, x, k));
    floats(B, of(part, dy, n));
    for (const { firstRow, rows: leaves, merges } of part.subtrees)
      sums!.push(
        sum(
          products,
          leaves.map((leaf, i) => ({ rows: leaf, merges: merges[i]! })),
          k,
          n,
          firstRow,
        ),
      );
  }
  return { rows: rows!, sums: sums! };
}

const openBlasLibrary = await openBlas().catch(() => null);

describe.each([
  ["a library that sums by rows", byRows, [[30, 20]]],
  ["a library that begins with what was there", inPlace, [[30, 20]]],
  ["a library that sums alike", even, [[30, 20]]],
  [
    "OpenBLAS",
    openBlasLibrary,
    [
      [30, 64],
      [7, 129],
      [300, 10],
      [200, 500],
    ],
  ],
] as const)("products of neighbouring shards by %s", (_, multiplyOver, shapes) => {
  it.runIf(multiplyOver !== null)(
    `have the same bytes in fewer calls, for 1 to 4 workers (random numbers of seed ${SEED})`,
    () => {
      for (const shape of shapes)
        for (const shards of [4, 8])
          for (const workers of [1, 2, 3, 4])
            for (const rows of shards === 4 ? [64, 45] : [64]) {
              const batch = { size: 64, rows, shards, workers };
              const apart = passes(multiplyOver!, false, shape, batch);
              const merged = passes(multiplyOver!, true, shape, batch);
              const name = `${shape.join(" × ")}, ${workers} workers, ${rows} rows, ${shards} shards`;
              for (const what of ["rows", "sums"] as const)
                apart[what].forEach((values, i) =>
                  expect(same(values, merged[what][i]!), `${what} of ${name}`).toBe(true),
                );
            }
    },
  );
});

describe("products of neighbouring shards", () => {
  it("take one call where a library sums alike", () => {
    let calls = 0;
    const counting: MultiplyOver = (buffer) => {
      const multiply = even(buffer);
      return (...call) => {
        calls += 1;
        multiply(...call);
      };
    };
    const { gemm, trials } = workbench(counting).productsOf({ rows: 8, shards: 4 });
    trials.gemm(16, 20, 30, A, 30, 1, B, 20, 1, C, SCRATCH);
    calls = 0;
    gemm(16, 20, 30, A, 30, 1, B, 20, 1, C, SCRATCH);
    expect(calls).toBe(1);
  });

  it("are tried without changing a number", () => {
    const { productsOf, floats } = workbench(even);
    const [x, weights, before] = [
      randoms(480, SEED),
      randoms(600, SEED + 1),
      randoms(320, SEED + 2),
    ];
    floats(A, x);
    floats(B, weights);
    floats(C, before);
    productsOf({ rows: 8, shards: 4 }).trials.gemm(16, 20, 30, A, 30, 1, B, 20, 1, C, SCRATCH);
    expect([floats(A, 480), floats(B, 600), floats(C, 320)]).toEqual([x, weights, before]);
  });
});
