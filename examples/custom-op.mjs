// An op of your own: its numbers computed with arrays, its gradient written in ops. Run it: node examples/custom-op.mjs
import { fileURLToPath } from "node:url";
import {
  abs,
  add,
  apply,
  checkGradients,
  customOp,
  div,
  grad,
  square,
  sum,
  tensor,
  toNested,
} from "@shardgrad/core";

// y = x/(1 + |x|)  ⇒  dx += dy/(1 + |x|)²
export const softsignOp = customOp({
  name: "softsign",
  shape: ([x = []]) => x,
  forward: (y, [x = []]) => {
    for (let i = 0; i < y.length; i += 1) y[i] = (x[i] ?? 0) / (1 + Math.abs(x[i] ?? 0));
  },
  vjp: [(dy, [x]) => div(dy, square(add(1, abs(x ?? 0))))],
});

/**
 * x/(1 + |x|), elementwise.
 * @param {import("@shardgrad/core").ValueLike} x
 */
export const softsign = (x) => apply(softsignOp, [x], {});

// Run as a program, it shows the gradient and compares it with differences of the values.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const x = tensor([-3, -1, 0.5, 2]);
  console.log("gradient", JSON.stringify(toNested(grad((x) => sum(softsign(x)))(x))));
  for (const { worstRelative } of checkGradients(softsign, [x])) {
    console.log(`worst relative error ${worstRelative.relativeError.toExponential(1)}`);
    if (!(worstRelative.relativeError < 1e-7)) process.exitCode = 1;
  }
}
