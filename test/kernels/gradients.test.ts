// The gradients of the activations, against the derivative in closed form.
import { describe, expect, it } from "vitest";
import { arena, DTYPES, numbers, stream } from "./arena.js";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Φ(x) + x·φ(x), Φ by the series of the error function; for |x| ≤ 6. */
function geluSlope(x: number): number {
  const t = x / Math.SQRT2;
  let term = t;
  let series = t;
  for (let n = 1; n < 200; n += 1) {
    term *= (-t * t) / n;
    series += term / (2 * n + 1);
  }
  return 0.5 + series / Math.sqrt(Math.PI) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

const ALPHA = 0.25;

/** name: what the kernel reads, from x; and the derivative at x. */
const gradients = {
  tanhGrad: [Math.tanh, (x: number) => 1 - Math.tanh(x) ** 2],
  sigmoidGrad: [sigmoid, (x: number) => sigmoid(x) * sigmoid(-x)],
  reluGrad: [(x: number) => Math.max(x, 0), (x: number) => (x > 0 ? 1 : 0)],
  geluGrad: [(x: number) => x, geluSlope],
  siluGrad: [(x: number) => x, (x: number) => sigmoid(x) * (1 + x * sigmoid(-x))],
  softplusGrad: [(x: number) => x, sigmoid],
  leakyReluGrad: [(x: number) => x, (x: number) => (x > 0 ? 1 : ALPHA)],
  eluGrad: [(x: number) => x, (x: number) => (x > 0 ? 1 : ALPHA * Math.exp(x))],
} as const;

describe.each(DTYPES)("%s", (dtype) => {
  const { k, put, room, read, round } = arena(dtype);

  const apply = (name: keyof typeof gradients, x: number[], dy: number[]): number[] => {
    const [from, upstream, to] = [put(x), put(dy), room(x.length)];
    if (name === "leakyReluGrad" || name === "eluGrad")
      k[name](x.length, ALPHA, from, upstream, to);
    else k[name](x.length, from, upstream, to);
    return read(to, x.length);
  };

  it.each(Object.keys(gradients) as (keyof typeof gradients)[])(
    "%s is the derivative times dy",
    (name) => {
      const [reads, slope] = gradients[name];
      const random = stream(11);
      const x = [...numbers(201, random, 4), 0, -0.75, 3.5].map(round);
      const dy = numbers(x.length, random).map(round);
      const dx = apply(name, x.map(reads), dy);
      const relative = dtype === "f32" ? 1e-6 : 4e-15;
      x.forEach((at, i) => {
        // What is read is rounded, which matters where the slope is 1 − y².
        const limit = relative * Math.abs(dy[i]!) * (1 + Math.abs(slope(at)));
        expect(Math.abs(dx[i]! - slope(at) * dy[i]!), `${name}(${at})`).toBeLessThanOrEqual(limit);
      });
    },
  );

  it.each(Object.keys(gradients) as (keyof typeof gradients)[])(
    "%s passes NaN and does not depend on place",
    (name) => {
      const x = [...numbers(10, stream(2), 3), NaN].map(round);
      const dy = numbers(11, stream(4)).map(round);
      const whole = apply(name, x, dy);
      expect(whole[10]).toBeNaN();
      expect(whole.slice(0, 10).some(Number.isNaN)).toBe(false);
      for (let start = 0; start < 11; start += 1) {
        expect(apply(name, x.slice(start), dy.slice(start))).toEqual(whole.slice(start));
        expect(apply(name, x.slice(0, start), dy.slice(0, start))).toEqual(whole.slice(0, start));
      }
    },
  );

  it("the gradients end at 0 and 1 for infinite inputs", () => {
    const x = [-Infinity, Infinity];
    expect(apply("geluGrad", x, [1, 1])).toEqual([0, 1]);
    expect(apply("softplusGrad", x, [1, 1])).toEqual([0, 1]);
    expect(apply("eluGrad", x, [1, 1])).toEqual([0, 1]);
    expect(apply("reluGrad", x, [1, 1])).toEqual([0, 1]);
  });

  it.each(Object.keys(gradients) as (keyof typeof gradients)[])("%s passes NaN of dy", (name) => {
    expect(apply(name, [0.5, 0.25, 0, 0.5, 0], [NaN, 1, NaN, 1, 1]).map(Number.isNaN)).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  it("reluGrad is 0 at 0 and lets dy through to the bit above it", () => {
    expect(apply("reluGrad", [0, -0, 1e-30, 5], [3, 3, 3, round(0.1)])).toEqual([
      0,
      0,
      3,
      round(0.1),
    ]);
  });
});
