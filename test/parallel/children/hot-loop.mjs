// Trains twice with argv[2] workers for argv[3] steps, and prints when the second run began and ended.
import { dense, dropoutLayer, sequential } from "@shardgrad/core";
import { datasetFromArrays, Trainer } from "@shardgrad/parallel";

const rows = 8000;
const batchSize = 8;
const features = new Float32Array(rows * 4).map((_, i) => (((i * 7919) % 101) - 50) / 50);
const labels = new Int32Array(rows).map((_, r) => Number((features[4 * r] ?? 0) > 0));
const [workers, steps] = process.argv.slice(2).map(Number);
const trainer = new Trainer({
  model: sequential(4, [dense(8, { activation: "tanh" }), dropoutLayer(0.2), dense(2)]),
  data: datasetFromArrays(features, labels, { width: 4 }),
  batchSize,
  shards: 4,
  epochs: Math.ceil((steps * batchSize) / rows),
  workers,
  optimizer: { name: "adam", lr: { name: "cosine", lr: 0.01, steps } },
  l2: 0.001,
});
const now = () => performance.timeOrigin + performance.now();
await trainer.run().result; // compiles
await new Promise((done) => setTimeout(done, 100));
const from = now();
const result = await trainer.run().result;
const to = now();
await new Promise((done) => setTimeout(done, 100)); // collections are told after the fact
console.log(JSON.stringify({ thread: "run", from, to, steps: result.steps }));
await trainer.close();
