// Golden values of what runs in one thread: scalar functions, layers, losses, initialisers, schedules, optimizers, orders.
import {
  activationNames,
  constant,
  createOptimizer,
  dense,
  dropoutLayer,
  evaluate,
  forward,
  gradients,
  initialize,
  input,
  learningRate,
  loadKernels,
  permutation,
  rowLoss,
  scalar,
  sequential,
  sum,
  tensor,
} from "@shardgrad/core";
import { hash, stream } from "./hash.mjs";

/** @import { InitSpec, LossName, ModelSpec, OptimizerSpec, Schedule } from "@shardgrad/core" */

/** From −20 to 20, dense around 0, and far out. */
const grid = [
  ...Array.from({ length: 801 }, (_, i) => (i - 400) / 20),
  ...Array.from({ length: 81 }, (_, i) => (i - 40) / 1000),
  ...[0, 1e-30, 88.7, 103.9, 500, 1e9, Infinity, Number.NaN].flatMap((x) => [x, -x]),
];

function scalars() {
  const { pow, ...unary } = scalar;
  return {
    "scalar pow": hash(grid.flatMap((x) => [pow(Math.abs(x), 0.37), pow(x, 3), pow(0.999, x)])),
    ...Object.fromEntries(
      Object.entries(unary).map(([name, f]) => [`scalar ${name}`, hash(grid.map((x) => f(x)))]),
    ),
  };
}

const ROWS = 12;
const WIDTH = 10;
const random = stream(42);
const x = tensor(
  Array.from({ length: ROWS }, () => Array.from({ length: WIDTH }, () => 6 * random() - 3)),
);
const shares = tensor(Array.from({ length: ROWS }, () => Array.from({ length: WIDTH }, random)));
const labels = tensor(Int32Array.from({ length: ROWS }, () => Math.floor(random() * WIDTH)));

/**
 * The outputs of a network for x, its loss, and the loss's gradient by every parameter, in f32 and f64.
 * @param {ModelSpec} model
 * @param {LossName} loss
 * @param {typeof shares} target
 */
function passes(model, loss, target) {
  const parameters = initialize(model, 5);
  const leaves = new Map([...parameters].map(([name, { shape }]) => [name, input(shape, name)]));
  const output = forward(model, leaves, constant(x), { training: true }).at(-1)?.a ?? constant(x);
  const total = sum(rowLoss({ name: loss }, output, constant(target)));
  const all = [output, total, ...gradients(total, [...leaves.values()])].filter((v) => v !== null);
  const feeds = new Map([...leaves].map(([name, leaf]) => [leaf, parameters.get(name) ?? x]));
  return hash(
    /** @type {const} */ (["f32", "f64"]).flatMap((dtype) =>
      evaluate(all, feeds, { dtype, seed: 7, step: 3 }).flatMap(({ data }) => [...data]),
    ),
  );
}

function layers() {
  /** @type {(layer: ReturnType<typeof dense> | ReturnType<typeof dropoutLayer>) => string} */
  const through = (layer) =>
    passes(sequential(WIDTH, [layer, dense(WIDTH)]), "meanSquaredError", shares);
  return {
    ...Object.fromEntries(
      activationNames.map((activation) => [
        `activation ${activation}`,
        through(dense(9, { activation })),
      ]),
    ),
    dropout: through(dropoutLayer(0.3)),
  };
}

function losses() {
  /** @type {LossName[]} */
  const names = [
    "meanSquaredError",
    "halfSquaredError",
    "norm",
    "binaryCrossEntropy",
    "crossEntropy",
  ];
  return {
    ...Object.fromEntries(
      names.map((name) => [
        `loss ${name}`,
        passes(sequential(WIDTH, [dense(WIDTH)]), name, shares),
      ]),
    ),
    "loss logLoss": passes(
      sequential(WIDTH, [dense(WIDTH, { activation: "sigmoid" })]),
      "logLoss",
      shares,
    ),
    "loss crossEntropy of labels": passes(
      sequential(WIDTH, [dense(WIDTH)]),
      "crossEntropy",
      labels,
    ),
  };
}

function initialisers() {
  /** @type {InitSpec[]} */
  const specs = [
    { name: "normal", mean: 0.5, sd: 2 },
    { name: "uniform", low: -1, high: 3 },
    { name: "glorotUniform" },
    { name: "glorotNormal" },
    { name: "heUniform" },
    { name: "heNormal" },
    { name: "zeros" },
    { name: "constant", value: 0.1 },
  ];
  return Object.fromEntries(
    specs.map((weightInit) => {
      const parameters = initialize(sequential(37, [dense(23, { weightInit })]), 9);
      return [
        `init ${weightInit.name}`,
        hash([...parameters.values()].flatMap(({ data }) => [...data])),
      ];
    }),
  );
}

function schedules() {
  /** @type {Exclude<Schedule, number>[]} */
  const specs = [
    { name: "step", lr: 0.1, every: 7, factor: 0.3 },
    { name: "exponential", lr: 0.1, rate: 0.999 },
    { name: "cosine", lr: 0.1, steps: 300, floor: 0.001, warmup: 20 },
  ];
  return Object.fromEntries(
    specs.map((spec) => [
      `schedule ${spec.name}`,
      hash(Array.from({ length: 400 }, (_, step) => learningRate(spec, step))),
    ]),
  );
}

/**
 * Weights and slots after some steps.
 * @param {OptimizerSpec} spec
 */
function optimized(spec) {
  const n = 67;
  const next = stream(3);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const optimizer = createOptimizer(spec, loadKernels("f32", memory));
  /** @param {number} i */
  const view = (i) => new Float32Array(memory.buffer, 512 * (i + 1), n);
  view(0).forEach((_, i, w) => (w[i] = next() - 0.5));
  const g = view(20);
  for (let step = 0; step < 20; step += 1) {
    g.forEach((_, i) => (g[i] = (next() - 0.5) * 10 ** ((i % 7) - 4)));
    const [now, then] = [step & 1, (step + 1) & 1];
    optimizer.begin(step);
    optimizer.update({
      n,
      w: view(now).byteOffset,
      wNext: view(then).byteOffset,
      g: g.byteOffset,
      slots: optimizer.slots.map((_, i) => view(2 + 2 * i + now).byteOffset),
      slotsNext: optimizer.slots.map((_, i) => view(2 + 2 * i + then).byteOffset),
      scale: 1 / 3,
      l1: 0.001,
      l2: 0.002,
      decays: true,
    });
  }
  return hash([0, 2, 4].flatMap((i) => [...view(i)]));
}

function optimizers() {
  /** @type {Record<string, OptimizerSpec>} */
  const specs = {
    sgd: { name: "sgd", lr: 0.1 },
    "sgd with weight decay": { name: "sgd", lr: 0.1, weightDecay: 0.01 },
    momentum: { name: "sgd", lr: 0.1, momentum: 0.9, dampening: 0.1 },
    nesterov: { name: "sgd", lr: 0.1, momentum: 0.9, nesterov: true },
    adam: { name: "adam", lr: 0.01 },
    adamw: { name: "adamw", lr: { name: "exponential", lr: 0.01, rate: 0.95 } },
  };
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [`optimizer ${name}`, optimized(spec)]),
  );
}

function orders() {
  return {
    permutation: hash([1, 2, 3, 64, 1000, 65537].flatMap((n) => [...permutation(n, 11, n)])),
  };
}

/**
 * Every value by name.
 * @returns {Record<string, string>}
 */
export const numerics = () => ({
  ...scalars(),
  ...layers(),
  ...losses(),
  ...initialisers(),
  ...schedules(),
  ...optimizers(),
  ...orders(),
});
