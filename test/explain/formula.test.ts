// Formulas: what they mean, what is refused, and what each function's gate passes back.
import { explain } from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { parseFormula } from "../../packages/cli/dist/explain/formula.js";
import { formulaCircuit, functionNames } from "../../packages/cli/dist/explain/gates.js";
import type { UsageError } from "../../packages/cli/dist/usage-error.js";

type Point = Readonly<Record<string, number>>;

const explained = (formula: string, at: Point) => {
  const { output, feeds } = formulaCircuit(parseFormula(formula), new Map(Object.entries(at)));
  return explain(output, feeds).nodes;
};
const valueOf = (formula: string, at: Point): number =>
  explained(formula, at).at(-1)!.result.data[0]!;
const gradientOf = (formula: string, at: Point, name: string): number =>
  explained(formula, at).find((node) => node.name === name)!.gradient!.data[0]!;

describe("a formula means what it means in mathematics", () => {
  it.each([
    ["x+2*3", 8],
    ["(x+2)*3", 12],
    ["x-2-3", -3],
    ["x-(2-3)", 3],
    ["12/x/3", 2],
    ["x^3^2", 512],
    ["(x^3)^2", 64],
    ["-x^2", -4],
    ["(-x)^2", 4],
    ["2^-x", 0.25],
    ["--x", 2],
    ["+x", 2],
    ["x*-3", -6],
    ["x**2", 4],
    ["x·3 − 4÷x", 4],
    ["2 × x", 4],
    ["1.5e1*x", 30],
    [".5*x", 1],
    ["max(x, 3, 1)", 3],
    ["min(x,3,1)", 1],
    ["ln(e^x)", 2],
    ["cos(pi*x)", 1],
    ["  x  +  1  ", 3],
  ])("%s is %d at x = 2", (formula, wanted) => {
    expect(valueOf(formula, { x: 2 })).toBeCloseTo(wanted, 12);
  });

  it("names may be Greek, with indices", () => {
    expect(valueOf("w₁*θ_2 + σ(β)", { "w₁": 2, θ_2: 3, β: 0 })).toBe(6.5);
  });

  it("e and π give way to variables of that name", () => {
    expect(valueOf("e*x", { e: 3, x: 2 })).toBe(6);
  });
});

describe("each function's gate passes back its derivative", () => {
  const unary = functionNames.filter((name) => name !== "max" && name !== "min");

  it.each(unary)("%s, by central differences", (name) => {
    for (const x of [0.3, 1.7]) {
      const h = 1e-5;
      const slope =
        (valueOf(`${name}(x)`, { x: x + h }) - valueOf(`${name}(x)`, { x: x - h })) / (2 * h);
      const gate = explained(`${name}(x)`, { x }).at(-1)!;
      expect(gate.inputs[0]!.local!).toBeCloseTo(slope, 8);
    }
  });

  it.each([
    ["x+y", 1, 1],
    ["x-y", 1, -1],
    ["x*y", 5, 2],
    ["x/y", 0.2, -0.08],
    ["x^y", 80, 32 * Math.log(2)],
    ["max(x,y)", 0, 1],
    ["min(x,y)", 1, 0],
  ])("%s at x = 2, y = 5", (formula, dx, dy) => {
    expect(gradientOf(formula, { x: 2, y: 5 }, "x")).toBeCloseTo(dx, 10);
    expect(gradientOf(formula, { x: 2, y: 5 }, "y")).toBeCloseTo(dy, 10);
  });
});

describe("what is no formula is refused in one line that names the column", () => {
  it.each([
    ["x+", "FORMULA, column 3: the formula ends where a number, a name or ( is expected"],
    ["", "FORMULA, column 1: the formula ends where a number, a name or ( is expected"],
    ["(x", "FORMULA, column 3: the formula ends where ) is expected"],
    ["x)", "FORMULA, column 2: found ) where an operator or the end is expected"],
    ["x y", "FORMULA, column 3: found y where an operator or the end is expected"],
    ["2x", "FORMULA, column 2: found x where an operator or the end is expected"],
    ["x # 1", "FORMULA, column 3: # has no meaning here"],
    ["x.y", "FORMULA, column 2: . has no meaning here"],
    ["sin()", "FORMULA, column 5: found ) where a number, a name or ( is expected"],
    ["sin(x,x)", "FORMULA, column 1: sin takes one argument, not 2"],
    ["max(x)", "FORMULA, column 1: max of one number; give two or more"],
    ["sin+x", "FORMULA, column 1: sin is a function; write sin(…)"],
    ["x + y", "FORMULA, column 5: y has no value; add --at y=1"],
    ["x*1e999", "FORMULA, column 3: 1e999 is too large for a number"],
    ["constructor(x)", "FORMULA, column 1: no function constructor"],
    ["x + toString", "FORMULA, column 5: toString has no value; add --at toString=1"],
    ["__proto__ + x", "FORMULA, column 1: __proto__ has no value; add --at __proto__=1"],
    ["2+3", "--at x: not in the formula"],
    ["x*'a'", "FORMULA, column 3: ' has no meaning here"],
  ])("%s", (formula, message) => {
    expect(() => explained(formula, { x: 1 })).toThrow(
      expect.objectContaining({ name: "UsageError", message }) as UsageError,
    );
  });

  it("2+3 alone has nothing that varies", () => {
    expect(() => explained("2+sin(3)", {})).toThrow("nothing varies in it");
  });

  it("nested too deep", () => {
    expect(() => parseFormula(`${"(".repeat(200)}x${")".repeat(200)}`)).toThrow(
      "nested more than 100 deep",
    );
    expect(() => parseFormula("-".repeat(200) + "x")).toThrow("nested more than 100 deep");
    expect(() => parseFormula("2^".repeat(200) + "x")).toThrow("nested more than 100 deep");
  });

  it("too long", () => {
    expect(() => parseFormula("x+".repeat(1000) + "x")).toThrow(
      "FORMULA: 2001 characters; give a formula of at most 2000",
    );
  });

  it("while the longest sum that is allowed is explained", () => {
    expect(valueOf("x+".repeat(999) + "x", { x: 1 })).toBe(1000);
  });
});
