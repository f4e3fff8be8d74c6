// brain.js: NeuralNetwork.train, which takes one row at a time and knows sigmoid outputs with squared error only.
import { peer, readData, serve, task } from "./protocol.mjs";

const { layers, rows } = task.job;
const brain = peer("brain.js");
const [width, classes] = [layers[0] ?? 0, layers.at(-1) ?? 0];
const { x, labels } = readData();
// It trains on whole sets only: few enough rows for a turn of two passes.
const flops = layers.slice(1).reduce((sum, units, i) => sum + 6 * units * (layers[i] ?? 0), 0);
const few = Math.max(8, Math.min(rows, Math.round(5e7 / flops)));
const data = Array.from({ length: few }, (_, row) => {
  const output = Array.from({ length: classes }, () => 0);
  output[labels[row] ?? 0] = 1;
  return { input: x.slice(row * width, (row + 1) * width), output };
});
const net = new brain.NeuralNetwork({ hiddenLayers: layers.slice(1, -1), activation: "relu" });
await serve(async (seconds) => {
  const start = performance.now();
  let passes = 0;
  let passed = 0;
  do {
    net.train(data, { iterations: 1, errorThresh: 1e-12, log: false });
    passes += 1;
    passed = (performance.now() - start) / 1000;
  } while (passed < seconds);
  return (passes * few) / passed;
});
