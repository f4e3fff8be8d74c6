// Prints how long the prediction of one row takes on the calling thread, for a network 784-128-10.
import { createPredictor, dense, initialize, sequential } from "@shardgrad/core";
import { median } from "./peak/peak.mjs";

const model = sequential(784, [dense(128, { activation: "relu" }), dense(10)]);
const predict = createPredictor(model, initialize(model, 0));
const row = new Float32Array(784).map((_, i) => ((i * 7919) % 1009) / 1009 - 0.5);

for (let i = 0; i < 20_000; i += 1) predict(row, 1); // compiles
const micros = Array.from({ length: 50_000 }, () => {
  const from = performance.now();
  predict(row, 1);
  return (performance.now() - from) * 1000;
}).toSorted((a, b) => a - b);
const p99 = micros[Math.floor(0.99 * micros.length)] ?? Number.NaN;
console.log(`one row: median ${median(micros).toFixed(1)}, p99 ${p99.toFixed(1)} µs`);
