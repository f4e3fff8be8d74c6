// Arithmetic with broadcasting: + − × ÷ −x xʸ max min.
import type { KernelExports, Kernels } from "../kernels.js";
import { broadcastStrides, elementwise, strided } from "../lowering.js";
import { broadcastShapes, sameShape } from "../shape.js";
import {
  apply,
  constant,
  constantData,
  lift,
  type Op,
  type Operand,
  type Run,
  type Value,
  type ValueLike,
  type Vjp,
} from "../value.js";
import { log, pair, sign } from "./functions.js";
import { sumTo } from "./reduce.js";

type BinaryKernel = "add" | "sub" | "mul" | "div" | "pow" | "max" | "min";

function lowerBinary(
  k: KernelExports & Pick<Kernels, "bytes">,
  name: BinaryKernel,
  out: Operand,
  [a, b]: readonly Operand[],
): Run {
  if (a === undefined || b === undefined) throw new RangeError(`${name} takes two inputs`);
  const kernel = k[name];
  if (sameShape(a.shape, b.shape))
    return elementwise(out, (n) => kernel(1, n, a.address, n, 1, b.address, n, 1, out.address));
  const strides = [
    broadcastStrides(a.shape, out.shape),
    broadcastStrides(b.shape, out.shape),
    broadcastStrides(out.shape, out.shape),
  ];
  return strided(
    out.shape,
    k.bytes,
    [a.address, b.address, out.address],
    strides,
    (outer, inner, at, o, i) =>
      kernel(
        outer,
        inner,
        at[0] ?? 0,
        o[0] ?? 0,
        i[0] ?? 0,
        at[1] ?? 0,
        o[1] ?? 0,
        i[1] ?? 0,
        at[2] ?? 0,
      ),
  );
}

function binary(name: BinaryKernel, da: Vjp<object>, db: Vjp<object>): Op {
  return {
    name,
    inPlace: true,
    shape: ([a, b]) => broadcastShapes(name, a ?? [], b ?? []),
    lower: (k, out, inputs) => lowerBinary(k, name, out, inputs),
    // A broadcast input collects the gradients of all its copies.
    vjp: [
      (dy, inputs, y, attrs) => sumTo(da(dy, inputs, y, attrs), shapeOf(inputs[0])),
      (dy, inputs, y, attrs) => sumTo(db(dy, inputs, y, attrs), shapeOf(inputs[1])),
    ],
  };
}

const shapeOf = (value: Value | undefined): readonly number[] => value?.shape ?? [];

// y = a + b  ⇒  da += dy, db += dy: the gradient distributor
export const addOp: Op = binary(
  "add",
  (dy) => dy,
  (dy) => dy,
);

// y = a − b  ⇒  da += dy, db −= dy
export const subOp: Op = binary(
  "sub",
  (dy) => dy,
  (dy) => neg(dy),
);

// y = a·b  ⇒  da += b·dy, db += a·dy: the swap multiplier
export const mulOp: Op = binary(
  "mul",
  (dy, inputs) => mul(dy, pair(inputs)[1]),
  (dy, inputs) => mul(dy, pair(inputs)[0]),
);

// y = a/b  ⇒  da += dy/b, db −= dy·y/b
export const divOp: Op = binary(
  "div",
  (dy, inputs) => div(dy, pair(inputs)[1]),
  (dy, inputs, y) => neg(div(mul(dy, y), pair(inputs)[1])),
);

// y = aᵇ  ⇒  da += b·aᵇ⁻¹·dy, db += log(a)·y·dy
export const powOp: Op = binary(
  "pow",
  (dy, inputs) => {
    const [a, b] = pair(inputs);
    // a⁰ is 1 also at a = 0, where the rule would give 0·∞.
    if (constantData(b)?.data.every((exponent) => exponent === 0) === true) return mul(dy, 0);
    return mul(dy, mul(b, pow(a, lessOne(b))));
  },
  (dy, inputs, y) => mul(dy, mul(y, log(pair(inputs)[0]))),
);

/** b − 1, as a constant when b is one. */
function lessOne(b: Value): Value {
  const data = constantData(b);
  return data === null
    ? sub(b, 1)
    : constant({ shape: data.shape, data: Float64Array.from(data.data, (x) => x - 1) });
}

/** 1 where a > b, ½ where they are equal, 0 where a < b: how max shares a gradient at a tie. */
function share(a: Value, b: Value): Value {
  return mul(add(sign(sub(a, b)), 1), 0.5);
}

// y = max(a, b)  ⇒  the larger input gets dy, equal inputs half each: the router
export const maxOp: Op = binary(
  "max",
  (dy, inputs) => mul(dy, share(...pair(inputs))),
  (dy, inputs) => mul(dy, sub(1, share(...pair(inputs)))),
);

// y = min(a, b)  ⇒  the smaller input gets dy, equal inputs half each
export const minOp: Op = binary(
  "min",
  (dy, inputs) => mul(dy, sub(1, share(...pair(inputs)))),
  (dy, inputs) => mul(dy, share(...pair(inputs))),
);

// y = −x  ⇒  dx −= dy
export const negOp: Op = {
  name: "neg",
  inPlace: true,
  shape: ([x]) => x ?? [],
  lower: (k, out, [x]) => elementwise(out, (n) => k.neg(n, x?.address ?? 0, out.address)),
  vjp: [(dy) => neg(dy)],
};

/** a + b, with broadcasting. */
export const add = (a: ValueLike, b: ValueLike): Value => apply(addOp, [a, b], {});
/** a − b, with broadcasting. */
export const sub = (a: ValueLike, b: ValueLike): Value => apply(subOp, [a, b], {});
/** a·b elementwise, with broadcasting. */
export const mul = (a: ValueLike, b: ValueLike): Value => apply(mulOp, [a, b], {});
/** a/b elementwise, with broadcasting. */
export const div = (a: ValueLike, b: ValueLike): Value => apply(divOp, [a, b], {});
/**
 * aᵇ elementwise, with broadcasting; special cases as in ECMAScript's `**`. The gradient with respect to b needs a > 0,
 * that with respect to a needs a ≠ 0 where b < 1, unless b is the constant 0.
 */
export const pow = (a: ValueLike, b: ValueLike): Value => apply(powOp, [a, b], {});
/** The larger of a and b; at a tie each gets half the gradient. */
export const max = (a: ValueLike, b: ValueLike): Value => apply(maxOp, [a, b], {});
/** The smaller of a and b; at a tie each gets half the gradient. */
export const min = (a: ValueLike, b: ValueLike): Value => apply(minOp, [a, b], {});
/** −x. */
export const neg = (x: ValueLike): Value => apply(negOp, [x], {});
/** x². */
export function square(x: ValueLike): Value {
  const value = lift(x);
  return mul(value, value);
}
