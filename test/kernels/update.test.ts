// The optimizers' updates against their formulas, operation by operation, to the bit.
import { describe, expect, it } from "vitest";
import { arena, DTYPES, numbers, stream } from "./arena.js";

const LENGTHS = [0, 1, 2, 3, 4, 5, 8, 19];
const PENALTIES = [
  [0, 0],
  [0.01, 0],
  [0, 0.02],
  [0.01, 0.02],
] as const;
const TINY = 2 ** -100;

describe.each(DTYPES)("%s", (dtype) => {
  const { k, put, room, read, round } = arena(dtype);
  const flush = (x: number): number => (Math.abs(x) < TINY ? 0 : x);

  /** (scale·g + l1·sign(w)) + l2·w. */
  const slope = (w: number, g: number, scale: number, l1: number, l2: number): number =>
    round(round(round(round(scale) * g) + round(round(l1) * Math.sign(w))) + round(round(l2) * w));

  /** n weights or gradients, some of them zero or tiny. */
  const values = (n: number, seed: number): number[] => {
    const random = stream(seed);
    return numbers(n, random).map((x) =>
      round(random() < 0.1 ? 0 : random() < 0.1 ? x * 2 ** -101 : x),
    );
  };

  it("sgd: w′ = w − lr·g′", () => {
    for (const n of LENGTHS) {
      for (const [l1, l2] of PENALTIES) {
        const [w, g] = [values(n, 1), values(n, 2)];
        const next = room(n);
        expect(k.sgd(n, put(w), put(g), next, 1 / 3, 0.1, l1, l2)).toBe(0);
        expect(read(next, n)).toEqual(
          w.map((x, i) => flush(round(x - round(round(0.1) * slope(x, g[i]!, 1 / 3, l1, l2))))),
        );
      }
    }
  });

  it("momentum: v′ = μ·v + (1 − dampening)·g′; w′ = w − lr·v′, or with Nesterov's look ahead", () => {
    for (const n of LENGTHS) {
      for (const [l1, l2] of PENALTIES) {
        for (const nesterov of [0, 1]) {
          const [w, v, g] = [values(n, 3), values(n, 4), values(n, 5)];
          const [wNext, vNext] = [room(n), room(n)];
          k.momentum(
            n,
            put(w),
            put(v),
            put(g),
            wNext,
            vNext,
            1 / 7,
            0.05,
            l1,
            l2,
            0.9,
            0.3,
            nesterov,
          );
          const mu = round(0.9);
          const velocity = v.map((x, i) =>
            flush(
              round(round(mu * x) + round(round(1 - 0.3) * slope(w[i]!, g[i]!, 1 / 7, l1, l2))),
            ),
          );
          const weights = w.map((x, i) => {
            const step =
              nesterov === 1
                ? round(slope(x, g[i]!, 1 / 7, l1, l2) + round(mu * velocity[i]!))
                : velocity[i]!;
            return flush(round(x - round(round(0.05) * step)));
          });
          expect(read(vNext, n)).toEqual(velocity);
          expect(read(wNext, n)).toEqual(weights);
        }
      }
    }
  });

  it("adam: m′ = β₁m + (1 − β₁)g′; v′ = β₂v + (1 − β₂)g′²; w′ = w·(1 − lr·decay) − lr·(m′·c₁)/(√(v′·c₂) + ε)", () => {
    const [lr, beta1, beta2, epsilon, decay] = [0.001, 0.9, 0.999, 1e-8, 0.01] as const;
    const [c1, c2] = [1 / (1 - 0.9 ** 3), 1 / (1 - 0.999 ** 3)];
    for (const n of LENGTHS) {
      for (const [l1, l2] of PENALTIES) {
        const [w, m, v, g] = [values(n, 6), values(n, 7), values(n, 8).map(Math.abs), values(n, 9)];
        const [wNext, mNext, vNext] = [room(n), room(n), room(n)];
        k.adam(
          n,
          put(w),
          put(m),
          put(v),
          put(g),
          wNext,
          mNext,
          vNext,
          0.5,
          lr,
          l1,
          l2,
          beta1,
          beta2,
          epsilon,
          c1,
          c2,
          decay,
        );
        const d = w.map((x, i) => slope(x, g[i]!, 0.5, l1, l2));
        const mean = m.map((x, i) =>
          flush(round(round(round(beta1) * x) + round(round(1 - beta1) * d[i]!))),
        );
        const square = v.map((x, i) =>
          flush(round(round(round(beta2) * x) + round(round(1 - beta2) * round(d[i]! * d[i]!)))),
        );
        const weights = w.map((x, i) => {
          const root = round(Math.sqrt(round(square[i]! * round(c2))));
          const step = round(
            round(round(lr) * round(mean[i]! * round(c1))) / round(root + round(epsilon)),
          );
          return flush(round(round(x * round(1 - lr * decay)) - step));
        });
        expect(read(mNext, n)).toEqual(mean);
        expect(read(vNext, n)).toEqual(square);
        expect(read(wNext, n)).toEqual(weights);
      }
    }
  });

  it("weights that are large but finite raise no alarm", () => {
    for (const n of LENGTHS) {
      const most = put(new Array<number>(n).fill(dtype === "f32" ? 3e38 : 1e308));
      const [zero, one] = [put(new Array<number>(n).fill(0)), put(new Array<number>(n).fill(1))];
      const [next, other, third] = [room(n), room(n), room(n)];
      expect(k.sgd(n, most, zero, next, 1, 0.1, 0, 0)).toBe(0);
      expect(k.momentum(n, most, zero, zero, next, other, 1, 0.1, 0, 0, 0.9, 0, 1)).toBe(0);
      const adam = [1, 0.1, 0, 0, 0.9, 0.999, 1e-8, 1, 1, 0] as const;
      expect(k.adam(n, most, one, one, zero, next, other, third, ...adam)).toBe(0);
    }
  });

  it("results below 2⁻¹⁰⁰ become +0, and 2⁻¹⁰⁰ stays", () => {
    const next = room(4);
    k.sgd(4, put([TINY, -TINY, TINY / 2, -0]), put([0, 0, 0, 0]), next, 1, 1, 0, 0);
    expect(read(next, 4)).toEqual([TINY, -TINY, 0, 0]);
  });

  it("NaN in a weight, a gradient or the state reaches the result and is told, and infinity is not lost", () => {
    const n = 19;
    const [one, wNext, mNext, vNext] = [
      put(new Array<number>(n).fill(1)),
      room(n),
      room(n),
      room(n),
    ];
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (let at = 0; at < n; at += 1) {
        const broken = put(new Array<number>(n).fill(1).with(at, bad));
        for (const [w, g] of [
          [broken, one],
          [one, broken],
        ] as const) {
          for (const l2 of [0, 0.1]) {
            expect(k.sgd(n, w, g, wNext, 1, 0.1, 0, l2)).toBe(1);
            expect(read(wNext, n).map(Number.isFinite)).toEqual(
              Array.from({ length: n }, (_, i) => i !== at),
            );
            expect(k.momentum(n, w, one, g, wNext, vNext, 1, 0.1, 0, l2, 0.9, 0, 0)).toBe(1);
            expect(read(wNext, n).map(Number.isFinite)).toEqual(
              Array.from({ length: n }, (_, i) => i !== at),
            );
            const told = k.adam(
              n,
              w,
              one,
              one,
              g,
              wNext,
              mNext,
              vNext,
              1,
              0.1,
              0,
              l2,
              0.9,
              0.999,
              1e-8,
              1,
              1,
              0,
            );
            expect(told).toBe(1);
            expect(read(wNext, n).map(Number.isFinite)).toEqual(
              Array.from({ length: n }, (_, i) => i !== at),
            );
          }
        }
      }
    }
  });
});
