// Golden values of whole runs with threads: weights, losses, scores and predictions.
import { dense, dropoutLayer, sequential } from "@shardgrad/core";
import { evaluate, predict, Trainer } from "@shardgrad/parallel";
import { hash, stream } from "./hash.mjs";

/** @import { Dataset, TrainerOptions } from "@shardgrad/parallel" */

const ROWS = 90;
const random = stream(8);

/** @type {Dataset["features"]} */
const features = [
  { kind: "f32", width: 3, values: new Float32Array(ROWS * 3).map(() => 2 * random() - 1) },
  {
    kind: "u8",
    width: 5,
    shift: 127.5,
    scale: 1 / 78.6,
    values: new Uint8Array(ROWS * 5).map(() => Math.floor(256 * random())),
  },
  { kind: "oneHot", classes: 4, codes: new Int32Array(ROWS).map(() => Math.floor(4 * random())) },
];
const [WIDTH, CLASSES, OUTPUTS] = [12, 3, 2];

/** @type {Dataset} */
const classes = {
  rows: ROWS,
  features,
  target: {
    kind: "class",
    classes: CLASSES,
    labels: new Int32Array(ROWS).map(() => Math.floor(CLASSES * random())),
  },
};
/** @type {Dataset} */
const numbers = {
  rows: ROWS,
  features,
  target: {
    kind: "number",
    width: OUTPUTS,
    values: new Float32Array(ROWS * OUTPUTS).map(() => random()),
  },
};
const own = new Float32Array(ROWS * 8).map(() => random());
/** @type {Dataset} */
const itself = {
  rows: ROWS,
  features: [{ kind: "f32", width: 8, values: own }],
  target: { kind: "number", width: 8, values: own },
};

/** @type {Record<string, TrainerOptions & { data: Dataset }>} */
const jobs = {
  "every activation, dropout, Adam, cosine": {
    model: sequential(WIDTH, [
      dense(11, { activation: "relu" }),
      dense(10, { activation: "gelu" }),
      dropoutLayer(0.1),
      dense(9, { activation: "tanh" }),
      dense(9, { activation: "leakyRelu" }),
      dense(8, { activation: "silu" }),
      dense(8, { activation: "elu" }),
      dense(7, { activation: "softplus" }),
      dense(7, { activation: "sigmoid" }),
      dense(7, { activation: "softmax" }),
      dense(CLASSES, { activation: "identity" }),
    ]),
    data: classes,
    validation: classes,
    batchSize: 16,
    shards: 7,
    optimizer: { name: "adam", lr: { name: "cosine", lr: 0.02, steps: 12, warmup: 3 } },
  },
  "large and regularised, AdamW": {
    model: sequential(WIDTH, [
      dense(130, { activation: "relu" }),
      dense(65, { activation: "tanh" }),
      dense(CLASSES),
    ]),
    data: classes,
    validation: classes,
    batchSize: 32,
    l1: 1e-4,
    l2: 1e-3,
    optimizer: { name: "adamw", lr: 0.01 },
  },
  "numbers, Nesterov": {
    model: sequential(WIDTH, [dense(20, { activation: "sigmoid" }), dense(OUTPUTS)]),
    data: numbers,
    validation: numbers,
    batchSize: 10,
    shards: 3,
    optimizer: { name: "sgd", lr: 0.05, momentum: 0.9, nesterov: true },
  },
  "binary cross-entropy, summed, in order": {
    model: sequential(WIDTH, [dense(20, { activation: "silu", bias: false }), dense(OUTPUTS)]),
    data: numbers,
    loss: { name: "binaryCrossEntropy", reduction: "sum" },
    batchSize: 90,
    shards: 17,
    shuffle: false,
    optimizer: { name: "sgd", lr: 0.001 },
  },
  "tied weights, momentum, decay": {
    model: sequential(8, [
      dense(5, { activation: "tanh" }),
      dropoutLayer(0.1),
      dense(8, { tiedTo: 0 }),
    ]),
    data: itself,
    validation: itself,
    batchSize: 13,
    shards: 5,
    optimizer: {
      name: "sgd",
      lr: { name: "step", lr: 0.1, every: 5, factor: 0.5 },
      momentum: 0.9,
      weightDecay: 0.01,
    },
  },
};

/**
 * Trains every job with this many workers.
 * @param {number} workers
 * @returns {Promise<Record<string, string>>}
 */
export async function trainings(workers) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [name, job] of Object.entries(jobs)) {
    const trainer = new Trainer({ ...job, epochs: 2, seed: 6, workers });
    const { parameters, hash: weights, epochs, state } = await trainer.run().result;
    await trainer.close();
    const slots = Object.values(state.slots).flatMap((slot) => [...slot.values()]);
    const scores = epochs.flatMap(({ loss, validation }) => [
      loss,
      ...Object.values(validation ?? {}),
    ]);
    found[`weights: ${name}`] = weights;
    found[`slots: ${name}`] = hash(slots.flatMap(({ data }) => [...data]));
    found[`scores: ${name}`] = hash(scores);
    const loss = job.loss ?? {
      name: job.data === classes ? "crossEntropy" : "meanSquaredError",
      reduction: "mean",
    };
    const again = await evaluate(job.model, parameters, loss, job.data, { workers });
    const outputs = await predict(job.model, parameters, job.data, { workers });
    found[`predictions: ${name}`] = hash([...Object.values(again), ...outputs]);
  }
  return found;
}
