// Learns from rows that are made while it trains, as many as you like: they are never in memory together. Run it: node examples/stream.mjs [rows]
import { dense, sequential } from "@shardgrad/core";
import { featureWidth, fitStream, streamOf, targetUnit, Trainer } from "@shardgrad/parallel";

const rows = Number(process.argv[2] ?? 50_000);

/** The price of a house by its area and its town; the same rows whenever it is called. */
async function* houses() {
  const towns = { Ulm: 4, Bonn: 5, Jena: 3 };
  const names = /** @type {(keyof typeof towns)[]} */ (Object.keys(towns));
  for (let i = 0; i < rows; i += 1) {
    const area = 40 + ((i * 7919) % 160);
    const town = names[(i * 31) % 3] ?? "Ulm";
    yield { area, town, price: towns[town] * area + 20 };
  }
}

const source = streamOf(houses, { source: "houses" });
const { data, validation, encoding } = await fitStream(source, {
  target: "price",
  validation: 0.05,
});
const trainer = new Trainer({
  model: sequential(featureWidth(data), [dense(16, { activation: "tanh" }), dense(1)]),
  data,
  validation: validation ?? undefined,
  unit: targetUnit(encoding),
  optimizer: { name: "adam", lr: 0.01 },
  shuffleBuffer: 10_000,
  epochs: 3,
});
const run = trainer.run();
for await (const event of run)
  if (event.type === "epoch")
    console.log(`epoch ${event.epoch}: R² ${event.validation?.["r2"]?.toFixed(4)}`);
console.log(`sha256 of the weights: ${(await run.result).hash}`);
await trainer.close();
