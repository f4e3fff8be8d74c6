// Products by the system's OpenBLAS, called through koffi straight on the shared memory. Optional, and only for f32.
import { readFileSync } from "node:fs";
import type { KernelExports, Kernels } from "./kernels.js";

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
 * Products by OpenBLAS over the kernels' memory, one BLAS thread each. Small ones stay with the kernels.
 * `gemmTree` takes programs of one leaf: a shard at a time.
 * Throws Error with a remedy when koffi or the library is missing.
 */
export async function loadBlas(kernels: Kernels): Promise<Products> {
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
  return {
    gemm: (m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, scratch) => {
      if (n * k < FEWEST_ELEMENTS) {
        kernels.gemm(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, scratch);
        return;
      }
      if (m === 0) return;
      const [transA, lda] = aColumn === 1 ? [PLAIN, Math.max(aRow, k)] : [TRANSPOSED, aColumn];
      const [transB, ldb] = bColumn === 1 ? [PLAIN, Math.max(bRow, n)] : [TRANSPOSED, bColumn];
      sgemm(ROW_MAJOR, transA, transB, m, n, k, 1, base + a, lda, base + b, ldb, 0, base + c, n);
    },
    gemmTree: (program, m, n, a, b, c, scratch) => {
      if (m * n < FEWEST_ELEMENTS) {
        kernels.gemmTree(program, m, n, a, b, c, scratch);
        return;
      }
      const at = program >> 2;
      if (words[at + 2] !== 0)
        throw new RangeError(
          "blas: a program of more than one leaf; shards are multiplied one by one",
        );
      sgemm(
        ROW_MAJOR,
        TRANSPOSED,
        PLAIN,
        m,
        n,
        words[at] ?? 0,
        1,
        base + a,
        m,
        base + b,
        n,
        0,
        base + c,
        n,
      );
    },
  };
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
