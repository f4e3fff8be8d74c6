// Trains a small job once for each plan of deaths in argv[2] and prints what came of it, one JSON line each.
import { dense, dropoutLayer, sequential } from "@shardgrad/core";
import { datasetFromArrays, Trainer } from "@shardgrad/parallel";
import { startThreads } from "@shardgrad/parallel/ahead";
import { streamOfRows } from "../../stream/rows.mjs";
import { outcomeOf } from "./outcome.mjs";

const rows = 50;
const features = Array.from({ length: rows }, (_, r) =>
  Array.from({ length: 6 }, (_, j) => (((r * 37 + j * 101) % 64) - 32) / 32),
);
const labels = features.map(([a = 0, b = 0]) => (a * a + b > 0.2 ? 1 : 0));

/** @type {{ workers: number, deaths: string, epochs?: number, streamed?: boolean, changes?: number[], skips?: boolean, ahead?: number }[]} */
const plans = JSON.parse(process.argv[2] ?? "[]");
for (const {
  workers,
  deaths,
  epochs = 3,
  streamed = false,
  changes,
  skips = false,
  ahead,
} of plans) {
  process.env.DIE = deaths;
  if (ahead !== undefined) startThreads(ahead);
  const data = datasetFromArrays(features, Int32Array.from(labels));
  const [block] = data.features;
  if (skips && block?.kind === "f32") block.values[7 * 6] = Number.NaN;
  const trainer = new Trainer({
    model: sequential(6, [dense(5, { activation: "tanh" }), dropoutLayer(0.2), dense(2)]),
    data: streamed ? streamOfRows(data, 7) : data,
    shuffleBuffer: streamed ? 16 : undefined,
    validation: datasetFromArrays(features, Int32Array.from(labels)),
    onNonFinite: skips ? "skip" : "stop",
    batchSize: 16,
    shards: 8,
    epochs,
    workers,
    maxWorkers: Math.max(workers, ...(changes ?? [])),
    optimizer: { name: "adam", lr: 0.01 },
    l2: 0.001,
  });
  console.log(JSON.stringify({ workers, deaths, ...(await outcomeOf(trainer, changes)) }));
}
