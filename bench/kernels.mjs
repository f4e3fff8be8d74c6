// Single kernels: products as a share of the register-only peak of this core, everything else by the memory that it moves.
//
// Products by processor time, which what else runs hardly changes; the others are short beside a time slice, so that the
// median of many calls is that of undisturbed ones.
import { loadKernels, postOrder, programWords, SCRATCH_BYTES, writeProgram } from "@shardgrad/core";
import { measure } from "mitata";
import { cpuTime, median, peak, warm } from "./peak/peak.mjs";
import { record, table } from "./record/record.mjs";

const memory = new WebAssembly.Memory({ initial: 512, maximum: 512, shared: true });
const kernels = loadKernels("f32", memory);
const scratch = 4096;
const words = new Int32Array(memory.buffer);
const floats = new Float32Array(memory.buffer);
const start = scratch + SCRATCH_BYTES;
for (let i = start / 4; i < floats.length; i += 1) floats[i] = ((i * 7919) % 1009) / 1009 - 0.5;
let end = start;

/**
 * The address of room for so many numbers.
 * @param {number} count
 */
function take(count) {
  const at = end;
  end += Math.ceil(count / 32) * 128;
  if (end > memory.buffer.byteLength) throw new Error("kernels: the memory is full");
  return at;
}

/** A program for `leaves` leaves, each with the number `of` gives. @param {number} leaves @param {(i: number) => number} of */
function program(leaves, of) {
  const at = take(programWords(leaves));
  const order = postOrder(0, leaves);
  writeProgram(
    words,
    at >> 2,
    order.map(({ shard }) => of(shard)),
    order.map(({ merges }) => merges),
  );
  return at;
}

/** Processor time of a call in nanoseconds: the median of samples of some milliseconds. @param {() => void} run @param {number} flops */
async function cpuNanoseconds(run, flops) {
  await warm(run);
  const turns = Math.max(1, Math.round(1e8 / flops));
  const sample = () =>
    (1e6 / turns) *
    cpuTime(() => {
      for (let turn = 0; turn < turns; turn += 1) run();
    });
  return median(Array.from({ length: 15 }, sample));
}

/** Nanoseconds of a call: mean of many calls for those shorter than the clock can tell, median over samples. @param {() => void} run */
async function nanoseconds(run) {
  await warm(run);
  const { p50 } = await measure(run, { min_cpu_time: 2e8, inner_gc: false });
  return p50;
}

const done = record("kernels");
const samplePeak = await peak("f32");
const ceiling = median(Array.from({ length: 101 }, samplePeak));
console.log(`peak of mul+add in registers: ${ceiling.toFixed(1)} GFLOP/s`);

const products = [];
const jobs = [
  { name: "small", layers: [784, 128, 10], rows: 64 },
  { name: "medium", layers: [784, 512, 512, 10], rows: 128 },
  { name: "large", layers: [1024, 2048], rows: 128 },
];
for (const { name, layers, rows } of jobs) {
  for (const [i, n] of layers.slice(1).entries()) {
    const m = layers[i] ?? 0;
    end = start;
    const [x, w, y] = [take(rows * m), take(m * n), take(rows * n)];
    const shards = program(8, () => rows / 8);
    /** @type {[string, () => void][]} */
    const calls = [
      ["x·W", () => kernels.gemm(rows, n, m, x, m, 1, w, n, 1, y, scratch)],
      ["dy·Wᵀ", () => kernels.gemm(rows, m, n, y, n, 1, w, 1, n, x, scratch)],
      ["xᵀ·dy", () => kernels.gemmTree(shards, m, n, x, y, w, scratch)],
    ];
    for (const [product, run] of calls) {
      const ns = await cpuNanoseconds(run, 2 * rows * m * n);
      const gflops = (2 * rows * m * n) / ns;
      products.push({
        job: name,
        product,
        shape: `${rows}×${m}×${n}`,
        ns,
        gflops,
        ofPeak: gflops / ceiling,
      });
    }
  }
}
console.log(
  table([
    ["job", "product", "rows×m×n", "µs", "GFLOP/s", "of the peak"],
    ...products.map((one) => [
      one.job,
      one.product,
      one.shape,
      (one.ns / 1000).toFixed(1),
      one.gflops.toFixed(1),
      `${(100 * one.ofPeak).toFixed(1)} %`,
    ]),
  ]),
);

end = start;
const n = 4096; // numbers: a chunk of the update, which stays in the first cache
const [rows, width, stored] = [64, 784, 1024];
const [a, b, c, d, e, f] = [take(n), take(n), take(n), take(n), take(n), take(n)];
const indices = take(rows);
const bytes = take((stored * width) / 4);
const source = take(stored * width);
const out = take(rows * width);
const sums = program(8, () => 8);
const buffers = Array.from({ length: 8 }, () => take(n));
const tree = program(8, (i) => buffers[i] ?? 0);
for (let i = 0; i < rows; i += 1) words[(indices >> 2) + i] = (i * 37) % stored;
for (let i = 0; i < rows; i += 1) words[(d >> 2) + i] = i % 10;
/** Name, numbers that come out, bytes read and written, call. @type {[string, number, number, () => void][]} */
const others = [
  ["permute", rows, 4 * rows, () => kernels.permute(rows, 0, 60_000, 1, 2, c)],
  [
    "gatherU8",
    rows * width,
    5 * rows * width,
    () => kernels.gatherU8(rows, width, indices, bytes, 0, 1 / 255, out, width),
  ],
  [
    "gatherF32",
    rows * width,
    8 * rows * width,
    () => kernels.gatherF32(rows, width, indices, source, out, width),
  ],
  ["add a row, relu", n, 8 * n, () => kernels.addRelu(rows, n / rows, a, b, c)],
  ["add a row", n, 8 * n, () => kernels.add(rows, n / rows, a, n / rows, 1, b, 0, 1, c)],
  ["relu", n, 8 * n, () => kernels.relu(n, a, c)],
  ["reluGrad", n, 12 * n, () => kernels.reluGrad(n, a, b, c)],
  ["tanh", n, 8 * n, () => kernels.tanh(n, a, c)],
  ["gelu", n, 8 * n, () => kernels.gelu(n, a, c)],
  ["softmax, 64", n, 8 * n, () => kernels.softmax(rows, n / rows, a, c)],
  [
    "crossEntropyGrad, 10",
    rows * 10,
    8 * rows * 10,
    () => kernels.crossEntropyGrad(rows, 10, a, d, b, c),
  ],
  ["sumTree, 8 shards", n / rows, 4 * n, () => kernels.sumTree(sums, n / rows, a, c, scratch)],
  ["reduceTree, 8 buffers", n, 36 * n, () => kernels.reduceTree(n, tree, 0, c, scratch)],
  ["sgd", n, 12 * n, () => kernels.sgd(n, a, b, c, 1, 0.01, 0, 0)],
  ["momentum", n, 20 * n, () => kernels.momentum(n, a, b, c, d, e, 1, 0.01, 0, 0, 0.9, 0, 0)],
  [
    "adam",
    n,
    28 * n,
    () => kernels.adam(n, a, b, c, d, e, f, out, 1, 0.001, 0, 0, 0.9, 0.999, 1e-8, 1, 1, 0),
  ],
];
const elementwise = [];
for (const [kernel, numbers, moved, run] of others) {
  const ns = await nanoseconds(run);
  elementwise.push({ kernel, ns, nsPerNumber: ns / numbers, gigabytesPerSecond: moved / ns });
}
console.log(
  table([
    ["kernel", "µs", "ns a number", "GB/s"],
    ...elementwise.map((one) => [
      one.kernel,
      (one.ns / 1000).toFixed(2),
      one.nsPerNumber.toFixed(2),
      one.gigabytesPerSecond.toFixed(1),
    ]),
  ]),
);
done({ peakGflops: ceiling, products, elementwise });
