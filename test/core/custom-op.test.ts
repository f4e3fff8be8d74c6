// Ops written by users.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  add,
  apply,
  checkGradients,
  compile,
  customOp,
  evaluate,
  exp,
  grad,
  hessian,
  input,
  item,
  mul,
  square,
  sum,
  tensor,
  toNested,
  type Value,
} from "@shardgrad/core";
import { expect, it } from "vitest";
import { softsign } from "../../examples/custom-op.mjs";

const EXAMPLE = fileURLToPath(new URL("../../examples/custom-op.mjs", import.meta.url));

it("the example runs and its gradient is right", () => {
  const output = execFileSync(process.execPath, [EXAMPLE], { encoding: "utf8" });
  expect(output).toMatch(
    /^gradient \[0\.0625,0\.25,0\.444\d*,0\.111\d*\]\nworst relative error \d\.\de-1\d\n$/,
  );
});

it("an op is differentiated twice when its rule is written in ops", () => {
  // y = x/(1 + x) for x > 0 ⇒ y″ = −2/(1 + x)³
  expect(Math.abs(item(hessian((x) => softsign(x))(1)) + 0.25)).toBeLessThan(1e-15);
  const [check] = checkGradients((x) => grad((z) => sum(softsign(z)))(x), [[0.5, -2, 3]]);
  expect(check!.worstRelative.relativeError).toBeLessThan(1e-9);
});

/** Σ of the labelled columns, times a factor: labels, attributes and several inputs in one op. */
const pick = customOp<{ readonly factor: number }>({
  name: "pick",
  i32: [1],
  shape: ([x = []]) => x.slice(0, 1),
  forward: (out, [x, labels], { inputs }, { factor }) => {
    const width = inputs[0]![1]!;
    for (let r = 0; r < out.length; r += 1) out[r] = factor * x![r * width + labels![r]!]!;
  },
});

it("an op takes labels and attributes", () => {
  const y = apply(
    pick,
    [
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor(Int32Array.of(1, 0)),
    ],
    { factor: 10 },
  );
  expect(toNested(evaluate([y])[0]!)).toEqual([20, 30]);
});

it("an op without rules cannot be differentiated, and the message names it", () => {
  const f = (x: Value): Value => sum(apply(pick, [x, tensor(Int32Array.of(0))], { factor: 1 }));
  expect(() => grad(f)([[1, 2]])).toThrow("pick has no gradient rule for input 0");
});

it("an op refuses real numbers where it takes labels", () => {
  expect(() => apply(pick, [tensor([[1]]), tensor([0])], { factor: 1 })).toThrow(
    "pick: input 1 [1] holds real numbers; i32 expected",
  );
});

it("an op's result starts as 0 in each run, whatever was there before", () => {
  const partly = customOp({
    name: "partly",
    shape: ([x = []]) => x,
    forward: (out, [x]) => {
      out[0]! += x![0]!;
    },
  });
  const x = input([3], "x");
  const run = compile([add(apply(partly, [exp(x)], {}), 0)], [x]);
  const results = [0, 0].map((n) => toNested(run([tensor([n, n, n])])[0]!));
  expect(results).toEqual([
    [1, 0, 0],
    [1, 0, 0],
  ]);
});

it("an op in f32 works on arrays of f32", () => {
  const kinds: string[] = [];
  const op = customOp({
    name: "kind",
    shape: ([x = []]) => x,
    forward: (out, [x]) => void kinds.push(out.constructor.name, x!.constructor.name),
  });
  const x = input([2], "x");
  for (const dtype of ["f32", "f64"] as const)
    compile([apply(op, [mul(x, 2)], {})], [x], { dtype })([tensor([1, 2])]);
  expect(kinds).toEqual(["Float32Array", "Float32Array", "Float64Array", "Float64Array"]);
});

it("a forward that evaluates a graph is told that it cannot", () => {
  const nested = customOp({
    name: "nested",
    shape: ([x = []]) => x,
    forward: () => void evaluate([square(2)]),
  });
  expect(() => evaluate([apply(nested, [1], {})])).toThrow(
    "a graph is being evaluated on this thread already",
  );
  expect(item(evaluate([square(2)])[0]!)).toBe(4);
});
