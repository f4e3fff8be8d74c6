// checkGradients: that it finds wrong rules, says where, and passes right ones.
import {
  apply,
  checkGradients,
  customOp,
  mul,
  relu,
  sin,
  square,
  sum,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";

/** x³ with a rule of the given factor: 3 is right. */
const cube = (factor: number) => {
  const op = customOp({
    name: "cube",
    shape: ([x]) => x ?? [],
    forward: (y, [x]) => y.forEach((_, i) => (y[i] = x![i]! * x![i]! * x![i]!)),
    vjp: [(dy, [x]) => mul(dy, mul(factor, square(x!)))],
  });
  return (x: Value): Value => apply(op, [x], {});
};

it("a right rule has a relative error near 1e-12", () => {
  const [check] = checkGradients(cube(3), [[0.5, -1, 2]]);
  expect(check!.worstRelative.relativeError).toBeLessThan(1e-10);
  expect(check).toMatchObject({ argument: 0, compared: 3 });
});

it("a rule that is wrong by one part in a million is found, with its element and both numbers", () => {
  const [check] = checkGradients(
    (x) => sum(cube(3 + 3e-6)(x)),
    [
      [
        [0.5, -1],
        [2, 0.25],
      ],
    ],
  );
  const { at, gradient, difference, absoluteError, relativeError } = check!.worstAbsolute;
  expect(at).toEqual([1, 0]);
  expect(Math.abs(gradient - 12 * (1 + 1e-6))).toBeLessThan(1e-9);
  expect(Math.abs(difference - 12)).toBeLessThan(1e-9);
  expect(Math.abs(absoluteError - 12e-6)).toBeLessThan(1e-9);
  expect(Math.abs(relativeError - 1e-6)).toBeLessThan(1e-9);
});

it("a wrong rule is found along random directions, too", () => {
  const at = Float64Array.from({ length: 500 }, (_, i) => 1 + i / 500);
  const [right] = checkGradients(cube(3), [at], { directions: 3 });
  const [wrong] = checkGradients(cube(3.001), [at], { directions: 3 });
  expect(right).toMatchObject({ compared: 3 });
  expect(right!.worstRelative.relativeError).toBeLessThan(1e-8);
  expect(wrong!.worstRelative.relativeError).toBeGreaterThan(1e-4);
});

it("a gradient of 0 that is right is not called wrong for the rounding of the differences", () => {
  const [check] = checkGradients((x) => mul(sum(mul(x, 0)), 1).inputs[0]!, [[1, 2]]);
  expect(check!.worstRelative.relativeError).toBe(0);
  const [flat] = checkGradients((x) => sin(x), [Math.PI / 2]);
  expect(flat!.worstRelative.relativeError).toBeLessThan(1e-8);
});

it("a NaN is the worst error", () => {
  const [check] = checkGradients((x) => sum(square(x)), [[1, Number.NaN, 2]]);
  expect(check!.worstRelative.relativeError).toBeNaN();
});

it("a kink between the points of the differences shows as an error", () => {
  const [check] = checkGradients((x) => sum(relu(x)), [[1e-5]]);
  expect(check!.worstRelative.relativeError).toBeGreaterThan(0.1);
});

describe("arguments", () => {
  const f = (x: Value, y: Value): Value => sum(mul(x, y));

  it("all are checked, or those chosen", () => {
    const at = [
      [1, 2],
      [3, 4],
    ] as const;
    expect(checkGradients(f, [...at]).map(({ argument }) => argument)).toEqual([0, 1]);
    expect(checkGradients(f, [...at], { argument: 1 }).map(({ argument }) => argument)).toEqual([
      1,
    ]);
  });

  it("one that does not exist is refused by its number", () => {
    expect(() => checkGradients(f, [[1], [2]], { argument: 2 })).toThrow(
      "argument 2 of a function that was given 2",
    );
  });

  it("one that is not used compares as 0", () => {
    const [, unused] = checkGradients((...[x]: [Value, Value]) => square(x), [3, [1, 2]]);
    expect(unused!.worstAbsolute).toMatchObject({ gradient: 0, difference: 0, absoluteError: 0 });
  });
});
