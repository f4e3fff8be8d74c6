// Prints what one more worker costs in memory: in the shared memory, and in the process's resident set.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { dense, sequential } from "@shardgrad/core";
import { Trainer } from "@shardgrad/parallel";
import { median } from "./peak/peak.mjs";

const file = fileURLToPath(import.meta.url);
const networks = { "784-128-10": [128], "784-512-512-10": [512, 512] };

if (process.argv[2] === undefined) {
  for (const name of Object.keys(networks)) {
    const at = [1, 2, 4, 8].map((workers) => {
      const samples = Array.from({ length: 3 }, () =>
        JSON.parse(
          execFileSync(process.execPath, [file, name, `${workers}`], { encoding: "utf8" }),
        ),
      );
      return { workers, rss: median(samples.map(({ rss }) => rss)), shared: samples[0].shared };
    });
    for (const [i, { workers, rss, shared }] of at.entries()) {
      const before = at[i - 1];
      const more = before && (rss - before.rss) / (workers - before.workers);
      console.log(
        `${name}, ${workers} workers: resident ${rss.toFixed(0)} MiB` +
          (more === undefined
            ? ""
            : ` (${more.toFixed(1)} a further worker, ${shared.toFixed(1)} of them shared memory)`),
      );
    }
  }
} else {
  const rows = 10_000;
  const hidden = networks[/** @type {keyof typeof networks} */ (process.argv[2])];
  const trainer = new Trainer({
    model: sequential(784, [
      ...hidden.map((units) => dense(units, { activation: "relu" })),
      dense(10),
    ]),
    data: {
      rows,
      features: [
        { kind: "u8", width: 784, shift: 0, scale: 1 / 255, values: new Uint8Array(rows * 784) },
      ],
      target: { kind: "class", classes: 10, labels: new Int32Array(rows) },
    },
    batchSize: 128,
    shards: 8,
    epochs: 1,
    workers: Number(process.argv[3]),
  });
  const run = trainer.run();
  let shared = 0;
  for await (const event of run) if (event.type === "start") shared = event.memory.bytesPerWorker;
  await run.result;
  console.log(
    JSON.stringify({ rss: process.memoryUsage.rss() / 2 ** 20, shared: shared / 2 ** 20 }),
  );
  await trainer.close();
}
