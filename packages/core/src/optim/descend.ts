// Gradient descent on any function, to the point where nothing changes any more.
import { gradients } from "../autodiff.js";
import { compile } from "../evaluate.js";
import type { Dtype } from "../kernels.js";
import { mul, sub } from "../ops/arithmetic.js";
import { formatShape } from "../shape.js";
import { tensor, type NestedNumbers, type Tensor } from "../tensor.js";
import { input, type Value } from "../value.js";

/** How `descend` goes. */
export interface DescentOptions {
  /** η: how far a step goes along the gradient. */
  readonly lr: number;
  /**
   * Ends when no number of θ changes by more than this in a step. Default 0: when a step leaves every bit as it is. That
   * need not happen, as rounding may take the last bits around in a circle; then `maxSteps` ends the descent.
   */
  readonly tolerance?: number | undefined;
  /** Ends after so many steps in any case. Default 100,000. */
  readonly maxSteps?: number | undefined;
  /** The numbers it computes with. Default f64. */
  readonly dtype?: Dtype | undefined;
}

/** Where a descent ended. */
export interface Descent {
  readonly parameters: readonly Tensor[]; // θ, in the order of the start
  /** The cost of θ. */
  readonly cost: number;
  readonly steps: number;
  /** Whether the change of θ came down to the tolerance; false when `maxSteps` ended it. */
  readonly converged: boolean;
}

/**
 * θ ← θ − η∇C(θ) until the change of θ is within the tolerance.
 * @param cost the function C of θ: values in the shapes of `start`, giving a single number
 * @param start θ⁰
 * @throws RangeError when the cost is no single number, or is not finite at a step
 */
export function descend(
  cost: (...parameters: Value[]) => Value,
  start: readonly (Tensor | NestedNumbers)[],
  options: DescentOptions,
): Descent {
  const { lr, tolerance = 0, maxSteps = 100_000, dtype = "f64" } = options;
  let at = start.map((value) =>
    rounded(typeof value === "object" && "data" in value ? value : tensor(value), dtype),
  );
  const leaves = at.map(({ shape }, i) => input(shape, `parameter ${i}`));
  const c = cost(...leaves);
  if (c.shape.length > 0)
    throw new RangeError(
      `descend: the cost ${formatShape(c.shape)} is not a single number; sum it`,
    );
  const next = gradients(c, leaves).map((gradient, i) => {
    const leaf = leaves[i] ?? c;
    return gradient === null ? leaf : sub(leaf, mul(lr, gradient));
  });
  const step = compile([c, ...next], leaves, { dtype });
  for (let steps = 0; ; steps += 1) {
    const [found, ...moved] = step(at);
    const value = found?.data[0] ?? Number.NaN;
    if (!Number.isFinite(value))
      throw new RangeError(
        `descend: the cost is ${value} after ${steps} steps with lr ${lr}; try a smaller lr`,
      );
    const converged = moved.every((parameter, i) =>
      isWithin(parameter, at[i] ?? parameter, tolerance),
    );
    if (converged || steps >= maxSteps) return { parameters: at, cost: value, steps, converged };
    at = moved;
  }
}

/** The numbers as the kernels of `dtype` hold them, so that the first step compares like with like. */
function rounded({ shape, data }: Tensor, dtype: Dtype): Tensor {
  return { shape, data: dtype === "f32" ? Float32Array.from(data) : Float64Array.from(data) };
}

/** Whether no number moved by more than the tolerance; with tolerance 0, whether every bit is as it was. */
function isWithin(a: Tensor, b: Tensor, tolerance: number): boolean {
  for (let i = 0; i < a.data.length; i += 1) {
    const x = a.data[i] ?? 0;
    const y = b.data[i] ?? 0;
    if (tolerance === 0 ? !Object.is(x, y) : !(Math.abs(x - y) <= tolerance)) return false;
  }
  return true;
}
