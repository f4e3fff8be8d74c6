// Elementary functions of one variable, elementwise.
import { elementwise } from "../lowering.js";
import { apply, lift, type Op, type Value, type ValueLike, type Vjp } from "../value.js";
import { add, div, mul, neg, square, sub } from "./arithmetic.js";

type FunctionKernel = "exp" | "log" | "sqrt" | "sin" | "cos" | "erf" | "abs" | "sign" | "step";

function unary(name: FunctionKernel, vjp: Vjp<object>): Op {
  return {
    name,
    inPlace: true,
    shape: ([x]) => x ?? [],
    lower: (k, out, [x]) => {
      const kernel = k[name];
      return elementwise(out, (n) => kernel(n, x?.address ?? 0, out.address));
    },
    vjp: [vjp],
  };
}

/** The only input of a unary op. */
export function only(inputs: readonly Value[]): Value {
  const [x] = inputs;
  if (x === undefined) throw new RangeError("one input expected");
  return x;
}

/** The two inputs of a binary op. */
export function pair(inputs: readonly Value[]): readonly [Value, Value] {
  const [a, b] = inputs;
  if (a === undefined || b === undefined) throw new RangeError("two inputs expected");
  return [a, b];
}

// y = eˣ  ⇒  dx += y·dy
export const expOp: Op = unary("exp", (dy, _, y) => mul(dy, y));
// y = log x  ⇒  dx += dy/x
export const logOp: Op = unary("log", (dy, inputs) => div(dy, only(inputs)));
// y = √x  ⇒  dx += dy/(2y)
export const sqrtOp: Op = unary("sqrt", (dy, _, y) => div(mul(dy, 0.5), y));
// y = sin x  ⇒  dx += cos x·dy
export const sinOp: Op = unary("sin", (dy, inputs) => mul(dy, cos(only(inputs))));
// y = cos x  ⇒  dx −= sin x·dy
export const cosOp: Op = unary("cos", (dy, inputs) => neg(mul(dy, sin(only(inputs)))));
// y = erf x  ⇒  dx += 2/√π·e^(−x²)·dy
export const erfOp: Op = unary("erf", (dy, inputs) =>
  mul(dy, mul(TWO_OVER_SQRT_PI, exp(neg(square(only(inputs)))))),
);
// y = |x|  ⇒  dx += sign x·dy, 0 at the kink
export const absOp: Op = unary("abs", (dy, inputs) => mul(dy, sign(only(inputs))));
// y = sign x  ⇒  dx += 0, also at the jump
export const signOp: Op = unary("sign", (dy) => mul(dy, 0));
// y = [x > 0]  ⇒  dx += 0, also at the jump
export const stepOp: Op = unary("step", (dy) => mul(dy, 0));

const TWO_OVER_SQRT_PI = 1.1283791670955126;

/** eˣ. */
export const exp = (x: ValueLike): Value => apply(expOp, [x], {});
/** The natural logarithm; −∞ at 0, NaN below. */
export const log = (x: ValueLike): Value => apply(logOp, [x], {});
/** √x; gradient ∞ at 0. */
export const sqrt = (x: ValueLike): Value => apply(sqrtOp, [x], {});
/** sin x, x in radians. */
export const sin = (x: ValueLike): Value => apply(sinOp, [x], {});
/** cos x, x in radians. */
export const cos = (x: ValueLike): Value => apply(cosOp, [x], {});
/** The error function 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf = (x: ValueLike): Value => apply(erfOp, [x], {});
/** |x|; gradient 0 at 0. */
export const abs = (x: ValueLike): Value => apply(absOp, [x], {});
/** −1, 0 or 1; gradient 0. */
export const sign = (x: ValueLike): Value => apply(signOp, [x], {});
/** 1 where x > 0, else 0; gradient 0. */
export const step = (x: ValueLike): Value => apply(stepOp, [x], {});

/**
 * x·log y with 0·log 0 = 0, as entropies and likelihoods need it, for y ≥ 0; the gradients at (0, 0) are 0.
 */
export function xlogy(x: ValueLike, y: ValueLike): Value {
  const [factor, of] = [lift(x), lift(y)];
  // 1 where both are 0, else 0: it moves the logarithm's argument from 0 to 1 there.
  const bothZero = mul(sub(1, abs(sign(factor))), sub(1, abs(sign(of))));
  return mul(factor, log(add(of, bothZero)));
}
