// Opens, runs and closes trainers many times in one process, and tells what that process holds at times, one JSON line each.
import { readdirSync } from "node:fs";
import { dense, sequential } from "@shardgrad/core";
import { datasetFromArrays, evaluate, Trainer } from "@shardgrad/parallel";

const [runs = 10, every = 5] = process.argv.slice(2).map(Number);
const features = Array.from({ length: 64 }, (_, r) =>
  Array.from({ length: 4 }, (_, j) => (((r * 37 + j * 101) % 64) - 32) / 32),
);
const labels = Int32Array.from(features, ([a = 0]) => Number(a > 0));
const data = datasetFromArrays(features, labels);
const model = sequential(4, [dense(8, { activation: "tanh" }), dense(2)]);

for (let run = 1; run <= runs; run += 1) {
  const trainer = new Trainer({
    model,
    data,
    validation: data,
    batchSize: 16,
    shards: 4,
    workers: 2,
    epochs: 2,
    // Every third run fails: its learning rate is beyond all measure.
    optimizer: { name: "sgd", lr: run % 3 === 0 ? 1e38 : 0.1 },
  });
  const result = await trainer.run().result.catch(() => null);
  await trainer.close();
  if (result !== null)
    await evaluate(model, result.parameters, { name: "crossEntropy", reduction: "mean" }, data);
  if (run % every !== 0) continue;
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(
    JSON.stringify({
      run,
      rss: process.memoryUsage.rss(),
      handles: process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap").length,
      threads: process.platform === "linux" ? readdirSync("/proc/self/task").length : 0,
    }),
  );
}
