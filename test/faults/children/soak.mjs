// Opens, runs and closes trainers for some time in one process, and tells what that process holds at times, one JSON line each.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { dense, sequential } from "@shardgrad/core";
import { datasetFromArrays, evaluate, Trainer } from "@shardgrad/parallel";

const [seconds = 10, every = 1] = process.argv.slice(2, 4).map(Number);
const [, , , , folder = "."] = process.argv;
const features = Array.from({ length: 64 }, (_, r) =>
  Array.from({ length: 4 }, (_, j) => (((r * 37 + j * 101) % 64) - 32) / 32),
);
const labels = Int32Array.from(features, ([a = 0]) => Number(a > 0));
const data = datasetFromArrays(features, labels);
const model = sequential(4, [dense(8, { activation: "tanh" }), dense(2)]);

/** Runs of every end: to the last epoch, failed by a rate beyond all measure, aborted, and with checkpoints. */
const kinds = ["whole", "fails", "aborted", "saved", "early"];

function countListeners() {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}

async function oneRun(kind) {
  const trainer = new Trainer({
    model,
    data,
    validation: data,
    batchSize: 16,
    shards: 4,
    workers: 2,
    epochs: kind === "aborted" ? 1_000_000 : 2,
    optimizer: { name: "sgd", lr: kind === "fails" ? 1e38 : 0.1 },
    ...(kind === "saved" && {
      checkpoint: { path: join(folder, "state.safetensors"), everySteps: 1 },
    }),
    ...(kind === "early" && { earlyStopping: { patience: 1, monitor: "loss" } }),
  });
  const abort = new AbortController();
  const run = trainer.run({ signal: abort.signal });
  let failure = null;
  try {
    if (kind === "aborted") {
      for await (const event of run) if (event.type === "progress") abort.abort();
    }
    const result = await run.result;
    await evaluate(model, result.parameters, { name: "crossEntropy", reduction: "mean" }, data);
  } catch (error) {
    failure = error;
  }
  await trainer.close();
  if ((failure !== null) !== (kind === "fails")) throw failure ?? new Error("a run did not fail");
}

const start = performance.now();
const elapsed = () => (performance.now() - start) / 1000;
let told = 0;
for (let runs = 1; told * every < seconds; runs += 1) {
  await oneRun(kinds[runs % kinds.length]);
  if (elapsed() < (told + 1) * every || runs % kinds.length !== 0) continue;
  told = Math.floor(elapsed() / every);
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(
    JSON.stringify({
      seconds: Math.round(elapsed()),
      runs,
      rss: process.memoryUsage.rss(),
      handles: process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap").length,
      threads: process.platform === "linux" ? readdirSync("/proc/self/task").length : 0,
      listeners: countListeners(),
    }),
  );
}
