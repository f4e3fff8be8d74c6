// One training step of any number of workers against the same step in plain f64 loops.
import {
  dense,
  dropoutLayer,
  evaluate,
  forward,
  gradients,
  initialize,
  input,
  permutation,
  rowLoss,
  sequential,
  sum,
  type LossSpec,
  type ModelSpec,
  type Parameters,
} from "@shardgrad/core";
import {
  defaultLoss,
  hashParameters,
  Trainer,
  type Dataset,
  type TrainerOptions,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { split } from "../../packages/core/dist/tree.js";
import { THETA_CHUNK } from "../../packages/parallel/dist/step/layout.js";
import { Pool } from "../../packages/parallel/dist/threads/pool.js";
import { shardRows, workerShards } from "../../packages/parallel/dist/step/shards.js";
import { readParameters, writeParameters } from "../../packages/parallel/dist/step/parameters.js";
import { classData, denseRows, inputs, numberData, ownData } from "./data.js";
import { nextParameters, openLab, runOneStep, stepLoss, workerGradients, type Lab } from "./lab.js";
import { relativeError } from "./numbers.js";
import { plainActivations, plainGradients } from "./plain.js";

/** ‖g − g₆₄‖₂/‖g₆₄‖₂ of every parameter may be this large. */
const TOLERANCE = 1e-5;

/** What a gradient buffer holds where no worker wrote: finite, since the update of θ's padding reads it too. */
const UNTOUCHED = 1234.5;

/** A job of one step over all rows. */
type Job = TrainerOptions & { readonly data: Dataset };

function oneStep(
  model: ModelSpec,
  data: Dataset,
  more: Partial<Omit<TrainerOptions, "data">>,
): Job {
  return {
    model,
    data,
    batchSize: data.rows,
    epochs: 1,
    optimizer: { name: "sgd", lr: 0.1 },
    ...more,
  };
}

/** Row numbers in the order of the batch. */
function batchOrder({ spec }: Lab): number[] {
  const rows = spec.data.rows;
  return spec.shuffle
    ? [...permutation(rows, spec.seed, 0)]
    : Array.from({ length: rows }, (_, i) => i);
}

/** The rows of worker w's shards, in batch order. */
function rowsOfWorker(lab: Lab, w: number): number[] {
  const { data, batchSize, shards } = lab.spec;
  const size = shardRows(batchSize, shards);
  const { lo, hi } = workerShards(Math.ceil(data.rows / size), lab.layout.job.workers, w);
  return batchOrder(lab).slice(lo * size, hi * size);
}

/** Adds a worker's buffers in f64. */
function total(buffers: readonly Map<string, Float32Array>[]): Map<string, Float64Array> {
  const sums = new Map<string, Float64Array>();
  for (const buffer of buffers)
    for (const [name, values] of buffer) {
      const sum = sums.get(name) ?? new Float64Array(values.length);
      values.forEach((value, i) => (sum[i] = sum[i]! + value));
      sums.set(name, sum);
    }
  return sums;
}

const softCross: LossSpec = { name: "crossEntropy", reduction: "mean" };
const binary: LossSpec = { name: "binaryCrossEntropy", reduction: "sum" };

const jobs: readonly (readonly [name: string, options: Job])[] = [
  ...plainActivations.map((activation): readonly [string, Job] => [
    `${activation}, classes`,
    oneStep(
      sequential(inputs, [dense(11, { activation }), dense(7, { activation }), dense(4)]),
      classData(45, 4, 7),
      {
        shards: 6,
        seed: 3,
      },
    ),
  ]),
  [
    "numbers, squared error",
    oneStep(
      sequential(inputs, [dense(8, { activation: "tanh" }), dense(3)]),
      numberData(33, 3, 8),
      { shards: 5 },
    ),
  ],
  [
    "numbers, binary cross-entropy, summed, in the given order",
    oneStep(
      sequential(inputs, [dense(8, { activation: "relu", bias: false }), dense(3)]),
      numberData(33, 3, 8),
      {
        shards: 17,
        loss: binary,
        shuffle: false,
      },
    ),
  ],
  ...(["halfSquaredError", "norm", "logLoss"] as const).map((name): readonly [string, Job] => [
    `numbers, ${name}`,
    oneStep(
      sequential(inputs, [dense(8, { activation: "tanh" }), dense(3, { activation: "sigmoid" })]),
      numberData(26, 3, 14),
      {
        shards: 4,
        loss: { name, reduction: "mean" },
      },
    ),
  ]),
  [
    "numbers, cross-entropy",
    oneStep(
      sequential(inputs, [dense(8, { activation: "silu" }), dense(3)]),
      numberData(40, 3, 9),
      {
        shards: 8,
        loss: softCross,
      },
    ),
  ],
  [
    "tied weights",
    oneStep(
      sequential(12, [
        dense(5, { activation: "sigmoid" }),
        dense(6, { activation: "tanh" }),
        dense(5, { tiedTo: 1 }),
        dense(12, { tiedTo: 0 }),
      ]),
      ownData(37, 12, 10),
      { shards: 7 },
    ),
  ],
];

describe("a step's gradient is that of plain f64 loops", () => {
  for (const [name, options] of jobs)
    it(`for 1, 2, 3 and 5 workers: ${name}`, () => {
      const { model, data } = options;
      const x = denseRows(data);
      const { target } = data;
      if (target === null) throw new Error("no target");
      const loss = options.loss ?? defaultLoss(target);
      const hashes = new Set<string>();
      for (const workers of [1, 2, 3, 5]) {
        const lab = openLab({ ...options, workers });
        const parameters = initialize(model, lab.spec.seed);
        runOneStep(lab);
        for (let w = 0; w < workers; w += 1) {
          const rows = rowsOfWorker(lab, w);
          const expected = plainGradients(model, loss, parameters, x, target, rows);
          for (const [parameter, found] of total(workerGradients(lab, w)))
            expect(
              relativeError(found, expected.gradients.get(parameter)!),
              parameter,
            ).toBeLessThan(TOLERANCE);
        }
        const rows = batchOrder(lab);
        const whole = plainGradients(model, loss, parameters, x, target, rows);
        const perOutput = ["meanSquaredError", "binaryCrossEntropy", "logLoss"].includes(loss.name);
        const perRow = perOutput && target.kind === "number" ? target.width : 1;
        const scale = loss.reduction === "mean" ? 1 / (rows.length * perRow) : 1;
        expect(stepLoss(lab) / (whole.loss * scale)).toBeCloseTo(1, 5);
        // w′ = w − lr·g
        for (const [parameter, { data: next }] of nextParameters(lab)) {
          const before = parameters.get(parameter)!.data;
          const step = Array.from(next, (value, i) => (before[i]! - value) / 0.1);
          const g = whole.gradients.get(parameter)!.map((value) => value * scale);
          expect(relativeError(step, g), parameter).toBeLessThan(1e-3);
        }
        hashes.add(hashParameters(nextParameters(lab)));
      }
      expect(hashes.size).toBe(1);
    });

  it("with softmax inside and dropout: that of the same graph in f64", () => {
    const data = classData(29, 4, 11);
    const model = sequential(inputs, [
      dense(16, { activation: "softmax" }),
      dropoutLayer(0.4),
      dense(4),
    ]);
    const lab = openLab({ ...oneStep(model, data, { shards: 4 }), workers: 3 });
    runOneStep(lab);
    const rows = batchOrder(lab);
    const dense64 = denseRows(data);
    const x = input([rows.length, inputs], "x");
    const labels = input([rows.length], "labels", "i32");
    const parameters = initialize(model, 0);
    const leaves = new Map([...parameters].map(([name, { shape }]) => [name, input(shape, name)]));
    const output = forward(model, leaves, x, { training: true }).at(-1)!.a;
    const total64 = sum(rowLoss({ name: "crossEntropy" }, output, labels), 0);
    const graphs = gradients(total64, [...leaves.values()]).map((g) => g!);
    const all = data.target?.kind === "class" ? data.target.labels : new Int32Array(0);
    const found = evaluate(
      graphs,
      new Map([
        [
          x,
          {
            shape: x.shape,
            data: Float64Array.from(
              rows.flatMap((r) => [...dense64.subarray(r * inputs, (r + 1) * inputs)]),
            ),
          },
        ],
        [labels, { shape: labels.shape, data: Int32Array.from(rows, (r) => all[r]!) }],
        ...[...leaves].map(([name, leaf]) => [leaf, parameters.get(name)!] as const),
      ]),
    );
    const summed = total([0, 1, 2].flatMap((w) => workerGradients(lab, w)));
    [...leaves.keys()].forEach((name, i) => {
      expect(relativeError(summed.get(name)!, found[i]!.data), name).toBeLessThan(TOLERANCE);
    });
  });
});

describe("the loss of a step", () => {
  it("has λ₁Σ|w| + λ₂Σw² over the weights, not the biases, and the same bits for any number of workers", () => {
    // θ fills a number of chunks that is no power of two.
    const model = sequential(inputs, [
      dense(300, { biasInit: { name: "constant", value: 5 } }),
      dense(70),
      dense(4),
    ]);
    const data = classData(20, 4, 15);
    const [l1, l2] = [0.01, 0.003];
    const plain = openLab(oneStep(model, data, { shards: 4 }));
    expect(Math.ceil(plain.layout.thetaCount / THETA_CHUNK)).toBe(7);
    runOneStep(plain);
    let term = 0;
    for (const [name, { data: w }] of initialize(model, 0))
      if (name.endsWith("weight"))
        for (const value of w) term += l1 * Math.abs(value) + l2 * value * value;
    const losses = [1, 2, 3, 4].map((workers) => {
      const lab = openLab({ ...oneStep(model, data, { shards: 4, l1, l2 }), workers });
      runOneStep(lab);
      return stepLoss(lab);
    });
    expect(new Set(losses).size).toBe(1);
    expect((losses[0]! - stepLoss(plain)) / term).toBeCloseTo(1, 10);
  });
});

describe("the weights after a step", () => {
  // One worker a shard, so that the buffers hold the shards' own sums.
  const model = sequential(inputs, [dense(6, { activation: "relu" }), dense(4)]);
  const lab = openLab({ ...oneStep(model, classData(100, 4, 12), { shards: 7 }), workers: 7 });
  runOneStep(lab);
  const shards = lab.layout.workers.map((_, w) => workerGradients(lab, w)[0]!);
  const before = initialize(model, 0);

  /** w − lr·(Σ/rows) in f32, the sum over shards in the order that `reduce` says. */
  const stepped = (reduce: (values: readonly number[]) => number): Parameters =>
    new Map(
      [...before].map(([name, { shape, data }]) => [
        name,
        {
          shape,
          data: Float32Array.from(data, (w, i) => {
            const g = reduce(shards.map((shard) => shard.get(name)![i]!));
            return w - Math.fround(Math.fround(0.1) * Math.fround(Math.fround(1 / 100) * g));
          }),
        },
      ]),
    );
  const add = (a: number, b: number): number => Math.fround(a + b);
  const tree = (values: readonly number[], lo = 0, hi = values.length): number =>
    hi - lo === 1
      ? values[lo]!
      : add(tree(values, lo, split(lo, hi)), tree(values, split(lo, hi), hi));

  it("are those of the shards' sums added as the tree, to the bit", () => {
    expect(hashParameters(stepped(tree))).toBe(hashParameters(nextParameters(lab)));
  });

  it("are others when the shards are added from left to right", () => {
    const leftToRight = stepped((values) => values.reduce(add));
    expect(hashParameters(leftToRight)).not.toBe(hashParameters(nextParameters(lab)));
  });
});

describe("every worker thread", () => {
  // Four full batches and a short one with fewer shards than workers.
  const data = classData(4 * 20 + 7, 4, 13);
  const model = sequential(inputs, [dense(6, { activation: "tanh" }), dense(4)]);
  const options: TrainerOptions = { model, data, batchSize: 20, shards: 5, epochs: 1 };

  for (const workers of [1, 2, 3, 5])
    it(`of ${workers} writes its gradients in every full batch, and the weights move`, async () => {
      const { layout, phases } = openLab({ ...options, workers });
      const pool = new Pool(layout.job);
      try {
        const { control, memory } = pool;
        const training = layout.training!;
        const buffers = layout.workers.map(
          ({ subtrees }) =>
            new Float32Array(
              memory.buffer,
              subtrees,
              (training.gradientBytes * training.subtreesPerWorker) / 4,
            ),
        );
        pool.place(data, training.data);
        writeParameters(layout, memory.buffer, layout.theta[0], initialize(model, 0));
        await pool.ready;
        const hashes = new Set<string>();
        for (let step = 0; step < 5; step += 1) {
          hashes.add(
            hashParameters(readParameters(layout, memory.buffer, layout.theta[step & 1]!)),
          );
          for (const buffer of buffers) buffer.fill(UNTOUCHED);
          control.reset(workers, phases, step);
          control.requestStop();
          await pool.train(() => {});
          expect(control.steps).toBe(step + 1);
          const written = buffers.map((buffer) => buffer.some((value) => value !== UNTOUCHED));
          const { parts } = training.cuts[step === 4 ? 1 : 0];
          expect(written).toEqual(parts.map(({ rows }) => rows > 0));
          if (step < 4) expect(written).not.toContain(false);
        }
        hashes.add(hashParameters(readParameters(layout, memory.buffer, layout.theta[1])));
        expect(hashes.size).toBe(6);
        const trainer = new Trainer({ ...options, workers });
        const { hash } = await trainer.run().result;
        await trainer.close();
        expect([...hashes].at(-1)).toBe(hash);
      } finally {
        await pool.close();
      }
    });
});
