// jax-js: one jitted step of value, gradient and update; the setting is its device.
import { batches, peer, readData, repeat, serve, task } from "./protocol.mjs";

const { layers, rows, batch } = task.job;
const jax = peer("@jax-js/jax");
const { numpy: np, nn, random, jit, valueAndGrad, tree } = jax;
await jax.init(task.setting);
jax.defaultDevice(task.setting);

const classes = layers.at(-1) ?? 0;
const data = readData();
const x = np.array(data.x, { shape: [rows, layers[0]], dtype: np.float32 });
const labels = np.array(data.labels, { shape: [rows], dtype: np.int32 });
let parameters = layers
  .slice(1)
  .flatMap((units, i) => [
    random.normal(random.key(i), [layers[i], units]).mul(0.05),
    np.zeros([units]),
  ]);
/** @type {(p: any[], x: any, y: any) => any} */
const loss = (p, x, y) => {
  let h = x;
  for (let i = 0; i < p.length; i += 2) {
    h = np.dot(h, p[i]).add(p[i + 1]);
    if (i < p.length - 2) h = nn.relu(h);
  }
  return nn
    .logSoftmax(h)
    .mul(nn.oneHot(y, classes))
    .sum()
    .mul(-1 / batch);
};
/** @type {(p: any[], x: any, labels: any, indices: any) => any} */
const gathered = (p, x, labels, indices) => {
  const [value, gradients] = valueAndGrad(loss)(
    tree.ref(p),
    x.slice(indices.ref),
    labels.slice(indices),
  );
  return [value, p.map((w, i) => w.sub(gradients[i].mul(0.01)))];
};
const train = jit(gathered);
const next = batches();
const step = async () => {
  const indices = np.array(next().slice(), { dtype: np.int32 });
  const [value, updated] = train(parameters, x.ref, labels.ref, indices);
  parameters = updated;
  await value.data();
};
await step();
await serve(repeat(step));
