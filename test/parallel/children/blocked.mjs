// Blocks the main thread while a run goes on and one of its workers ends.
import { Trainer } from "@shardgrad/parallel";
import { job } from "./job.mjs";

process.env.DIE = "1:50";
const trainer = new Trainer({ ...job, epochs: 100 });
const run = trainer.run();
let restarts = 0;
for await (const { type } of run) {
  if (type === "restart") restarts += 1;
  // Nothing happens on this thread for two seconds: no timer, no message.
  if (type === "start") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
}
const { epochs, seconds, stopped } = await run.result;
console.log(
  JSON.stringify({
    restarts,
    stopped,
    epochs: epochs.length,
    trained: epochs.reduce((sum, epoch) => sum + epoch.seconds, 0),
    seconds,
  }),
);
await trainer.close();
