// Dropout: a mask drawn from the counter-based generator, keyed by seed, step, row of the batch and layer.
import { counter } from "../lowering.js";
import { elements, type Shape } from "../shape.js";
import { apply, type Op, type Value } from "../value.js";
import { mul } from "./arithmetic.js";

interface MaskAttrs {
  readonly shape: Shape;
  readonly rate: number;
  readonly stream: number;
}

// A leaf: 0 with probability `rate`, else 1/(1 − rate). No input, so no gradient.
export const dropoutMaskOp: Op<MaskAttrs> = {
  name: "dropoutMask",
  shape: (_, { shape }) => shape,
  lower: (k, out, _, { shape, rate, stream }) => {
    const count = counter(shape);
    const perRow = elements(shape.slice(1));
    const keep = 1 / (1 - rate);
    return (work) => {
      const n = count(work);
      // The key holds seed and layer, the counter the step and the place in the batch.
      k.uniform(
        n,
        0,
        1,
        (work.seed ^ (stream * 0x9e3779b9)) | 0,
        work.step | 0,
        work.firstRow * perRow,
        out.address,
      );
      k.fill(1, rate, k.scratch);
      k.sub(1, n, out.address, n, 1, k.scratch, 0, 0, out.address);
      k.step(n, out.address, out.address);
      k.fill(1, keep, k.scratch);
      k.mul(1, n, out.address, n, 1, k.scratch, 0, 0, out.address);
    };
  },
};

/**
 * x with a part `rate` of its elements set to 0 and the others scaled by 1/(1 − rate).
 * `stream` tells the layers of a model apart.
 */
export function dropout(x: Value, rate: number, stream: number): Value {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout: rate ${rate} is not in [0, 1)`);
  return rate === 0 ? x : mul(x, apply(dropoutMaskOp, [], { shape: x.shape, rate, stream }));
}
