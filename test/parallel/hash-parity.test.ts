// The promise of the package: the weights' bytes are the same for any number of workers.
import { dense, dropoutLayer, embedding, initialize, sequential } from "@shardgrad/core";
import { hashParameters, Trainer, type RunResult, type TrainerOptions } from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { shardRows } from "../../packages/parallel/dist/step/shards.js";
import { classData, inputs, labelsData, numberData, ownData, withCategories } from "./data.js";

const WORKERS = [1, 2, 3, 4, 5, 8];
/** Numbers of workers for job i: all of them for some, one and two others for the rest, to save time. */
const workersOf = (i: number): number[] =>
  i % 8 === 7 ? WORKERS : [1, WORKERS[1 + (i % 5)]!, WORKERS[1 + ((i + 2) % 5)]!];

async function train(options: TrainerOptions): Promise<RunResult> {
  const trainer = new Trainer(options);
  try {
    return await trainer.run().result;
  } finally {
    await trainer.close();
  }
}

const SHARDS = 17;

const mlp = sequential(inputs, [dense(9, { activation: "relu" }), dense(4)]);
const sgd = { name: "sgd", lr: 0.1 } as const;

/** A job by what is special about it: always a last batch that is short, most with an uneven last shard. */
const jobs: readonly (readonly [name: string, options: TrainerOptions])[] = [
  ...Array.from({ length: SHARDS }, (_, i): readonly [string, TrainerOptions] => {
    const shards = i + 1;
    const batchSize = 2 * shards + (shards % 3);
    const data = classData(3 * batchSize + Math.ceil(batchSize / 2) - 1, 4, shards);
    const spec = { model: mlp, data, batchSize, shards, epochs: 3, optimizer: sgd };
    return [`${shards} shards of a batch of ${batchSize} of ${data.rows} rows`, spec];
  }),
  [
    "any number of labels a row",
    {
      model: sequential(inputs, [dense(9, { activation: "relu" }), dense(5)]),
      data: labelsData(90, 5, 111),
      validation: labelsData(600, 5, 112),
      batchSize: 32,
      shards: 6,
      epochs: 5,
      optimizer: { name: "adam", lr: 0.01 },
      earlyStopping: { patience: 5, monitor: "f1" },
    },
  ],
  [
    "Adam, L1 and L2",
    {
      model: sequential(inputs, [
        dense(70, { activation: "gelu" }),
        dense(70, { activation: "tanh" }),
        dense(4),
      ]),
      data: classData(100, 4, 101),
      validation: classData(600, 4, 102),
      batchSize: 32,
      shards: 8,
      epochs: 4,
      l1: 1e-4,
      l2: 1e-4,
      optimizer: { name: "adam", lr: 0.005 },
    },
  ],
  [
    "momentum and dropout, targets of numbers",
    {
      model: sequential(inputs, [
        dense(20, { activation: "sigmoid" }),
        dropoutLayer(0.1),
        dense(3),
      ]),
      data: numberData(90, 3, 103),
      validation: numberData(300, 3, 104),
      batchSize: 20,
      shards: 9,
      epochs: 6,
      optimizer: { name: "sgd", lr: 0.05, momentum: 0.9, nesterov: true },
    },
  ],
  [
    "tied weights",
    {
      model: sequential(12, [
        dense(5, { activation: "tanh" }),
        dropoutLayer(0.1),
        dense(12, { tiedTo: 0 }),
      ]),
      data: ownData(75, 12, 105),
      batchSize: 16,
      shards: 7,
      epochs: 6,
      optimizer: { name: "adamw", lr: 0.01 },
    },
  ],
  [
    "embeddings, some categories in no batch and some in every shard",
    {
      model: sequential(2 + inputs, [
        embedding([
          { size: 40, width: 5 },
          { size: 4, width: 3 },
        ]),
        dense(9, { activation: "relu" }),
        dense(4),
      ]),
      data: withCategories(classData(90, 4, 107), [40, 4], 108),
      validation: withCategories(classData(300, 4, 109), [40, 4], 110),
      batchSize: 32,
      shards: 9,
      epochs: 4,
      l2: 1e-4,
      optimizer: { name: "adam", lr: 0.01 },
    },
  ],
  [
    "binary cross-entropy in the given order of rows",
    {
      model: sequential(inputs, [dense(8, { activation: "silu" }), dense(2)]),
      data: numberData(70, 2, 106),
      loss: { name: "binaryCrossEntropy", reduction: "mean" },
      batchSize: 17,
      shards: 5,
      epochs: 8,
      shuffle: false,
      optimizer: { name: "adam", lr: 0.01 },
    },
  ],
];

describe("for any number of workers the weights have the same bytes", () => {
  jobs.forEach(([name, options], i) => {
    it(name, async () => {
      const { model, seed = 0 } = options;
      const results: RunResult[] = [];
      for (const workers of i >= SHARDS ? WORKERS : workersOf(i)) {
        // More workers than shards are not started: nothing new to learn from them.
        if (workers > 1 && workers > (options.shards ?? 1)) continue;
        results.push(await train({ ...options, workers }));
      }
      const [first] = results;
      expect(first?.hash).not.toBe(hashParameters(initialize(model, seed)));
      const losses = first?.epochs.map(({ loss }) => loss) ?? [];
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
      for (const { hash, workers, epochs } of results) {
        expect(hash, `${workers} workers`).toBe(first?.hash);
        const scores = epochs.map(({ loss, validation }) => ({ loss, validation }));
        const expected = first?.epochs.map(({ loss, validation }) => ({ loss, validation }));
        expect(scores, `${workers} workers`).toEqual(expected);
      }
    });
  });

  it("and no worker is without a shard of a full batch", () => {
    for (const [name, options] of jobs) {
      const { batchSize = 64, shards = 1 } = options;
      const present = Math.ceil(batchSize / shardRows(batchSize, shards));
      for (const workers of WORKERS) {
        const trainer = new Trainer({ ...options, workers });
        expect(trainer.workers, name).toBe(Math.min(workers, present));
      }
    }
  });
});
