// Every op against its definition, and its gradient rules against central differences.
import {
  checkGradients,
  compile,
  gradients,
  input,
  mul,
  ops,
  sum,
  type Shape,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { count, naive, type Attrs, type Dense, type TwinName } from "./naive.ts";
import { randomFrom } from "./random.ts";
import { applied, drawn, everySample, opNamed, samples, type Sample } from "./samples.ts";

const SEED = 20240;
type Dtype = "f32" | "f64";

const dense = ({ shape, data }: Tensor): Dense => ({ shape, data: Array.from(data) });
const leaves = (tensors: readonly Tensor[]): Value[] =>
  tensors.map(({ shape, data }, i) =>
    input(shape, `x${i}`, data instanceof Int32Array ? "i32" : "real"),
  );
const title = (name: string, { inputs, attrs }: Sample): string =>
  `${name} ${inputs.map(({ shape }) => `[${shape.join(",")}]`).join(" ")} ${JSON.stringify(attrs)} (seed ${SEED})`;

/** The op's result and its gradients by all real inputs, with random weights on the result. */
function resultAndGradients(
  name: TwinName,
  attrs: Attrs,
  tensors: readonly Tensor[],
  dtype: Dtype,
  make: (inputs: readonly Value[]) => Value = (inputs) => applied(name, inputs, attrs),
): Tensor[] {
  const inputs = leaves(tensors);
  const y = make(inputs);
  const random = randomFrom(SEED + 1);
  const dy = Float64Array.from({ length: count(y.shape) }, () =>
    Math.fround(random.uniform(-1, 1)),
  );
  const wrt = inputs.filter(({ element }) => element === "real");
  const found = gradients(sum(mul(y, { shape: y.shape, data: dy })), wrt);
  return compile([y, ...found.flatMap((g) => g ?? [])], inputs, { dtype })(tensors);
}

/** Largest difference of two arrays relative to the largest number of the second. */
function distance(a: Dense | Tensor, b: Dense | Tensor): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.data.length; i += 1) {
    difference = Math.max(difference, Math.abs(a.data[i]! - b.data[i]!));
    size = Math.max(size, Math.abs(b.data[i]!));
  }
  return difference === 0 ? 0 : difference / size;
}

it("every op has a definition and sample calls", () => {
  expect([...Object.keys(naive), "dropoutMask", "toIndex"].sort()).toEqual(Object.keys(ops).sort());
  expect(Object.keys(samples)).toEqual(Object.keys(naive));
});

it("every op is listed under its own name", () => {
  for (const [name, [sample]] of everySample)
    expect(opNamed(name, sample!.inputs.length).name).toBe(name);
});

describe.each(everySample)("%s", (name, list) => {
  const cases = list.map((sample) => ({ sample, tensors: drawn(sample, randomFrom(SEED)) }));

  it("is its definition in f64", () => {
    for (const { sample, tensors } of cases) {
      const inputs = leaves(tensors);
      const [y] = compile([applied(name, inputs, sample.attrs)], inputs)(tensors);
      const expected = naive[name](tensors.map(dense), sample.attrs);
      expect(y!.shape, title(name, sample)).toEqual(expected.shape);
      expect(distance(y!, expected), title(name, sample)).toBeLessThanOrEqual(1e-13);
    }
  });

  it("has the gradients that central differences show, to 1e-7", () => {
    for (const { sample, tensors } of cases) {
      const real = tensors.some(({ data }) => !(data instanceof Int32Array));
      if (!real) continue;
      const checks = checkGradients((...inputs) => applied(name, inputs, sample.attrs), tensors, {
        seed: SEED,
      });
      for (const { argument, worstRelative } of checks)
        expect(
          worstRelative.relativeError,
          `${title(name, sample)} input ${argument}`,
        ).toBeLessThanOrEqual(1e-7);
    }
  });

  it("has values and gradients in f32 within 1e-5 of those in f64", () => {
    for (const { sample, tensors } of cases) {
      const single = resultAndGradients(name, sample.attrs, tensors, "f32");
      const double = resultAndGradients(name, sample.attrs, tensors, "f64");
      single.forEach((block, i) =>
        expect(
          distance(block, double[i]!),
          `${title(name, sample)} block ${i}`,
        ).toBeLessThanOrEqual(1e-5),
      );
    }
  });

  it("gives NaN exactly where its definition does", () => {
    for (const { sample, tensors } of cases)
      for (const [i, { data, shape }] of tensors.entries()) {
        if (data instanceof Int32Array) continue;
        for (const at of new Set([0, Math.floor(data.length / 2), data.length - 1])) {
          const spoilt = tensors.with(i, { shape, data: data.with(at, Number.NaN) });
          const expected = naive[name](spoilt.map(dense), sample.attrs).data.map(Number.isNaN);
          for (const dtype of ["f32", "f64"] as const) {
            const inputs = leaves(tensors);
            const [y] = compile([applied(name, inputs, sample.attrs)], inputs, { dtype })(spoilt);
            expect(
              Array.from(y!.data, Number.isNaN),
              `${title(name, sample)} ${dtype} x${i}[${at}]`,
            ).toEqual(expected);
          }
        }
      }
  });
});

const fused = everySample.filter(([name]) => opNamed(name, 1).expand !== undefined);

it.each(fused)("%s equals its expansion, and so do its gradients", (name, list) => {
  const { expand } = opNamed(name, 1);
  for (const sample of list) {
    const tensors = drawn(sample, randomFrom(SEED));
    const whole = resultAndGradients(name, sample.attrs, tensors, "f64");
    const parts = resultAndGradients(name, sample.attrs, tensors, "f64", (inputs) =>
      expand!(inputs, sample.attrs),
    );
    expect(parts.length).toBe(whole.length);
    whole.forEach((block, i) =>
      expect(distance(block, parts[i]!), `${title(name, sample)} block ${i}`).toBeLessThanOrEqual(
        1e-13,
      ),
    );
  }
});

describe("second derivatives", () => {
  const twice = everySample.filter(([name]) => name !== "oneHot"); // labels have no gradient
  it.each(twice)(
    "%s: the gradient of its gradient is what central differences show, to 1e-7",
    (name, list) => {
      for (const sample of list) {
        const tensors = drawn(sample, randomFrom(SEED));
        const checks = checkGradients(
          (...inputs) => {
            const wrt = inputs.filter(({ element }) => element === "real");
            const y = applied(name, inputs, sample.attrs);
            const weights = (shape: Shape, of: number): Tensor => ({
              shape,
              data: Float64Array.from(
                { length: count(shape) },
                (_, i) => ((i * 7 + of * 3) % 5) / 4 - 0.4,
              ),
            });
            return gradients(sum(mul(y, weights(y.shape, 0))), wrt)
              .map((g, i) => sum(mul(g!, weights(g!.shape, i + 1))))
              .reduce((a, b) => mul(a, b));
          },
          tensors,
          { seed: SEED },
        );
        for (const { argument, worstRelative } of checks)
          expect(
            worstRelative.relativeError,
            `${title(name, sample)} input ${argument}`,
          ).toBeLessThanOrEqual(1e-7);
      }
    },
  );
});
