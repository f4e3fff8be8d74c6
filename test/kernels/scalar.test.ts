// The scalar functions: accuracy against exact values, exact powers, and the same bits from both builds.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cos, erf, exp, log, pow, sin, tanh } from "../../packages/core/dist/scalar.js";
import { arena, stream, ulp } from "./arena.js";

const scalar = { cos, erf, exp, log, pow, sin, tanh } as const;

/** Values rounded correctly to f64, written by reference.py. */
const reference = JSON.parse(
  readFileSync(new URL("reference.json", import.meta.url), "utf8"),
) as Record<string, number[][]>;

describe("scalar", () => {
  const limits = { exp: 1, log: 1, sin: 1, cos: 1, tanh: 2, erf: 4, pow: 1 } as const;
  for (const [name, limit] of Object.entries(limits) as [keyof typeof limits, number][]) {
    it(`${name} is within ${limit} ulp of the exact value`, () => {
      for (const [x, ...rest] of reference[name]!) {
        const exact = rest.at(-1)!;
        const y = name === "pow" ? scalar.pow(x!, rest[0]!) : scalar[name](x!);
        const error = y === exact ? 0 : Math.abs(y - exact) / ulp(exact, "f64");
        expect(
          error,
          `${name}(${[x, ...rest.slice(0, -1)].join(", ")}) = ${y}, not ${exact}`,
        ).toBeLessThanOrEqual(limit);
      }
    });
  }

  it("pow is exact where the power is a number", () => {
    for (let base = 2n; base < 60n; base += 1n) {
      for (let exponent = 1n; base ** exponent < 2n ** 53n; exponent += 1n) {
        const exact = Number(base ** exponent);
        expect(scalar.pow(Number(base), Number(exponent))).toBe(exact);
        expect(scalar.pow(-Number(base), Number(exponent))).toBe(
          exponent % 2n === 0n ? exact : -exact,
        );
        expect(scalar.pow(Number(base) / 1024, Number(exponent))).toBe(
          exact * 2 ** (-10 * Number(exponent)),
        );
        expect(Math.round(scalar.pow(exact, 1 / Number(exponent)))).toBe(Number(base));
      }
    }
    const random = stream(1);
    for (let i = 0; i < 2000; i += 1) {
      const x = random() * 2 ** Math.floor(random() * 200 - 100);
      expect(scalar.pow(x, 1)).toBe(x);
      expect(scalar.pow(x * x, 0.5) / x).toBeCloseTo(1, 14);
    }
    for (let e = -1074; e < 1024; e += 1) expect(scalar.pow(2, e)).toBe(2 ** e);
    for (const x of [1e6, 123456, 94906265, 2 ** 26 + 1]) expect(scalar.pow(x, 2)).toBe(x * x);
  });

  it("pow has the special cases of ECMAScript", () => {
    const ends = [
      -Infinity,
      -1e300,
      -2,
      -1.5,
      -1,
      -0.5,
      -5e-324,
      -0,
      0,
      5e-324,
      0.5,
      1,
      1.5,
      2,
      3,
      1e300,
      Infinity,
      NaN,
    ];
    for (const x of ends) {
      for (const y of ends) {
        const [mine, theirs] = [scalar.pow(x, y), x ** y];
        if (Number.isFinite(theirs) && theirs !== 0)
          expect(mine / theirs, `${x} ** ${y}`).toBeCloseTo(1, 12);
        else expect(mine, `${x} ** ${y}`).toBe(theirs);
      }
    }
  });

  it("the functions take their limits", () => {
    expect([scalar.exp(-Infinity), scalar.exp(0), scalar.exp(709.8), scalar.exp(-746)]).toEqual([
      0,
      1,
      Infinity,
      0,
    ]);
    expect([scalar.log(-1), scalar.log(0), scalar.log(1), scalar.log(Infinity)]).toEqual([
      NaN,
      -Infinity,
      0,
      Infinity,
    ]);
    expect([scalar.sin(Infinity), scalar.sin(-0), scalar.cos(0), scalar.cos(NaN)]).toEqual([
      NaN,
      -0,
      1,
      NaN,
    ]);
    expect([scalar.tanh(-Infinity), scalar.tanh(-0), scalar.tanh(400)]).toEqual([-1, -0, 1]);
    expect([scalar.erf(-Infinity), scalar.erf(-0), scalar.erf(30)]).toEqual([-1, -0, 1]);
  });

  it("sin and cos keep sin² + cos² = 1 at every size of the argument", () => {
    const random = stream(5);
    for (let exponent = -40; exponent < 1024; exponent += 1) {
      const x = (0.5 + random() / 2) * 2 ** exponent;
      const [s, c] = [scalar.sin(x), scalar.cos(x)];
      expect(Math.abs(s * s + c * c - 1), `x = ${x}`).toBeLessThan(1e-15);
    }
  });

  it("both builds give the same bits", () => {
    const [a, b] = [arena("f32").k, arena("f64").k];
    const random = stream(3);
    for (let i = 0; i < 500; i += 1) {
      const x = (random() - 0.3) * 2 ** Math.floor(random() * 40 - 10);
      for (const name of [
        "scalarExp",
        "scalarLog",
        "scalarSin",
        "scalarCos",
        "scalarTanh",
        "scalarErf",
      ] as const) {
        expect(a[name](x)).toBe(b[name](x));
      }
      expect(a.scalarPow(Math.abs(x), x / 7)).toBe(b.scalarPow(Math.abs(x), x / 7));
    }
  });
});
