// Products by the system's OpenBLAS, called through koffi straight on the shared memory. Optional, and only for f32.
import { readFileSync } from "node:fs";
import { SCRATCH_BYTES, type Address, type KernelExports, type Kernels } from "./kernels.js";

/** The kernels that a BLAS takes over. */
export type Products = Pick<KernelExports, "gemm" | "gemmTree">;

/** Where the library is looked for, in this order; OPENBLAS_LIBRARY goes before. */
const LIBRARIES = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll"];

const ROW_MAJOR = 101;
const PLAIN = 111;
const TRANSPOSED = 112;

/**
 * Weights with fewer elements than this are multiplied by Wasm: a call costs more than the product. It is fixed, and
 * looks at the model's shape only, never at the rows, so that a row's result does not depend on the rows beside it.
 */
const FEWEST_ELEMENTS = 512;

/** OpenBLAS packs neither matrix for a product of at most so many multiplications. */
const UNPACKED_PRODUCTS = 1e6;

/** Elements of a gradient that stay in cache while they are summed. */
const BLOCK_ELEMENTS = 1 << 15;

/** Rows of a gradient for which packing pays. */
const PACKED_ROWS = 256;

/** How the rows of a batch are cut into calls. */
export interface Calls {
  /** Rows of a call, but for the last one. */
  readonly rows: number;
  /** Shards of a batch: more than these are never summed. */
  readonly shards: number;
}

type Sgemm = (
  order: number,
  transA: number,
  transB: number,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  beta: number,
  c: number,
  ldc: number,
) => void;

/** The part of koffi that is used. */
interface Koffi {
  load(path: string): { func(signature: string): unknown };
  address(value: ArrayBufferView): bigint;
}

/**
 * Sets what OpenBLAS reads once when it is loaded: a core type with AVX-512 kernels on AMD processors that have AVX-512,
 * which older versions of the library do not know. Call it in the main thread before any thread loads the library.
 */
export function prepareBlas(): void {
  if (process.env["OPENBLAS_CORETYPE"] !== undefined || process.platform !== "linux") return;
  let info = "";
  try {
    info = readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return;
  }
  const has = (flag: string): boolean => new RegExp(`^flags.*\\b${flag}\\b`, "m").test(info);
  if (
    info.includes("AuthenticAMD") &&
    has("avx512f") &&
    has("avx512dq") &&
    has("avx512bw") &&
    has("avx512vl")
  )
    process.env["OPENBLAS_CORETYPE"] = "SkylakeX";
}

/** Loads koffi and the library, as threads do later. Throws Error with a remedy when one of them is missing. */
export async function requireBlas(): Promise<void> {
  prepareBlas();
  loadLibrary(await importKoffi());
}

/**
 * Products by OpenBLAS over the kernels' memory, one BLAS thread each. A call's bits may depend on how many rows it has:
 * rows are multiplied a call's worth at a time, and the products of shards are summed here as the reduction tree says.
 * Small ones stay with the kernels.
 * Throws Error with a remedy when koffi or the library is missing.
 */
export async function loadBlas(kernels: Kernels): Promise<(calls: Calls) => Products> {
  const koffi = await importKoffi();
  const library = loadLibrary(koffi);
  const sgemm = library.func(
    "void cblas_sgemm(int,int,int,int,int,int,float,void*,int,void*,int,float,void*,int)",
  ) as Sgemm;
  const setThreads = library.func("void openblas_set_num_threads(int)") as (
    threads: number,
  ) => void;
  setThreads(1);
  const { memory } = kernels;
  const base = Number(koffi.address(new Uint8Array(memory.buffer)));
  const words = new Int32Array(memory.buffer);

  // block = Σ over leaves of aᵀ·b for some columns of a; the sums that wait lie on a stack, of which the block is the lowest.
  const sumLeaves = (
    program: Address,
    columns: number,
    m: number,
    n: number,
    a: Address,
    b: Address,
    block: Address,
    scratch: Address,
  ): void => {
    const level = 4 * columns * n;
    const sum = (height: number): Address =>
      height === 0 ? block : scratch + (height - 1) * level;
    let height = 0;
    let first = 0; // row of the leaf
    for (let at = program >> 2; ; at += 2) {
      const rows = words[at] ?? 0;
      if (rows === 0) return;
      const left = base + a + 4 * first * m;
      const right = base + b + 4 * first * n;
      const to = base + sum(height);
      sgemm(ROW_MAJOR, TRANSPOSED, PLAIN, columns, n, rows, 1, left, m, right, n, 0, to, n);
      height += 1;
      first += rows;
      for (let merges = words[at + 1] ?? 0; merges > 0; merges -= 1) {
        height -= 1;
        const [x, y] = [sum(height - 1), sum(height)];
        kernels.add(1, columns * n, x, 0, 1, y, 0, 1, x);
      }
    }
  };

  return (calls) => ({
    gemm: (m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, scratch) => {
      if (n * k < FEWEST_ELEMENTS) {
        kernels.gemm(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, scratch);
        return;
      }
      const transA = aColumn === 1 ? PLAIN : TRANSPOSED;
      const transB = bColumn === 1 ? PLAIN : TRANSPOSED;
      const lda = aColumn === 1 ? Math.max(aRow, k) : aColumn;
      const ldb = bColumn === 1 ? Math.max(bRow, n) : bColumn;
      for (let row = 0; row < m; row += calls.rows) {
        const rows = Math.min(calls.rows, m - row);
        const left = base + a + 4 * row * aRow;
        const to = base + c + 4 * row * n;
        sgemm(ROW_MAJOR, transA, transB, rows, n, k, 1, left, lda, base + b, ldb, 0, to, n);
      }
    },
    gemmTree: (program, m, n, a, b, c, scratch) => {
      if (m * n < FEWEST_ELEMENTS || blockRows(n, calls) === 0 || words[program >> 2] === 0) {
        kernels.gemmTree(program, m, n, a, b, c, scratch);
        return;
      }
      const block = blockRows(n, calls);
      for (let column = 0; column < m; column += block) {
        const columns = Math.min(block, m - column);
        sumLeaves(program, columns, m, n, a + 4 * column, b, c + 4 * column * n, scratch);
      }
    },
  });
}

/**
 * Rows of a gradient of n columns that are multiplied and summed over the shards together, so that they stay in a core's own
 * cache: few enough for OpenBLAS to multiply a shard without packing it, or many if that takes too few.
 * 0 when there is not room for one.
 */
function blockRows(n: number, { rows, shards }: Calls): number {
  const waiting = Math.max(1, 32 - Math.clz32(shards - 1)); // ⌈log₂ shards⌉ sums besides the one in place
  const room = Math.floor(SCRATCH_BYTES / 4 / n / waiting);
  const unpacked = Math.floor(Math.min(BLOCK_ELEMENTS, UNPACKED_PRODUCTS / rows) / n);
  const block = Math.min(room, unpacked < 32 ? PACKED_ROWS : unpacked);
  return block < 16 ? block : block & ~15; // whole vectors
}

async function importKoffi(): Promise<Koffi> {
  const name = "koffi"; // an optional peer: not resolved by the compiler
  try {
    const module = (await import(name)) as { default: Koffi };
    return module.default;
  } catch (cause) {
    throw new Error("backend blas: the package koffi is missing; npm install koffi", { cause });
  }
}

function loadLibrary(koffi: Koffi): { func(signature: string): unknown } {
  const own = process.env["OPENBLAS_LIBRARY"];
  const names = own === undefined ? LIBRARIES : [own, ...LIBRARIES];
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch {
      // the next one
    }
  }
  throw new Error(
    `backend blas: no OpenBLAS found (looked for ${names.join(", ")}); install it (Debian: apt install libopenblas0) or set OPENBLAS_LIBRARY`,
  );
}
