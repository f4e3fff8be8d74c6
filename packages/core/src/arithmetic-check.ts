// Whether this thread computes as the results assume: denormal numbers kept, sums rounded to the nearest even.
import type { Address, Kernels } from "./kernels.js";

/**
 * Throws Error when floating-point arithmetic on this thread is not IEEE's default: native code may have changed its mode.
 * @param at 64 bytes that may be overwritten
 */
export function checkArithmetic(kernels: Kernels, at: Address): void {
  const numbers = new Float32Array(kernels.memory.buffer, at, 12);
  const denormal = 2 ** -140;
  numbers.set([denormal, 1, 1, 2 ** 24], 0);
  numbers.set([0.5, 2 ** -24, 3 * 2 ** -24, 1], 4);
  kernels.mul(1, 1, at, 1, 1, at + 16, 1, 1, at + 32);
  kernels.add(1, 3, at + 4, 3, 1, at + 20, 3, 1, at + 36);
  const [half, even, up, large] = numbers.subarray(8);
  if (half !== denormal / 2)
    throw new Error(
      "arithmetic: denormal numbers become 0 on this thread; a native library may have set flush-to-zero",
    );
  if (even !== 1 || up !== 1 + 2 ** -22 || large !== 2 ** 24)
    throw new Error(
      "arithmetic: sums are not rounded to the nearest even on this thread; a native library may have changed the rounding mode",
    );
}
