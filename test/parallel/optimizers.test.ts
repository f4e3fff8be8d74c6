// The optimizers against their formulas in f64 loops, and against numbers that PyTorch made.
import { readFileSync } from "node:fs";
import {
  createOptimizer,
  learningRate,
  loadKernels,
  scalar,
  type OptimizerSpec,
  type Schedule,
  type UpdateRange,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { relativeError, stream } from "./numbers.js";

interface References {
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly optimizers: readonly {
    readonly spec: OptimizerSpec;
    readonly weights: readonly (readonly number[])[];
  }[];
  readonly schedules: readonly { readonly spec: Schedule; readonly rates: readonly number[] }[];
}

const references = JSON.parse(
  readFileSync(new URL("references/optimizers.json", import.meta.url), "utf8"),
) as References;

/** What applies to the gradient besides the optimizer's own terms. */
interface Extras {
  readonly scale: number;
  readonly l1: number;
  readonly l2: number; // 2λ₂
  readonly decays: boolean;
}

const NO_EXTRAS: Extras = { scale: 1, l1: 0, l2: 0, decays: true };

/** The weights after each step by the kernels, in f32. */
function byKernels(
  spec: OptimizerSpec,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  { scale, l1, l2, decays }: Extras,
): Float32Array[] {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  const optimizer = createOptimizer(spec, loadKernels("f32", memory));
  const n = start.length;
  const place = (i: number): number => 4096 * (i + 1);
  const view = (address: number): Float32Array => new Float32Array(memory.buffer, address, n);
  view(place(0)).set(start);
  return gradients.map((g, step) => {
    const [now, next] = [step & 1, (step + 1) & 1];
    const gradient = place(20);
    view(gradient).set(g);
    optimizer.begin(step);
    const range: UpdateRange = {
      n,
      w: place(now),
      wNext: place(next),
      g: gradient,
      slots: optimizer.slots.map((_, i) => place(2 + 2 * i + now)),
      slotsNext: optimizer.slots.map((_, i) => place(2 + 2 * i + next)),
      scale,
      l1,
      l2,
      decays,
    };
    optimizer.update(range);
    return view(range.wNext).slice();
  });
}

/** The same by the formulas, in f64. */
function twin(
  spec: OptimizerSpec,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  { scale, l1, l2, decays }: Extras,
): number[][] {
  let w = [...start];
  let m = start.map(() => 0);
  let v = start.map(() => 0);
  return gradients.map((sums, step) => {
    const lr = learningRate(spec.lr, step);
    const decoupled = spec.name === "adamw";
    const decay = decays ? (spec.weightDecay ?? (decoupled ? 0.01 : 0)) : 0;
    // g + λ₁ sign w + 2λ₂ w + decay w
    const g = sums.map(
      (sum, i) => scale * sum + l1 * Math.sign(w[i]!) + (l2 + (decoupled ? 0 : decay)) * w[i]!,
    );
    if (spec.name === "sgd") {
      const { momentum = 0, dampening = 0, nesterov = false } = spec;
      v = g.map((value, i) =>
        momentum === 0 ? value : momentum * v[i]! + (1 - dampening) * value,
      );
      w = w.map((value, i) => value - lr * (nesterov ? g[i]! + momentum * v[i]! : v[i]!));
    } else {
      const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = spec;
      m = g.map((value, i) => beta1 * m[i]! + (1 - beta1) * value);
      v = g.map((value, i) => beta2 * v[i]! + (1 - beta2) * value * value);
      const [c1, c2] = [1 - scalar.pow(beta1, step + 1), 1 - scalar.pow(beta2, step + 1)];
      w = w.map(
        (value, i) =>
          value -
          lr * (decoupled ? decay * value : 0) -
          (lr * (m[i]! / c1)) / (Math.sqrt(v[i]! / c2) + epsilon),
      );
    }
    return [...w];
  });
}

const specs: readonly OptimizerSpec[] = [
  { name: "sgd", lr: 0.1 },
  { name: "sgd", lr: { name: "exponential", lr: 0.3, rate: 0.9 }, weightDecay: 0.02 },
  { name: "sgd", lr: 0.05, momentum: 0.9 },
  { name: "sgd", lr: 0.05, momentum: 0.8, dampening: 0.3 },
  { name: "sgd", lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.02 },
  { name: "adam", lr: 0.01 },
  {
    name: "adam",
    lr: { name: "cosine", lr: 0.05, steps: 20, floor: 0.001, warmup: 5 },
    beta1: 0.7,
    beta2: 0.95,
    epsilon: 1e-5,
    weightDecay: 0.1,
  },
  { name: "adamw", lr: 0.01 },
  { name: "adamw", lr: { name: "step", lr: 0.05, every: 4, factor: 0.5 }, weightDecay: 0.2 },
];

const extras: readonly (readonly [name: string, extras: Extras])[] = [
  ["alone", NO_EXTRAS],
  ["with a scaled sum", { ...NO_EXTRAS, scale: 1 / 37 }],
  ["with L1 and L2", { ...NO_EXTRAS, l1: 0.01, l2: 0.06 }],
  ["where nothing decays", { ...NO_EXTRAS, decays: false }],
];

describe("25 steps in f32 stay near the formulas in f64", () => {
  for (const spec of specs)
    for (const [name, extra] of extras)
      it(`${JSON.stringify(spec)} ${name}`, () => {
        const random = stream(5);
        const n = 37; // whole vectors and a rest
        const start = Array.from({ length: n }, () => Math.fround(2 * random() - 1));
        const gradients = Array.from({ length: 25 }, () =>
          Array.from({ length: n }, () =>
            Math.fround((2 * random() - 1) * (random() < 0.3 ? 100 : 1)),
          ),
        );
        const found = byKernels(spec, start, gradients, extra);
        const expected = twin(spec, start, gradients, extra);
        found.forEach((w, step) =>
          expect(relativeError(w, expected[step]!), `step ${step}`).toBeLessThan(3e-6),
        );
      });
});

describe("PyTorch 1.13.0 gives the same", () => {
  for (const { spec, weights } of references.optimizers)
    it(`weights: ${JSON.stringify(spec)}`, () => {
      const { start, gradients } = references;
      byKernels(spec, start, gradients, NO_EXTRAS).forEach((w, step) =>
        expect(relativeError(w, weights[step]!), `step ${step}`).toBeLessThan(2e-6),
      );
    });

  for (const { spec, rates } of references.schedules)
    it(`learning rates: ${JSON.stringify(spec)}`, () => {
      rates.forEach((rate, step) => expect(learningRate(spec, step)).toBeCloseTo(rate, 14));
    });
});

describe("learning rates", () => {
  it("of a cosine with warmup rise in equal steps, then fall to the floor and stay", () => {
    const spec: Schedule = { name: "cosine", lr: 1, steps: 14, warmup: 4, floor: 0.1 };
    const rates = Array.from({ length: 20 }, (_, step) => learningRate(spec, step));
    expect(rates.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(rates[4]).toBe(1);
    for (let step = 5; step <= 14; step += 1) expect(rates[step]).toBeLessThan(rates[step - 1]!);
    expect(rates[9]).toBeCloseTo(0.55, 12);
    rates.slice(14).forEach((rate) => expect(rate).toBeCloseTo(0.1, 12));
  });
});
