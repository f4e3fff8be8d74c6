// Trains, stops, evaluates and predicts, closes, and tells what still keeps the process alive.
import { evaluate, predict, Trainer } from "@shardgrad/parallel";
import { job } from "./job.mjs";

const trainer = new Trainer(job);
const { parameters } = await trainer.run().result;
const run = trainer.run();
run.stop();
await run.result;
const loss = /** @type {const} */ ({ name: "crossEntropy", reduction: "mean" });
const scores = await evaluate(job.model, parameters, loss, job.data, { workers: 2 });
const outputs = await predict(job.model, parameters, job.data);
await trainer.close();
console.log(
  JSON.stringify({
    alive: process.getActiveResourcesInfo(),
    accuracy: scores.accuracy,
    outputs: outputs.length,
  }),
);
