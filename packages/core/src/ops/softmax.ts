// Softmax and its logarithm over the last axis.
import { counter } from "../lowering.js";
import { elements, formatShape, type Shape } from "../shape.js";
import { apply, type Op, type Value, type ValueLike } from "../value.js";
import { mul, sub } from "./arithmetic.js";
import { only } from "./functions.js";
import { sum } from "./reduce.js";
import { broadcast, reshape } from "./shape.js";

const lastSize = (name: string, shape: Shape): number => {
  const size = shape.at(-1);
  if (size === undefined || size < 1)
    throw new RangeError(`${name}: ${formatShape(shape)} has no last axis to run over`);
  return size;
};

/** A value without its last axis, repeated along the last axis of `like`. */
export const alongLast = (x: Value, like: Value): Value =>
  broadcast(reshape(x, [...x.shape, 1]), like.shape);

function rowwise(name: "softmax" | "logSoftmax"): NonNullable<Op["lower"]> {
  return (k, out, [x]) => {
    const shape = x?.shape ?? [];
    const rows = counter(shape.slice(0, -1));
    const n = lastSize(name, shape);
    const kernel = k[name];
    return (work) => kernel(rows(work), n, x?.address ?? 0, out.address);
  };
}

// y = softmax x  ⇒  dx += y·(dy − Σ y·dy)
export const softmaxOp: Op = {
  name: "softmax",
  inPlace: true,
  shape: ([x]) => (lastSize("softmax", x ?? []), x ?? []),
  lower: rowwise("softmax"),
  vjp: [(dy, _, y) => mul(y, sub(dy, alongLast(sum(mul(y, dy), y.shape.length - 1), y)))],
};

// y = x − logΣeˣ  ⇒  dx += dy − softmax x·Σdy
export const logSoftmaxOp: Op = {
  name: "logSoftmax",
  inPlace: true,
  shape: ([x]) => (lastSize("logSoftmax", x ?? []), x ?? []),
  lower: rowwise("logSoftmax"),
  vjp: [
    (dy, inputs, y) =>
      sub(dy, mul(softmax(only(inputs)), alongLast(sum(dy, y.shape.length - 1), y))),
  ],
};

// y = logΣeˣ  ⇒  dx += softmax x·dy
export const logSumExpOp: Op = {
  name: "logSumExp",
  shape: ([x]) => (lastSize("logSumExp", x ?? []), (x ?? []).slice(0, -1)),
  lower: (k, out, [x]) => {
    const rows = counter(out.shape);
    const n = elements((x?.shape ?? []).slice(-1));
    return (work) => k.logSumExp(rows(work), n, x?.address ?? 0, out.address);
  },
  vjp: [(dy, inputs) => mul(softmax(only(inputs)), alongLast(dy, only(inputs)))],
};

/** eˣ/Σeˣ over the last axis. */
export const softmax = (x: ValueLike): Value => apply(softmaxOp, [x], {});
/** log softmax x over the last axis. */
export const logSoftmax = (x: ValueLike): Value => apply(logSoftmaxOp, [x], {});
/** log Σ eˣ over the last axis, which is removed. */
export const logSumExp = (x: ValueLike): Value => apply(logSumExpOp, [x], {});
