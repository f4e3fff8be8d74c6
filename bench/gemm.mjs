// Matrix products as a share of what one core can multiply and add; run it pinned: `taskset -c 1 node bench/gemm.mjs`.
//
// Every sample of a product is divided by a sample of the peak taken right after it, so that a changing clock disturbs both
// alike. An argument selects the rows whose name contains it.
import { loadKernels, postOrder, programWords, SCRATCH_BYTES, writeProgram } from "@shardgrad/core";
import { cpuTime, median, peak, warm } from "./peak/peak.mjs";

const memory = new WebAssembly.Memory({ initial: 1024, maximum: 1024, shared: true });
const kernels = loadKernels("f32", memory);
const program = 1024;
const scratch = 1 << 16;
const values = new Float32Array(memory.buffer, scratch + SCRATCH_BYTES);
for (let i = 0; i < values.length; i += 1) values[i] = ((i * 7919) % 1009) / 1009 - 0.5;

const samplePeak = await peak("f32");
const wanted = process.argv[2] ?? "";
/** @type {number[]} */
const peaks = [];

/**
 * Addresses for tensors of so many elements, one behind the other.
 * @param {number[]} counts
 */
function place(...counts) {
  let at = values.byteOffset;
  return counts.map((count) => {
    const address = at;
    at += Math.ceil(count / 16) * 64;
    return address;
  });
}

/**
 * Prints the speed of `run`, which does `flops` useful operations.
 * @param {string} name
 * @param {number} flops
 * @param {() => void} run
 */
async function report(name, flops, run) {
  if (!name.includes(wanted)) return;
  await warm(run);
  const turns = Math.max(1, Math.round(1e8 / flops));
  const shares = [];
  const speeds = [];
  for (let sample = 0; sample < 15; sample += 1) {
    const time = cpuTime(() => {
      for (let turn = 0; turn < turns; turn += 1) run();
    });
    const speed = (flops * turns) / time / 1e6;
    const ceiling = samplePeak();
    speeds.push(speed);
    peaks.push(ceiling);
    shares.push((100 * speed) / ceiling);
  }
  const [share, speed] = [median(shares).toFixed(1), median(speeds).toFixed(1)];
  console.log(`${name.padEnd(44)} ${speed.padStart(6)} GFLOP/s ${share.padStart(6)} %`);
}

/**
 * A product whose operands are transposed where `layout` says T.
 * @param {string} name
 * @param {"NN" | "NT" | "TN"} layout
 * @param {number} m
 * @param {number} n
 * @param {number} k
 */
async function product(name, layout, m, n, k) {
  const [a, b, c] = place(m * k, k * n, m * n);
  const [aRow, aColumn] = layout === "TN" ? [1, m] : [k, 1];
  const [bRow, bColumn] = layout === "NT" ? [1, k] : [n, 1];
  await report(`${name} ${layout} ${m}×${n}×${k}`, 2 * m * n * k, () => {
    kernels.gemm(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, scratch);
  });
}

/**
 * The gradient of weights [m, n] over `rows` rows in shards of `shard`.
 * @param {string} name
 * @param {number} m
 * @param {number} n
 * @param {number} rows
 * @param {number} shard
 */
async function gradient(name, m, n, rows, shard) {
  const [a, b, c] = place(rows * m, rows * n, m * n);
  const leaves = postOrder(0, rows / shard);
  const sizes = leaves.map(() => shard);
  const merges = leaves.map((leaf) => leaf.merges);
  const words = new Int32Array(memory.buffer, program, programWords(leaves.length));
  writeProgram(words, 0, sizes, merges);
  await report(`${name} dW ${m}×${n}×${rows} by ${shard}`, 2 * m * n * rows, () => {
    kernels.gemmTree(program, m, n, a, b, c, scratch);
  });
}

const layouts = /** @type {const} */ (["NN", "TN", "NT"]);

for (const size of [256, 512, 1024])
  for (const layout of layouts) await product("square", layout, size, size, size);

for (const size of [256, 257, 264, 1000, 1001, 1008])
  await product("awkward", "NN", size, size, size);
for (const n of [8, 9, 10, 12, 16]) {
  for (const layout of layouts) await product("narrow", layout, 64, n, 128);
  await gradient("narrow", 128, n, 64, 32);
}

const jobs = [
  { name: "small", layers: [784, 128, 10], rows: [64, 32], shards: [64, 32, 16, 8] },
  { name: "medium", layers: [784, 512, 512, 10], rows: [128, 64], shards: [64, 32, 16] },
  { name: "large", layers: [1024, 2048, 2048, 1000], rows: [512, 256], shards: [64] },
  { name: "tiny", layers: [30, 64, 32, 2], rows: [32, 16], shards: [16, 8] },
];
for (const { name, layers, rows, shards } of jobs) {
  for (const m of rows) {
    for (const [i, outputs] of layers.slice(1).entries()) {
      const inputs = layers[i] ?? 0;
      await product(`${name} forward`, "NN", m, outputs, inputs);
      if (i > 0) await product(`${name} dX`, "NT", m, inputs, outputs);
      for (const shard of shards) if (shard <= m) await gradient(name, inputs, outputs, m, shard);
    }
  }
}
console.log(`peak ${median(peaks).toFixed(1)} GFLOP/s`);
