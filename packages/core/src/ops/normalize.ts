// Norms and normalisation over the last axis.
import { counter } from "../lowering.js";
import { formatShape } from "../shape.js";
import { apply, lift, type Op, type Value, type ValueLike } from "../value.js";
import { add, div, mul, square, sub } from "./arithmetic.js";
import { only, sqrt, step } from "./functions.js";
import { mean } from "./reduce.js";
import { reshape } from "./shape.js";
import { alongLast } from "./softmax.js";

// y = √Σx²  ⇒  dx += x/y·dy, 0 at x = 0: there y + [y = 0] is 1
export const normOp: Op = {
  name: "norm",
  shape: ([x]) => {
    const size = x?.at(-1);
    if (x === undefined || size === undefined || size < 1)
      throw new RangeError(`norm: ${formatShape(x ?? [])} has no last axis to run over`);
    return x.slice(0, -1);
  },
  lower: (k, out, [x]) => {
    const rows = counter(out.shape);
    const n = x?.shape.at(-1) ?? 0;
    return (work) => k.norm(rows(work), n, x?.address ?? 0, out.address);
  },
  vjp: [
    (dy, inputs, y) => {
      const x = only(inputs);
      const column = (v: Value): Value => reshape(v, [...v.shape, 1]);
      return div(mul(x, column(dy)), column(add(y, sub(1, step(y)))));
    },
  ],
};

/** The Euclidean norm √Σx² over the last axis, which is removed. The gradient at 0 is 0. */
export const norm = (x: ValueLike): Value => apply(normOp, [x], {});

/** What layerNorm adds to its normalisation. */
export interface LayerNormOptions {
  /** Factor of each element of the last axis, [n]. Default 1. */
  readonly gain?: ValueLike | undefined;
  /** Added to each element of the last axis, [n]. Default 0. */
  readonly bias?: ValueLike | undefined;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number | undefined;
}

/**
 * gain·(x − mean)/√(variance + ε) + bias over the last axis, with the variance that divides by n
 * (Ba, Kiros & Hinton 2016).
 */
export function layerNorm(
  x: ValueLike,
  { gain, bias, epsilon = 1e-5 }: LayerNormOptions = {},
): Value {
  const value = lift(x);
  const last = value.shape.length - 1;
  const centred = sub(value, alongLast(mean(value, last), value));
  const deviation = sqrt(add(mean(square(centred), last), epsilon));
  const normal = div(centred, alongLast(deviation, value));
  const scaled = gain === undefined ? normal : mul(normal, gain);
  return bias === undefined ? scaled : add(scaled, bias);
}
