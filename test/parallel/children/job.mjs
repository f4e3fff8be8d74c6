// A small job for processes of their own.
import { dense, sequential } from "@shardgrad/core";
import { datasetFromArrays } from "@shardgrad/parallel";

const rows = 64;
const features = Array.from({ length: rows }, (_, r) =>
  Array.from({ length: 4 }, (_, j) => (((r * 37 + j * 101) % 64) - 32) / 32),
);

/** @type {import("@shardgrad/parallel").TrainerOptions} */
export const job = {
  model: sequential(4, [dense(5, { activation: "tanh" }), dense(2)]),
  data: datasetFromArrays(
    features,
    Int32Array.from(features, ([a = 0]) => Number(a > 0)),
  ),
  batchSize: 16,
  shards: 4,
  workers: 3,
  epochs: 3,
};
