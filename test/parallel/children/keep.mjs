// Trains five times with threads that are kept (argv[2] "true") or not, and tells how many were started; closes and goes home.
import { Worker } from "node:worker_threads";
import { Trainer } from "@shardgrad/parallel";
import { job } from "./job.mjs";

process.on("exit", (code) => console.log(JSON.stringify({ code })));
/** The number of the next thread of this process. */
const next = async () => {
  const worker = new Worker("", { eval: true });
  const { threadId } = worker;
  await worker.terminate();
  return threadId;
};

const before = await next();
const hashes = [];
for (let run = 0; run < 5; run += 1) {
  const trainer = new Trainer({ ...job, workers: 2, keepThreads: process.argv[2] === "true" });
  hashes.push((await trainer.run().result).hash);
  await trainer.close();
}
console.log(JSON.stringify({ started: (await next()) - before - 1, hashes: new Set(hashes).size }));
