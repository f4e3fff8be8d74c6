// Products by the system's OpenBLAS, called through koffi straight on the shared memory. Optional, and only for f32.
import { readFileSync } from "node:fs";
import type { Kernels } from "../kernels.js";
import type { MultiplyOver } from "./calls.js";
import { productsBy, type Calls, type Products } from "./products.js";

/** Where the library is looked for, in this order; OPENBLAS_LIBRARY goes before. */
const LIBRARIES = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll"];

const ROW_MAJOR = 101;
const PLAIN = 111;
const TRANSPOSED = 112;

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
 * Throws Error with a remedy when koffi or the library is missing.
 */
export async function loadBlas(kernels: Kernels): Promise<(calls: Calls) => Products> {
  return productsBy(kernels, await openBlas());
}

/** The product of the system's OpenBLAS, with one thread. Throws Error with a remedy when koffi or the library is missing. */
export async function openBlas(): Promise<MultiplyOver> {
  const koffi = await importKoffi();
  const library = loadLibrary(koffi);
  const sgemm = library.func(
    "void cblas_sgemm(int,int,int,int,int,int,float,void*,int,void*,int,float,void*,int)",
  ) as Sgemm;
  const setThreads = library.func("void openblas_set_num_threads(int)") as (
    threads: number,
  ) => void;
  setThreads(1);
  return (buffer) => {
    const base = Number(koffi.address(new Uint8Array(buffer)));
    return (aTransposed, bTransposed, m, n, k, a, lda, b, ldb, c, added) => {
      const transA = aTransposed ? TRANSPOSED : PLAIN;
      const transB = bTransposed ? TRANSPOSED : PLAIN;
      const beta = added ? 1 : 0;
      sgemm(ROW_MAJOR, transA, transB, m, n, k, 1, base + a, lda, base + b, ldb, beta, base + c, n);
    };
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
