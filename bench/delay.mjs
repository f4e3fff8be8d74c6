// Prints how late the main thread's timers are, idle and while workers on all cores train.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { dense, sequential } from "@shardgrad/core";
import { cores, Trainer } from "@shardgrad/parallel";

const SECONDS = 4;
const rows = 20_000;
const trainer = new Trainer({
  model: sequential(784, [
    dense(512, { activation: "relu" }),
    dense(512, { activation: "relu" }),
    dense(10),
  ]),
  data: {
    rows,
    features: [
      {
        kind: "u8",
        width: 784,
        shift: 128,
        scale: 1 / 64,
        values: new Uint8Array(rows * 784).map((_, i) => (i * 7919) % 251),
      },
    ],
    target: { kind: "class", classes: 10, labels: new Int32Array(rows).map((_, i) => i % 10) },
  },
  batchSize: 128,
  epochs: 10_000,
  workers: cores().count,
});

/** @param {string} name */
async function measure(name) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await pause(SECONDS * 1000);
  delay.disable();
  const [p50, p99, p999] = [50, 99, 99.9].map((p) => (delay.percentile(p) / 1e6).toFixed(2));
  const most = (delay.max / 1e6).toFixed(2);
  console.log(`${name}: p50 ${p50}, p99 ${p99}, p99.9 ${p999}, most ${most} ms`);
}

console.log("a timer of 1 ms fires after …");
await measure("idle");
const run = trainer.run();
for await (const { type } of run) if (type === "progress") break;
await measure(`training with ${trainer.workers} workers`);
run.stop();
await run.result;
await trainer.close();
