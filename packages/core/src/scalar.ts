// exp, log, sin, … of JavaScript numbers with the same bits on every machine, for schedules, metrics and encoders.
import { loadKernels, type Kernels } from "./kernels.js";

let kernels: Kernels | undefined;

/** The f64 kernels over a page of their own; the scalar functions touch no memory. */
function module(): Kernels {
  kernels ??= loadKernels("f64", new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
  return kernels;
}

/** eˣ, within 1 ulp. */
export function exp(x: number): number {
  return module().scalarExp(x);
}

/** The natural logarithm, within 1 ulp; −Infinity at 0, NaN below. */
export function log(x: number): number {
  return module().scalarLog(x);
}

/** sin x for x in radians, within 1 ulp for every finite x; NaN for ±Infinity. */
export function sin(x: number): number {
  return module().scalarSin(x);
}

/** cos x for x in radians, within 1 ulp for every finite x; NaN for ±Infinity. */
export function cos(x: number): number {
  return module().scalarCos(x);
}

/** The hyperbolic tangent, within 2 ulp. */
export function tanh(x: number): number {
  return module().scalarTanh(x);
}

/** x to the power y, within 1 ulp and exact where the power is a number of 64 bits; special cases as in ECMAScript's `**`. */
export function pow(x: number, y: number): number {
  return module().scalarPow(x, y);
}

/** The error function, 2/√π·∫₀ˣ e^(−t²) dt, within a few ulp. */
export function erf(x: number): number {
  return module().scalarErf(x);
}
