// TensorFlow.js: model.trainOnBatch; the setting is its back end, cpu or wasm.
import { dirname } from "node:path";
import { batches, peer, readData, repeat, serve, task } from "./protocol.mjs";

const { layers } = task.job;
const tf = peer("@tensorflow/tfjs");
if (task.setting === "wasm") {
  const wasm = peer("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(`${dirname(peer.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
}
if (!(await tf.setBackend(task.setting))) throw new Error(`tfjs: no back end ${task.setting}`);
await tf.ready();

const classes = layers.at(-1) ?? 0;
const { x, labels } = readData();
const inputs = tf.tensor2d(x, [task.job.rows, layers[0]]);
const targets = tf.oneHot(tf.tensor1d(labels, "int32"), classes).toFloat();
const model = tf.sequential();
for (const [i, units] of layers.slice(1).entries()) {
  model.add(
    tf.layers.dense({
      units,
      inputShape: [layers[i]],
      activation: i < layers.length - 2 ? "relu" : "softmax",
    }),
  );
}
model.compile({ optimizer: tf.train.sgd(0.01), loss: "categoricalCrossentropy" });
const next = batches();
const step = async () => {
  const indices = tf.tensor1d(next(), "int32");
  const [batchX, batchY] = [tf.gather(inputs, indices), tf.gather(targets, indices)];
  await model.trainOnBatch(batchX, batchY);
  tf.dispose([indices, batchX, batchY]);
};
await step();
await serve(repeat(step));
