// Learns on all cores whether a point lies inside a circle. Run it: node examples/train.mjs
import { dense, sequential } from "@shardgrad/core";
import { datasetFromArrays, Trainer } from "@shardgrad/parallel";

const side = Array.from({ length: 40 }, (_, i) => (i - 19.5) / 20);
const points = side.flatMap((x) => side.map((y) => [x, y]));
const data = datasetFromArrays(
  points,
  points.map(([x, y]) => (x * x + y * y < 0.5 ? "inside" : "outside")),
);
const model = sequential(2, [dense(16, { activation: "tanh" }), dense(2)]);
const optimizer = { name: "adam", lr: 0.01 };
const trainer = new Trainer({ model, data, validation: data, epochs: 60, optimizer });
const run = trainer.run();
for await (const event of run) {
  if (event.type === "epoch" && event.epoch % 20 === 0)
    console.log(`epoch ${event.epoch}: accuracy ${event.validation?.accuracy.toFixed(3)}`);
}
console.log(`sha256 of the weights: ${(await run.result).hash}`);
await trainer.close();
