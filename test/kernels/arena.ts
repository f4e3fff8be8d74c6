// A kernel module over a small memory of its own, and what the kernel tests do with it: place arrays, read them back.
import type { Address, Dtype, Kernels } from "../../packages/core/dist/kernels.js";
import { loadKernels } from "../../packages/core/dist/kernels.js";

/** The kernels of one number type and a memory in which arrays are placed one behind the other. */
export interface Arena {
  readonly dtype: Dtype;
  readonly k: Kernels;
  /** Rounds to the number type. */
  readonly round: (x: number) => number;
  /** Working space for the kernels that ask for it. */
  readonly scratch: Address;
  /** Places numbers at an address that is a multiple of 16, plus `shift` elements. */
  readonly put: (values: ArrayLike<number>, shift?: number) => Address;
  readonly putInts: (values: ArrayLike<number>) => Address;
  readonly putBytes: (values: ArrayLike<number>) => Address;
  readonly putSingles: (values: ArrayLike<number>) => Address;
  /** Room for n elements, filled with a number that no kernel should leave behind. */
  readonly room: (n: number) => Address;
  readonly read: (address: Address, n: number) => number[];
  readonly readInts: (address: Address, n: number) => number[];
}

/** What unwritten elements hold. */
export const UNWRITTEN = -12345;

export function arena(dtype: Dtype, pages = 256): Arena {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const k = loadKernels(dtype, memory);
  const reals = dtype === "f32" ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  const ints = new Int32Array(memory.buffer);
  const octets = new Uint8Array(memory.buffer);
  const singles = new Float32Array(memory.buffer);
  const scratch = 1024;
  let next = 65536;
  const take = (bytes: number): Address => {
    const address = next;
    next += Math.ceil(bytes / 16) * 16 + 64;
    if (next > memory.buffer.byteLength)
      throw new RangeError(`arena: ${next} bytes do not fit; ask for more pages`);
    return address;
  };
  return {
    dtype,
    k,
    round: dtype === "f32" ? Math.fround : (x) => x,
    scratch,
    put: (values, shift = 0) => {
      const address = take((values.length + shift) * k.bytes) + shift * k.bytes;
      reals.set(values, address / k.bytes);
      return address;
    },
    putInts: (values) => {
      const address = take(values.length * 4);
      ints.set(values, address / 4);
      return address;
    },
    putBytes: (values) => {
      const address = take(values.length);
      octets.set(values, address);
      return address;
    },
    putSingles: (values) => {
      const address = take(values.length * 4);
      singles.set(values, address / 4);
      return address;
    },
    room: (n) => {
      const address = take(n * k.bytes);
      reals.fill(UNWRITTEN, address / k.bytes, address / k.bytes + n);
      return address;
    },
    read: (address, n) => Array.from(reals.subarray(address / k.bytes, address / k.bytes + n)),
    readInts: (address, n) => Array.from(ints.subarray(address / 4, address / 4 + n)),
  };
}

/** A stream of numbers in [0, 1) from a seed. */
export function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** n numbers from −size to size. */
export function numbers(n: number, random: () => number, size = 2): number[] {
  return Array.from({ length: n }, () => (2 * random() - 1) * size);
}

/** The distance between neighbouring numbers of the type around x. */
export function ulp(x: number, dtype: Dtype): number {
  const [digits, least] = dtype === "f32" ? [23, -126] : [52, -1022];
  const magnitude = Math.abs(x);
  if (magnitude < 2 ** least) return 2 ** (least - digits);
  let exponent = Math.floor(Math.log2(magnitude));
  if (2 ** exponent > magnitude) exponent -= 1;
  return 2 ** (exponent - digits);
}

export const DTYPES: readonly Dtype[] = ["f32", "f64"];
