// Trains once for each plan in argv[2] and prints what came of it, one JSON line each.
import { writeSync } from "node:fs";
import { dense, dropoutLayer, sequential } from "@shardgrad/core";
import { datasetFromArrays, Trainer } from "@shardgrad/parallel";
import { outcomeOf } from "../../parallel/children/outcome.mjs";

const rows = 300;
const features = Array.from({ length: rows }, (_, r) =>
  Array.from({ length: 6 }, (_, j) => (((r * 37 + j * 101) % 64) - 32) / 32),
);
const labels = features.map(([a = 0, b = 0]) => (a * a + b > 0.2 ? 1 : 0));
const optimizers = {
  adam: { name: "adam", lr: 0.01 },
  momentum: { name: "sgd", lr: 0.05, momentum: 0.9 },
};

/** @type {{ workers: number, optimizer: string, faults: string, watchdogSeconds?: number }[]} */
const plans = JSON.parse(process.argv[2] ?? "[]");
for (const { workers, optimizer, faults, watchdogSeconds } of plans) {
  process.env.FAULTS = faults;
  writeSync(2, "run\n"); // the faults that follow are this run's
  const data = datasetFromArrays(features, Int32Array.from(labels));
  const trainer = new Trainer({
    model: sequential(6, [dense(24, { activation: "tanh" }), dropoutLayer(0.2), dense(2)]),
    data,
    validation: data,
    batchSize: 32,
    shards: 8,
    epochs: 8,
    workers,
    optimizer: optimizers[optimizer],
    l2: 0.001,
    watchdogSeconds,
  });
  console.log(JSON.stringify(await outcomeOf(trainer)));
}
