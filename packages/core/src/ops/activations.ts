// Activations: each with its gradient as a fused op, whose meaning in other ops is beside it.
import { elementwise } from "../lowering.js";
import { apply, type Op, type Operand, type Value, type ValueLike } from "../value.js";
import { add, div, max, min, mul, neg, sub } from "./arithmetic.js";
import { abs, erf, exp, log, only, step } from "./functions.js";

type Curve = "tanh" | "sigmoid" | "relu" | "gelu" | "silu" | "softplus";

/** dx = f′·dy as one op; `slope` is f′ in other ops, of the activation's input x or output y. */
function gradient(curve: Curve, slope: (v: Value) => Value): Op {
  const name = `${curve}Grad` as const;
  return {
    name,
    inPlace: true,
    shape: ([v]) => v ?? [],
    lower: (k, out, [v, dy]) => {
      const kernel = k[name];
      return elementwise(out, (n) => kernel(n, address(v), address(dy), out.address));
    },
    expand: ([v, dy]) => mul(slope(given(v)), given(dy)),
  };
}

/** An activation; `curve` is what it means in other ops, `from` says what its gradient is computed from. */
function activation(name: Curve, from: "x" | "y", gradientOp: Op, curve: (x: Value) => Value): Op {
  return {
    name,
    inPlace: true,
    shape: ([x]) => x ?? [],
    lower: (k, out, [x]) => {
      const kernel = k[name];
      return elementwise(out, (n) => kernel(n, address(x), out.address));
    },
    expand: ([x]) => curve(given(x)),
    vjp: [(dy, inputs, y) => apply(gradientOp, [from === "x" ? only(inputs) : y, dy], {})],
  };
}

const address = (operand: Operand | undefined): number => operand?.address ?? 0;

function given(value: Value | undefined): Value {
  if (value === undefined) throw new RangeError("an input is missing");
  return value;
}

// y = tanh x  ⇒  dx += (1 − y²)·dy
export const tanhGradOp: Op = gradient("tanh", (y) => sub(1, mul(y, y)));
export const tanhOp: Op = activation("tanh", "y", tanhGradOp, (x) =>
  sub(mul(2, sigmoid(mul(2, x))), 1),
);

// y = σ(x) = 1/(1 + e⁻ˣ)  ⇒  dx += y(1 − y)·dy
export const sigmoidGradOp: Op = gradient("sigmoid", (y) => mul(y, sub(1, y)));
export const sigmoidOp: Op = activation("sigmoid", "y", sigmoidGradOp, (x) =>
  div(1, add(1, exp(neg(x)))),
);

// y = max(x, 0)  ⇒  dx += [x > 0]·dy: 0 at the kink; y > 0 exactly where x > 0
export const reluGradOp: Op = gradient("relu", (y) => step(y));
export const reluOp: Op = {
  ...activation("relu", "y", reluGradOp, (x) => max(x, 0)),
  afterAddingRow: "addRelu",
};

const normalCdf = (x: Value): Value => mul(0.5, add(1, erf(mul(x, SQRT_HALF))));
const normalDensity = (x: Value): Value => mul(INV_SQRT_TAU, exp(mul(-0.5, mul(x, x))));

// y = x·Φ(x)  ⇒  dx += (Φ(x) + x·φ(x))·dy
export const geluGradOp: Op = gradient("gelu", (x) => add(normalCdf(x), mul(x, normalDensity(x))));
export const geluOp: Op = activation("gelu", "x", geluGradOp, (x) => mul(x, normalCdf(x)));

// y = x·σ(x)  ⇒  dx += σ(x)(1 + x(1 − σ(x)))·dy
export const siluGradOp: Op = gradient("silu", (x) => {
  const s = sigmoid(x);
  return mul(s, add(1, mul(x, sub(1, s))));
});
export const siluOp: Op = activation("silu", "x", siluGradOp, (x) => mul(x, sigmoid(x)));

// y = log(1 + eˣ)  ⇒  dx += σ(x)·dy
export const softplusGradOp: Op = gradient("softplus", (x) => sigmoid(x));
export const softplusOp: Op = activation("softplus", "x", softplusGradOp, (x) =>
  add(max(x, 0), log(add(1, exp(neg(abs(x)))))),
);

const SQRT_HALF = Math.sqrt(0.5);
const INV_SQRT_TAU = 0.3989422804014327;

interface Slope {
  readonly slope: number;
}

// y = x where x > 0, else slope·x  ⇒  dx += (x > 0 ? 1 : slope)·dy: slope at the kink
export const leakyReluGradOp: Op<Slope> = {
  name: "leakyReluGrad",
  inPlace: true,
  shape: ([x]) => x ?? [],
  lower: (k, out, [x, dy], { slope }) =>
    elementwise(out, (n) => k.leakyReluGrad(n, slope, address(x), address(dy), out.address)),
  expand: ([x, dy], { slope }) => mul(add(slope, mul(1 - slope, step(given(x)))), given(dy)),
};
export const leakyReluOp: Op<Slope> = {
  name: "leakyRelu",
  inPlace: true,
  shape: ([x]) => x ?? [],
  lower: (k, out, [x], { slope }) =>
    elementwise(out, (n) => k.leakyRelu(n, slope, address(x), out.address)),
  expand: ([x], { slope }) => add(max(given(x), 0), mul(slope, min(given(x), 0))),
  vjp: [(dy, inputs, _, attrs) => apply(leakyReluGradOp, [only(inputs), dy], attrs)],
};

interface Alpha {
  readonly alpha: number;
}

// y = x where x > 0, else α(eˣ − 1)  ⇒  dx += (x > 0 ? 1 : α·eˣ)·dy: α at the kink
export const eluGradOp: Op<Alpha> = {
  name: "eluGrad",
  inPlace: true,
  shape: ([x]) => x ?? [],
  lower: (k, out, [x, dy], { alpha }) =>
    elementwise(out, (n) => k.eluGrad(n, alpha, address(x), address(dy), out.address)),
  expand: ([x, dy], { alpha }) => {
    const positive = step(given(x));
    return mul(add(positive, mul(sub(1, positive), mul(alpha, exp(min(given(x), 0))))), given(dy));
  },
};
export const eluOp: Op<Alpha> = {
  name: "elu",
  inPlace: true,
  shape: ([x]) => x ?? [],
  lower: (k, out, [x], { alpha }) =>
    elementwise(out, (n) => k.elu(n, alpha, address(x), out.address)),
  expand: ([x], { alpha }) => add(max(given(x), 0), mul(alpha, sub(exp(min(given(x), 0)), 1))),
  vjp: [(dy, inputs, _, attrs) => apply(eluGradOp, [only(inputs), dy], attrs)],
};

/** tanh x. */
export const tanh = (x: ValueLike): Value => apply(tanhOp, [x], {});
/** σ(x) = 1/(1 + e⁻ˣ). */
export const sigmoid = (x: ValueLike): Value => apply(sigmoidOp, [x], {});
/** max(x, 0); gradient 0 at 0. */
export const relu = (x: ValueLike): Value => apply(reluOp, [x], {});
/** x·Φ(x) with the exact normal distribution function. */
export const gelu = (x: ValueLike): Value => apply(geluOp, [x], {});
/** x·σ(x), also called swish. */
export const silu = (x: ValueLike): Value => apply(siluOp, [x], {});
/** log(1 + eˣ). */
export const softplus = (x: ValueLike): Value => apply(softplusOp, [x], {});
/** x where x > 0, else slope·x; gradient `slope` at 0. */
export const leakyRelu = (x: ValueLike, slope = 0.01): Value => apply(leakyReluOp, [x], { slope });
/** x where x > 0, else α(eˣ − 1); gradient α at 0, a kink unless α = 1. */
export const elu = (x: ValueLike, alpha = 1): Value => apply(eluOp, [x], { alpha });
