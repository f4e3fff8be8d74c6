// Set A of docs/notes.md, "Backpropagation for Optimization": each formula by its number, against plain loops.
import {
  add,
  crossEntropy,
  descend,
  evaluate,
  exp,
  forward,
  input,
  losses,
  matmul,
  mul,
  sigmoid,
  sin,
  sum,
  tanh,
  tensor,
  trace,
  dense,
  sequential,
  type LossSpec,
  type Value,
} from "@shardgrad/core";
import { tableFromRecords, encode, fitEncoding, Trainer } from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import {
  affine,
  at,
  expectClose,
  listOf,
  mapped,
  net,
  product,
  randomMatrix,
  randomNumbers,
  randomParameters,
  rowsOf,
  sigma,
  sigmaPrime,
  times,
  transposed,
  type Matrix,
} from "./nets.js";

const lengths: LossSpec = { name: "norm", reduction: "sum" };
const seed = 11;
const next = randomNumbers(seed);
const spec = net(4, [
  [5, "sigmoid"],
  [3, "sigmoid"],
  [2, "sigmoid"],
]);
const { parameters, naive } = randomParameters(spec, seed);
const x = randomMatrix(next, 6, 4);
const y = randomMatrix(next, 6, 2);

/** z and a of every layer in plain loops. */
function naiveForward(): { readonly z: Matrix; readonly a: Matrix }[] {
  let before: Matrix = x;
  return naive.map((layer) => {
    const z = affine(before, layer);
    before = mapped(z, sigma);
    return { z, a: before };
  });
}

/** ∇C(y) for C = Σ‖ŷ_k − y_k‖: (y_k − ŷ_k)/‖ŷ_k − y_k‖ of each row. */
function naiveCostGradient(outputs: Matrix): Matrix {
  return outputs.map((row, k) => {
    const away = row.map((value, j) => value - y[k]![j]!);
    const length = Math.sqrt(away.reduce((total, d) => total + d * d, 0));
    return away.map((d) => d / length);
  });
}

describe(`A: a net of layers, units one by one (seed ${seed})`, () => {
  const layers = naiveForward();
  const traced = trace(spec, parameters, tensor(x), tensor(y), lengths);

  it("A1: z^l = W^l a^(l-1) + b^l and a^l = σ(z^l) in every layer", () => {
    expect(traced.layers).toHaveLength(3);
    traced.layers.forEach(({ z, a }, l) => {
      expectClose(z, layers[l]!.z);
      expectClose(a, layers[l]!.a);
    });
  });

  it.each([1, 2, 3, 5, 10])("A2: f(x) nests σ(W a + b) %i layers deep", (depth) => {
    const deep = net(
      4,
      Array.from({ length: depth }, (_, l) => [3 + (l % 2), "sigmoid"] as const),
    );
    const weights = randomParameters(deep, depth);
    const leaves = new Map(
      [...weights.parameters].map(([name, value]) => [name, input(value.shape, name)]),
    );
    const rows = input([6, 4], "x");
    const out = forward(deep, leaves, rows).at(-1)!.a;
    const feeds = new Map([...leaves].map(([name, leaf]) => [leaf, weights.parameters.get(name)!]));
    const [found] = evaluate([out], new Map([...feeds, [rows, tensor(x)]]));
    expectClose(
      found!,
      weights.naive.reduce((a, layer) => mapped(affine(a, layer), sigma), x),
    );
  });

  it("A3: C = Σ‖ŷ − f(x)‖ is a sum of lengths", () => {
    const out = layers.at(-1)!.a;
    const wanted = out.map((row, k) =>
      Math.sqrt(row.reduce((total, value, j) => total + (value - y[k]![j]!) ** 2, 0)),
    );
    expectClose(traced.losses, wanted);
    const total = wanted.reduce((sum, length) => sum + length, 0);
    expectClose(traced.cost, total);
    expectClose(evaluate([losses.norm(tensor(out), tensor(y), "sum")])[0]!.data[0]!, total);
  });

  it("A3: the gradient of the length is 0 where f(x) = ŷ", () => {
    const hit = trace(
      spec,
      parameters,
      tensor(x),
      tensor(layers.at(-1)!.a.map((row) => [...row])),
      lengths,
    );
    // The loops and the graph may differ in the last digit, so the net's own output is the target.
    const exact = trace(spec, parameters, tensor(x), hit.layers.at(-1)!.a, lengths);
    expect(exact.cost).toBe(0);
    for (const { delta, dW, db } of exact.layers)
      for (const part of [delta, dW!, db!]) expect(part.data.every((d) => d === 0)).toBe(true);
  });

  it("A4: ∂C/∂w_ij^l = δ_i^l · a_j^(l-1), summed over the samples, with x for a^0", () => {
    traced.layers.forEach(({ delta, dW }, l) => {
      const before = l === 0 ? x : layers[l - 1]!.a;
      expectClose(dW!, product(transposed(before), rowsOf(delta)));
    });
  });

  it("A4: δ_i^l = ∂C/∂z_i^l, by central differences on z", () => {
    const h = 1e-6;
    const cost = (l: number, row: number, unit: number, by: number): number => {
      let z = layers[l]!.z.map((line, k) =>
        line.map((value, i) => (k === row && i === unit ? value + by : value)),
      );
      for (let m = l + 1; m < naive.length; m += 1)
        z = affine(mapped(z, sigma), naive[m]!).map((line) => [...line]);
      return mapped(z, sigma).reduce(
        (total, line, k) =>
          total + Math.sqrt(line.reduce((s, value, j) => s + (value - y[k]![j]!) ** 2, 0)),
        0,
      );
    };
    traced.layers.forEach(({ delta }, l) => {
      const differences = rowsOf(delta).map((line, k) =>
        line.map((_, i) => (cost(l, k, i, h) - cost(l, k, i, -h)) / (2 * h)),
      );
      expectClose(delta, differences, 1e-8);
    });
  });

  it("A6: δ^L = σ'(z^L) ⊙ ∇C(y)", () => {
    const { z, a } = layers.at(-1)!;
    expectClose(traced.layers.at(-1)!.delta, times(mapped(z, sigmaPrime), naiveCostGradient(a)));
  });

  it("A7: δ^l = σ'(z^l) ⊙ (W^(l+1))ᵀ δ^(l+1) from the last layer but one to the first", () => {
    for (let l = naive.length - 2; l >= 0; l -= 1) {
      const after = rowsOf(traced.layers[l + 1]!.delta);
      expectClose(
        traced.layers[l]!.delta,
        times(mapped(layers[l]!.z, sigmaPrime), product(after, transposed(naive[l + 1]!.W))),
      );
    }
  });

  it("A8: ∂C/∂b^l = δ^l, summed over the samples", () => {
    for (const { delta, db } of traced.layers)
      expectClose(
        listOf(db!),
        transposed(rowsOf(delta)).map((column) => column.reduce((total, d) => total + d, 0)),
      );
  });

  it("A8: ∂C/∂b^l of a single sample is its δ^l", () => {
    for (const { delta, db } of trace(spec, parameters, tensor(x), tensor(y), lengths, {
      perSample: true,
    }).layers)
      expectClose(db!, rowsOf(delta), 0);
  });
});

describe("A: descent and functions that are no nets", () => {
  it("A5: θ ← θ − η∇C ends where a step changes no bit, at the minimum of a parabola", () => {
    const {
      parameters: found,
      converged,
      steps,
    } = descend((w) => mul(sum(mul(add(w, -3), add(w, -3))), 0.5), [[10, -10]], { lr: 0.5 });
    expect(converged).toBe(true);
    expect(steps).toBeLessThan(100);
    expectClose(found[0]!, [3, 3], 1e-15);
  });

  it("A5: one step is θ − η∇C(θ)", () => {
    const { parameters: moved, steps } = descend((w) => exp(w), [0.5], { lr: 0.1, maxSteps: 1 });
    expect(steps).toBe(1);
    expectClose(moved[0]!, [0.5 - 0.1 * Math.exp(0.5)], 1e-15);
  });

  it("A5: a larger tolerance ends earlier", () => {
    const cost = (w: Value): Value => mul(w, w);
    const early = descend(cost, [1], { lr: 0.1, tolerance: 1e-3 });
    const late = descend(cost, [1], { lr: 0.1, tolerance: 1e-9 });
    expect(early.converged && late.converged).toBe(true);
    expect(early.steps).toBeLessThan(late.steps);
  });

  it.each([
    ["sin", sin, Math.sin, Math.cos],
    ["exp", exp, Math.exp, Math.exp],
    ["tanh", tanh, Math.tanh, (w: number) => 1 - Math.tanh(w) ** 2],
    ["σ", sigmoid, sigma, sigmaPrime],
  ] as const)(
    "A9: ∂f(f(f(w)))/∂w = f'(f(f(w))) · f'(f(w)) · f'(w) for f = %s",
    (_, op, f, slope) => {
      for (const w of [-0.7, 0.1, 0.4]) {
        const { value, partial } = at((leaf) => op(op(op(leaf))), w);
        expectClose(value, f(f(f(w))));
        expectClose(partial, [slope(f(f(w))) * slope(f(w)) * slope(w)]);
      }
    },
  );

  it("A9: a composition of 1,000 functions is differentiated like one of three", () => {
    const { partial } = at(
      (w) => Array.from({ length: 1000 }).reduce<Value>((value) => sin(value), w),
      1,
    );
    let value = 1;
    let slope = 1;
    for (let i = 0; i < 1000; i += 1) {
      slope *= Math.cos(value);
      value = Math.sin(value);
    }
    expectClose(partial, [slope]);
  });
});

describe("A10: sentences as bags of words", () => {
  const sentences: readonly (readonly [text: string, mood: string])[] = [
    ["It claims too much.", "negative"],
    ["It proves too little.", "negative"],
    ["Too long and too dull.", "negative"],
    ["Much noise, little sense.", "negative"],
    ["It is a clear and honest text.", "positive"],
    ["A joy, clear from start to end.", "positive"],
    ["Honest and well made.", "positive"],
    ["It is well worth a read.", "positive"],
  ];
  const words = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];
  const vocabulary = [...new Set(sentences.flatMap(([text]) => words(text)))].sort();
  const bag = (text: string): number[] =>
    vocabulary.map((word) => words(text).filter((found) => found === word).length);

  it("a column of word counts, one vector a sentence, is learnt from", async () => {
    const table = tableFromRecords(
      sentences.map(([text, mood]) => ({ words: Float32Array.from(bag(text)), mood })),
    );
    const encoding = fitEncoding(table, Int32Array.from(sentences.keys()), { target: "mood" });
    const data = encode(encoding, table);
    const model = sequential(vocabulary.length, [dense(2)]);
    const trainer = new Trainer({
      model,
      data,
      validation: data,
      epochs: 60,
      batchSize: 4,
      optimizer: { name: "sgd", lr: 0.5 },
      workers: 2,
    });
    try {
      const { epochs } = await trainer.run().result;
      expect(epochs.at(-1)!.validation!["accuracy"]).toBe(1);
    } finally {
      await trainer.close();
    }
  });

  it("counts as plain rows of numbers are learnt from, in full-batch descent too", () => {
    const rows = tensor(sentences.map(([text]) => bag(text)));
    const labels = tensor(Int32Array.from(sentences, ([, mood]) => (mood === "negative" ? 0 : 1)));
    const {
      parameters: [W, b],
    } = descend(
      (W, b) => sum(crossEntropy(add(matmul(rows, W), b), labels)),
      [vocabulary.map(() => [0, 0]), [0, 0]],
      { lr: 0.2, maxSteps: 200 },
    );
    const [scores] = evaluate([add(matmul(tensor([bag("It claims too much.")]), W!), b!)]);
    expect(scores!.data[0]).toBeGreaterThan(scores!.data[1]!);
  });
});
