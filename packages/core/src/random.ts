// Random numbers as pure functions of keys: initial weights, orders of rows.
import { realView } from "./planner.js";
import type { Shape } from "./shape.js";
import { elements } from "./shape.js";
import type { Tensor } from "./tensor.js";
import type { InitSpec } from "./nn/spec.js";
import { withWorkspace } from "./workspace.js";

/**
 * The numbers 0…total − 1 in an order that depends on (seed, stream) only.
 * @param stream tells uses of one seed apart, e.g. the epoch
 * @param count how many of them, from the first; default all
 */
export function permutation(
  total: number,
  seed: number,
  stream: number,
  count: number = total,
): Int32Array {
  return withWorkspace("f64", count * 4, (k, at) => {
    k.permute(count, 0, total, seed | 0, stream | 0, at);
    return new Int32Array(k.memory.buffer, at, count).slice();
  });
}

/** Inputs and outputs of the layer that a parameter belongs to. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * The start values of a parameter in f32, from (seed, stream) only.
 * Glorot & Bengio 2010: limit √(6/(in + out)), sd √(2/(in + out)). He et al. 2015: limit √(6/in), sd √(2/in).
 */
export function initialValues(
  shape: Shape,
  init: InitSpec,
  { fanIn, fanOut }: Fans,
  seed: number,
  stream: number,
): Tensor {
  const n = elements(shape);
  const uniform = (low: number, high: number): Tensor => draw("uniform", low, high);
  const normal = (mean: number, sd: number): Tensor => draw("normal", mean, sd);
  const draw = (kernel: "uniform" | "normal", a: number, b: number): Tensor =>
    withWorkspace("f32", n * 4, (k, at) => {
      k[kernel](n, a, b, seed | 0, stream | 0, 0, at);
      return { shape, data: realView(k, at, n).slice() };
    });
  const filled = (value: number): Tensor => ({ shape, data: new Float32Array(n).fill(value) });
  switch (init.name) {
    case "normal":
      return normal(init.mean ?? 0, init.sd ?? 0.01);
    case "uniform":
      return uniform(init.low ?? -0.05, init.high ?? 0.05);
    case "glorotUniform": {
      const limit = Math.sqrt(6 / (fanIn + fanOut));
      return uniform(-limit, limit);
    }
    case "glorotNormal":
      return normal(0, Math.sqrt(2 / (fanIn + fanOut)));
    case "heUniform": {
      const limit = Math.sqrt(6 / fanIn);
      return uniform(-limit, limit);
    }
    case "heNormal":
      return normal(0, Math.sqrt(2 / fanIn));
    case "zeros":
      return filled(0);
    case "constant":
      return filled(init.value);
  }
}
