// The elementwise kernels of one input: accuracy, special values, and independence of position.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../packages/core/dist/kernels.js";
import { arena, DTYPES, numbers, stream, ulp, UNWRITTEN, type Arena } from "./arena.js";

/** Values rounded correctly to f64, written by reference.py. */
const reference = JSON.parse(
  readFileSync(new URL("reference.json", import.meta.url), "utf8"),
) as Record<string, [number, number][]>;

type UnaryName = {
  [Name in keyof Kernels]: Kernels[Name] extends (n: number, x: number, y: number) => void
    ? Name
    : never;
}[keyof Kernels] &
  string;

const UNARY = [
  "neg",
  "exp",
  "log",
  "sqrt",
  "sin",
  "cos",
  "erf",
  "abs",
  "sign",
  "step",
  "tanh",
  "sigmoid",
  "relu",
  "gelu",
  "silu",
  "softplus",
  "leakyRelu",
  "elu",
] as const;

/** Applies a kernel of one input; the parameter of leakyRelu and elu is `p`. */
function apply(
  { k, put, room, read }: Arena,
  name: (typeof UNARY)[number],
  x: number[],
  p = 1,
): number[] {
  const from = put(x);
  const to = room(x.length);
  if (name === "leakyRelu" || name === "elu") k[name](x.length, p, from, to);
  else k[name satisfies UnaryName](x.length, from, to);
  return read(to, x.length);
}

/** The error of y in ulp of the exact value; 0 for equal infinities and NaN. */
function error(y: number, exact: number, dtype: "f32" | "f64"): number {
  if (Object.is(y, exact) || y === exact) return 0;
  if (dtype === "f32" && !Number.isFinite(y) && Math.fround(exact) === y) return 0;
  const e = Math.abs(y - exact) / ulp(exact, dtype);
  return Number.isNaN(e) ? Infinity : e;
}

describe("in f64", () => {
  const limits = {
    exp: 1,
    log: 1,
    sin: 1,
    cos: 1,
    tanh: 2,
    erf: 4,
    sigmoid: 2,
    silu: 4,
    softplus: 2,
    gelu: 8,
    elu: 1,
  } as const;
  for (const [name, limit] of Object.entries(limits) as [keyof typeof limits, number][]) {
    it(`${name} is within ${limit} ulp of the exact value`, () => {
      const points = reference[name]!;
      const y = apply(
        arena("f64"),
        name,
        points.map(([x]) => x),
      );
      points.forEach(([x, exact], i) =>
        expect(error(y[i]!, exact, "f64"), `${name}(${x})`).toBeLessThanOrEqual(limit),
      );
    });
  }
});

describe("in f32", () => {
  // Every exponent and both signs, with mantissas that differ from one to the next.
  const patterns = new Uint32Array(1 << 18).map(
    (_, i) => (Math.imul(i, 16384) + (Math.imul(i, 0x9e3779b9) >>> 18)) >>> 0,
  );
  const everywhere = Array.from(new Float32Array(patterns.buffer)).filter((x) => !Number.isNaN(x));
  const near = Array.from({ length: 1 << 17 }, (_, i) =>
    Math.fround(-110 + (220 * (i + 0.37)) / (1 << 17)),
  );
  const points = [...everywhere, ...near];

  for (const name of [
    "exp",
    "log",
    "tanh",
    "sigmoid",
    "sin",
    "cos",
    "erf",
    "softplus",
    "elu",
  ] as const) {
    it(`${name} is within 2 ulp over all exponents`, () => {
      const y = apply(arena("f32"), name, points);
      const exact = apply(arena("f64"), name, points);
      let worst = 0;
      let at = NaN;
      points.forEach((x, i) => {
        const e = error(y[i]!, exact[i]!, "f32");
        if (e > worst) [worst, at] = [e, x];
      });
      expect(worst, `${name}(${at})`).toBeLessThanOrEqual(2);
    });
  }

  for (const name of ["gelu", "silu"] as const) {
    it(`${name} is within 1e-6 relative or 1e-7 absolute`, () => {
      const y = apply(arena("f32"), name, points);
      const exact = apply(arena("f64"), name, points);
      points.forEach((x, i) => {
        if (x === -Infinity) return; // −∞·0
        const limit = Math.max(1e-7, 1e-6 * Math.abs(exact[i]!));
        if (!(Math.abs(y[i]! - exact[i]!) <= limit || y[i] === Math.fround(exact[i]!))) {
          expect.fail(`${name}(${x}) = ${y[i]}, not ${exact[i]}`);
        }
      });
    });
  }

  it("exp reaches denormal results", () => {
    const [y] = apply(arena("f32"), "exp", [-100]);
    expect(y).toBe(Math.fround(Math.exp(-100)));
    expect(y).toBeLessThan(2 ** -126);
  });
});

describe.each(DTYPES)("%s", (dtype) => {
  const bench = arena(dtype);
  const { round } = bench;

  it.each(["neg", "sqrt", "abs", "sign", "step", "relu", "leakyRelu"] as const)(
    "%s equals its definition to the bit",
    (name) => {
      const slope = round(0.01);
      const twins = {
        neg: (x: number) => -x,
        sqrt: (x: number) => round(Math.sqrt(x)),
        abs: Math.abs,
        sign: (x: number) => (x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : x),
        step: (x: number) => (x > 0 ? 1 : x <= 0 ? 0 : x),
        relu: (x: number) => (x < 0 ? 0 : x),
        leakyRelu: (x: number) => (x > 0 ? x : round(slope * x)),
      };
      const x = [...numbers(61, stream(1)), 0, -0, Infinity, -Infinity, NaN, 1e-40].map(round);
      expect(apply(bench, name, x, slope)).toEqual(x.map(twins[name]));
    },
  );

  it.each(UNARY)("%s passes NaN", (name) => {
    expect(apply(bench, name, [NaN, 1, NaN, 1, NaN]).map(Number.isNaN)).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it.each(UNARY)(
    "%s gives an element the same bits at every place, alone or among others, in place or not",
    (name) => {
      const x = [...numbers(13, stream(3), 5), 0.3, -40, 1e-3].map(round);
      const whole = apply(bench, name, x, 0.5);
      for (let start = 0; start < 5; start += 1) {
        for (let n = 1; start + n <= x.length; n += 1) {
          expect(apply(bench, name, x.slice(start, start + n), 0.5)).toEqual(
            whole.slice(start, start + n),
          );
        }
      }
      const there = bench.put(x, 1); // an address that is no multiple of 16
      if (name === "leakyRelu" || name === "elu") bench.k[name](x.length, 0.5, there, there);
      else bench.k[name](x.length, there, there);
      expect(bench.read(there, x.length)).toEqual(whole);
    },
  );

  it.each(UNARY)("%s writes n elements and no more", (name) => {
    for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 9]) {
      const to = bench.room(12);
      const from = bench.put(numbers(12, stream(5)));
      if (name === "leakyRelu" || name === "elu") bench.k[name](n, 1, from, to);
      else bench.k[name](n, from, to);
      expect(bench.read(to, 12).slice(n)).toEqual(new Array<number>(12 - n).fill(UNWRITTEN));
    }
  });

  it("the functions take their limits at the ends", () => {
    const ends = [-Infinity, -0, 0, Infinity];
    expect(apply(bench, "exp", ends)).toEqual([0, 1, 1, Infinity]);
    expect(apply(bench, "exp", [dtype === "f32" ? 88.8 : 710, 1e30, -1e30])).toEqual([
      Infinity,
      Infinity,
      0,
    ]);
    expect(apply(bench, "log", ends)).toEqual([NaN, -Infinity, -Infinity, Infinity]);
    expect(apply(bench, "sin", ends)).toEqual([NaN, -0, 0, NaN]);
    expect(apply(bench, "cos", ends)).toEqual([NaN, 1, 1, NaN]);
    expect(apply(bench, "tanh", ends)).toEqual([-1, -0, 0, 1]);
    expect(apply(bench, "erf", ends)).toEqual([-1, -0, 0, 1]);
    expect(apply(bench, "sigmoid", ends)).toEqual([0, 0.5, 0.5, 1]);
    expect(apply(bench, "softplus", [-Infinity, Infinity])).toEqual([0, Infinity]);
    expect(apply(bench, "elu", ends, 2)).toEqual([-2, 0, 0, Infinity]);
  });

  it("elu scales its negative part", () => {
    const [one] = apply(bench, "elu", [-0.7], 1);
    expect(apply(bench, "elu", [-0.7, 0.7], 0.3)).toEqual([round(round(0.3) * one!), round(0.7)]);
  });
});
