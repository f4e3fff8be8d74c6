// The matrix products against their definition: one chain of rounded multiply and add per element and leaf.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Dtype } from "../../packages/core/dist/kernels.js";
import { loadKernels, SCRATCH_BYTES } from "../../packages/core/dist/kernels.js";
import { postOrder, programWords, split, writeProgram } from "../../packages/core/dist/tree.js";

type Reals = Float32Array | Float64Array;

/** How a matrix [rows, columns] lies in memory: the strides of a row and of a column, in elements. */
interface Layout {
  readonly row: number;
  readonly column: number;
}

const plain = (_rows: number, columns: number): Layout => ({ row: columns, column: 1 });
const transposed = (rows: number, _columns: number): Layout => ({ row: 1, column: rows });
const spaced = (_rows: number, columns: number): Layout => ({ row: columns + 3, column: 1 });
const spacedTransposed = (rows: number, _columns: number): Layout => ({ row: 1, column: rows + 5 });

/** A stream of numbers in [0, 1) from a seed. */
function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** The kernels of one number type with a memory of their own, and what the tests do with them. */
function workbench(dtype: Dtype) {
  const pages = 128;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels = loadKernels(dtype, memory);
  const round = dtype === "f32" ? Math.fround : (x: number): number => x;
  const make = dtype === "f32" ? Float32Array : Float64Array;
  const end = pages << 16;
  const program = 1024;
  const scratch = 1 << 20;
  const first = scratch + SCRATCH_BYTES;
  const all = new make(memory.buffer);
  const words = new Int32Array(memory.buffer);

  /** Random values, some of them zero and some with a large spread, so that any change of order shows. */
  const values = (count: number, random: () => number): Reals => {
    const out = new make(count);
    for (let i = 0; i < count; i += 1)
      out[i] = random() < 0.05 ? 0 : (random() - 0.5) * (random() < 0.1 ? 1000 : 1);
    return out;
  };

  /** Σ over p in [from, to) of A[i, p]·B[p, j], by its definition. */
  const chain = (
    a: Reals,
    la: Layout,
    i: number,
    b: Reals,
    lb: Layout,
    j: number,
    from: number,
    to: number,
  ): number => {
    let sum = 0;
    for (let p = from; p < to; p += 1) {
      sum = round(
        sum +
          round((a[i * la.row + p * la.column] ?? NaN) * (b[p * lb.row + j * lb.column] ?? NaN)),
      );
    }
    return sum;
  };

  const naive = (
    m: number,
    n: number,
    k: number,
    a: Reals,
    la: Layout,
    b: Reals,
    lb: Layout,
  ): Reals => {
    const c = new make(m * n);
    for (let i = 0; i < m; i += 1)
      for (let j = 0; j < n; j += 1) c[i * n + j] = chain(a, la, i, b, lb, j, 0, k);
    return c;
  };

  /** The sum of the leaves [lo, hi), leaf s holding rows starts[s] … starts[s + 1] − 1. */
  const naiveTree = (
    m: number,
    n: number,
    a: Reals,
    b: Reals,
    starts: readonly number[],
    lo: number,
    hi: number,
  ): Reals => {
    const c = new make(m * n);
    if (hi - lo === 1) {
      for (let i = 0; i < m; i += 1) {
        for (let j = 0; j < n; j += 1) {
          c[i * n + j] = chain(
            a,
            { row: 1, column: m },
            i,
            b,
            { row: n, column: 1 },
            j,
            starts[lo] ?? 0,
            starts[hi] ?? 0,
          );
        }
      }
      return c;
    }
    const middle = split(lo, hi);
    const left = naiveTree(m, n, a, b, starts, lo, middle);
    const right = naiveTree(m, n, a, b, starts, middle, hi);
    return c.map((_, i) => round((left[i] ?? NaN) + (right[i] ?? NaN)));
  };

  /** Lays A and B flush with the end of memory and C between two guards, runs `call`, and returns C. */
  const run = (
    a: Reals,
    b: Reals,
    count: number,
    call: (a: number, b: number, c: number) => void,
  ): Reals => {
    const bAt = end - b.byteLength;
    const aAt = bAt - a.byteLength;
    const at = first / kernels.bytes + 4; // the guard before C is the one behind scratch, too
    if ((at + count + 16) * kernels.bytes > aAt)
      throw new RangeError(`run: ${end} bytes of memory are too few`);
    all.set(b, bAt / kernels.bytes);
    all.set(a, aAt / kernels.bytes);
    all.fill(NaN, at, at + count);
    all.fill(12345, at - 4, at);
    all.fill(12345, at + count, at + count + 4);
    call(aAt, bAt, at * kernels.bytes);
    expect([...all.subarray(at - 4, at), ...all.subarray(at + count, at + count + 4)]).toEqual(
      new Array(8).fill(12345),
    );
    return all.slice(at, at + count);
  };

  const gemm = (
    m: number,
    n: number,
    k: number,
    a: Reals,
    la: Layout,
    b: Reals,
    lb: Layout,
  ): Reals =>
    run(a, b, m * n, (aAt, bAt, cAt) => {
      kernels.gemm(m, n, k, aAt, la.row, la.column, bAt, lb.row, lb.column, cAt, scratch);
    });

  /** `a` is [rows, m] and `b` [rows, n], the rows cut into leaves of these sizes. */
  const gemmTree = (m: number, n: number, a: Reals, b: Reals, sizes: readonly number[]): Reals => {
    const merges = sizes.length === 0 ? [] : postOrder(0, sizes.length).map((leaf) => leaf.merges);
    if (program + 4 * programWords(sizes.length) > scratch)
      throw new RangeError(`gemmTree: ${sizes.length} leaves`);
    writeProgram(words, program / 4, sizes, merges);
    return run(a, b, m * n, (aAt, bAt, cAt) => {
      kernels.gemmTree(program, m, n, aAt, bAt, cAt, scratch);
    });
  };

  return { kernels, values, naive, naiveTree, gemm, gemmTree };
}

/** Fails with the first element in which two results differ; NaN equals NaN, and −0 differs from 0. */
function expectSame(actual: Reals, expected: Reals, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const at = actual.findIndex((x, i) => !Object.is(x, expected[i]));
  if (at >= 0) expect.fail(`${what}: element ${at} is ${actual[at]} and should be ${expected[at]}`);
}

const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 16, 17, 31, 33];
const seed = 20240607;

/** The elements that a matrix of this layout spans. */
const span = (rows: number, columns: number, { row, column }: Layout): number =>
  rows === 0 || columns === 0 ? 0 : (rows - 1) * row + (columns - 1) * column + 1;

describe.each(["f32", "f64"] as const)("matrix products in %s", (dtype) => {
  const { kernels, values, naive, naiveTree, gemm, gemmTree } = workbench(dtype);

  const check = (
    m: number,
    n: number,
    k: number,
    la: Layout,
    lb: Layout,
    random: () => number,
  ): void => {
    const a = values(span(m, k, la), random);
    const b = values(span(k, n, lb), random);
    const what = `gemm m=${m} n=${n} k=${k} A ${la.row},${la.column} B ${lb.row},${lb.column} seed=${seed}`;
    expectSame(gemm(m, n, k, a, la, b, lb), naive(m, n, k, a, la, b, lb), what);
  };

  const checkTree = (
    m: number,
    n: number,
    leaves: readonly number[],
    random: () => number,
  ): void => {
    const starts = [0];
    for (const size of leaves) starts.push((starts.at(-1) ?? 0) + size);
    const rows = starts.at(-1) ?? 0;
    const a = values(rows * m, random);
    const b = values(rows * n, random);
    const what = `gemmTree m=${m} n=${n} leaves of ${leaves.slice(0, 20).join(",")} seed=${seed}`;
    expectSame(gemmTree(m, n, a, b, leaves), naiveTree(m, n, a, b, starts, 0, leaves.length), what);
  };

  it("gemm is the chain over p to the bit, for every layout and many small sizes", () => {
    const random = stream(seed);
    const pick = (): number => sizes[Math.floor(random() * sizes.length)] ?? 0;
    for (const layoutA of [plain, transposed, spaced, spacedTransposed]) {
      for (const layoutB of [plain, transposed, spaced, spacedTransposed]) {
        for (let round = 0; round < 60; round += 1) {
          const [m, n, k] = [pick(), pick(), pick()];
          check(m, n, k, layoutA(m, k), layoutB(k, n), random);
        }
      }
    }
  });

  it("gemm is the chain over p to the bit across the borders of its blocks", () => {
    const random = stream(seed + 1);
    for (const [m, n, k] of [
      [257, 33, 31],
      [9, 257, 17],
      [7, 10, 1030],
      [67, 257, 70],
      [30, 300, 600],
      [257, 9, 513],
      [50, 70, 530],
      [1030, 4, 9],
      [2060, 1, 5],
    ] as const) {
      for (const layoutA of [plain, transposed]) {
        for (const layoutB of [plain, transposed])
          check(m, n, k, layoutA(m, k), layoutB(k, n), random);
      }
    }
  });

  it("gemm of no p is zero", () => {
    const none = values(0, stream(1));
    expectSame(
      gemm(3, 5, 0, none, plain(3, 0), none, plain(0, 5)),
      values(15, () => 0),
      "k = 0",
    );
  });

  it("a row of gemm has the same bits whatever rows are beside it", () => {
    const random = stream(seed + 2);
    for (const [m, n, k] of [
      [70, 43, 65],
      [26, 2, 600],
    ] as const) {
      for (const layoutB of [plain, transposed]) {
        const a = values(m * k, random);
        const b = values(k * n, random);
        const lb = layoutB(k, n);
        const together = gemm(m, n, k, a, plain(m, k), b, lb);
        for (const [from, to] of [
          [0, 1],
          [1, 2],
          [m - 1, m],
          [3, 8],
          [5, 25],
        ] as const) {
          const some = gemm(to - from, n, k, a.slice(from * k, to * k), plain(to - from, k), b, lb);
          expectSame(
            some,
            together.slice(from * n, to * n),
            `rows ${from}…${to - 1} of ${m} seed=${seed}`,
          );
        }
      }
    }
  });

  it("gemm propagates NaN and infinities to exactly the elements they belong to", () => {
    const random = stream(seed + 3);
    for (const [m, n, k] of [
      [6, 11, 5],
      [33, 19, 40],
    ] as const) {
      for (const poison of [NaN, Infinity, -Infinity]) {
        const a = values(m * k, random);
        const b = values(k * n, random);
        a[(m - 1) * k + 1] = poison;
        b[2 * n + n - 1] = poison;
        b[n] = 0;
        expectSame(
          gemm(m, n, k, a, plain(m, k), b, plain(k, n)),
          naive(m, n, k, a, plain(m, k), b, plain(k, n)),
          `${poison} in ${m}, ${n}, ${k}`,
        );
      }
    }
  });

  it("gemm keeps denormals", () => {
    const tiny = dtype === "f32" ? 2 ** -140 : 2 ** -1060;
    const a = values(6, () => 0).map(() => tiny);
    const b = values(6, () => 0).map(() => 0.5);
    expectSame(
      gemm(2, 2, 3, a, plain(2, 3), b, plain(3, 2)),
      values(4, () => 0).map(() => tiny * 1.5),
      "denormals",
    );
  });

  it("gemmTree is the recursive sum over 1 … 17 uneven leaves to the bit", () => {
    const random = stream(seed + 4);
    for (let count = 1; count <= 17; count += 1) {
      for (const [m, n] of [
        [5, 10],
        [17, 31],
        [12, 3],
      ] as const) {
        checkTree(
          m,
          n,
          Array.from({ length: count }, () => 1 + Math.floor(random() * 9)),
          random,
        );
      }
    }
  });

  it("gemmTree is the recursive sum where leaves and blocks of p end at different rows", () => {
    const random = stream(seed + 5);
    for (const leaves of [
      [600, 1, 500, 7],
      [1, 1300],
      new Array<number>(21).fill(64),
      new Array<number>(64).fill(17),
    ]) {
      checkTree(11, 21, leaves, random);
      checkTree(33, 2, leaves, random);
    }
  });

  it("gemmTree is the recursive sum when the stacks of all tiles do not fit in scratch at once", () => {
    checkTree(150, 70, new Array<number>(520).fill(1), stream(seed + 6));
    checkTree(50, 255, new Array<number>(513).fill(1), stream(seed + 6));
  });

  it("gemmTree of one leaf is gemm with A transposed", () => {
    const random = stream(seed + 7);
    const [m, n, rows] = [37, 41, 530];
    const a = values(rows * m, random);
    const b = values(rows * n, random);
    expectSame(
      gemmTree(m, n, a, b, [rows]),
      gemm(m, n, rows, a, transposed(m, rows), b, plain(rows, n)),
      "one leaf",
    );
  });

  it("gemmTree takes 65,536 leaves", () => {
    checkTree(2, 3, new Array<number>(1 << 16).fill(1), stream(seed + 8));
  });

  it("gemmTree of no leaves is zero", () => {
    const none = values(0, stream(1));
    expectSame(
      gemmTree(3, 5, none, none, []),
      values(15, () => 0),
      "no leaves",
    );
  });

  it("the module has no data that an instance would write over shared memory", () => {
    expect(kernels.bytes).toBe(dtype === "f32" ? 4 : 8);
    const bytes = readFileSync(
      new URL(`../../packages/core/dist/kernels-${dtype}.wasm`, import.meta.url),
    );
    expect(sections(bytes)).not.toContain(11);
    expect(sections(bytes)).toContain(10);
  });
});

/** The ids of the sections of a WebAssembly binary (11: data, 10: code). */
function sections(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  let at = 8;
  while (at < bytes.length) {
    ids.push(bytes[at] ?? 0);
    at += 1;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at] ?? 0;
      at += 1;
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}
