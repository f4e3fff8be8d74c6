// Two ways to the same bytes of dW = Xᵀ·dZ on several workers, as processor time of one worker, modelled for many:
//
//   shards  every worker multiplies its own shards, all of dW, into buffers of its own, which are then added by slices
//   slices  every worker multiplies all shards, for its own slice of the rows of dW, into the one gradient
//
// Both cut the sum over rows at the same shards. One process takes the part of one of w workers; the time of a barrier and
// what a core waits for others' caches are left out.
import {
  cover,
  loadKernels,
  mergeSpans,
  postOrder,
  programWords,
  SCRATCH_BYTES,
  writeProgram,
} from "@shardgrad/core";
import { defaultShards } from "@shardgrad/parallel";
import { benchJobs } from "../packages/cli/dist/bench/jobs.js";
import { cpuTime, median, warm } from "./peak/peak.mjs";
import { record, table } from "./record/record.mjs";

const SAMPLES = 15;
const FLOPS = 1e8; // of a sample
const WORKERS = [1, 2, 4, 8, 16, 64];

const done = record("slices");
const memory = new WebAssembly.Memory({ initial: 4096, maximum: 4096, shared: true });
const kernels = loadKernels("f32", memory);
const program = 1024;
const merging = 32768;
const scratch = 1 << 16;
const values = new Float32Array(memory.buffer, scratch + SCRATCH_BYTES);
for (let i = 0; i < 1 << 22; i += 1) values[i] = ((i * 7919) % 1009) / 1009 - 0.5;

/** Microseconds of processor time. @param {number} flops @param {() => void} run */
async function micros(flops, run) {
  await warm(run);
  const turns = Math.max(1, Math.round(FLOPS / flops));
  const samples = Array.from({ length: SAMPLES }, () =>
    cpuTime(() => {
      for (let turn = 0; turn < turns; turn += 1) run();
    }),
  );
  return (1000 * median(samples)) / turns;
}

/** One product of the part that a worker takes. @param {number} m @param {number} n @param {readonly number[]} sizes of its shards @param {number} lo @param {number} hi */
async function product(m, n, sizes, lo, hi) {
  const leaves = postOrder(lo, hi);
  const words = new Int32Array(memory.buffer, program, programWords(leaves.length));
  const rows = leaves.map(({ shard }) => sizes[shard] ?? 0);
  writeProgram(
    words,
    0,
    rows,
    leaves.map(({ merges }) => merges),
  );
  const total = rows.reduce((sum, count) => sum + count, 0);
  const x = values.byteOffset;
  const dz = x + 4 * total * m;
  return micros(2 * total * m * n, () =>
    kernels.gemmTree(program, m, n, x, dz, dz + 4 * total * n, scratch),
  );
}

/** Adding a slice of dW from all workers' buffers. @param {number} count of numbers @param {readonly import("@shardgrad/core").Span[]} spans @param {number} shards */
async function reduction(count, spans, shards) {
  const words = new Int32Array(memory.buffer, merging, programWords(spans.length));
  const chunk = 4096; // stays in the first cache, as it does in a step
  const buffer = 4 * Math.ceil(count / chunk) * chunk;
  writeProgram(
    words,
    0,
    spans.map((_, i) => values.byteOffset + (i + 1) * buffer),
    mergeSpans(shards, spans),
  );
  return micros(1000 * count, () => {
    for (let at = 0; at < count; at += chunk)
      kernels.reduceTree(Math.min(chunk, count - at), merging, 4 * at, values.byteOffset, scratch);
  });
}

const rows = [
  [
    "job",
    "batch",
    "workers",
    "shards",
    "by shards, µs",
    "of it adding",
    "by slices, µs",
    "slices faster by",
  ],
];
const measured = [];
for (const { name, layers, batch: usual } of benchJobs)
  for (const batch of name === "medium" ? [usual, 4096] : [usual])
    for (const workers of WORKERS) {
      const shards = Math.max(defaultShards(batch), workers);
      const size = Math.ceil(batch / shards);
      if (shards * size !== batch) continue;
      const sizes = Array.from({ length: shards }, () => size);
      const spans = Array.from({ length: workers }, (_, w) =>
        cover(shards, Math.floor((shards * w) / workers), Math.floor((shards * (w + 1)) / workers)),
      );
      let multiplying = 0;
      let adding = 0;
      let bySlices = 0;
      for (const [i, n] of layers.slice(1).entries()) {
        const m = layers[i] ?? 0;
        for (const { lo, hi } of spans[0] ?? []) multiplying += await product(m, n, sizes, lo, hi);
        adding += await reduction(Math.ceil((m * n) / workers), spans.flat(), shards);
        bySlices += await product(Math.ceil(m / workers), n, sizes, 0, shards);
      }
      const byShards = multiplying + adding;
      measured.push({ name, batch, workers, shards, multiplying, adding, bySlices });
      rows.push([
        name,
        String(batch),
        String(workers),
        String(shards),
        byShards.toFixed(0),
        adding.toFixed(0),
        bySlices.toFixed(0),
        `${(100 * (byShards / bySlices - 1)).toFixed(0)} %`,
      ]);
    }
console.log(table(rows));
done({ measured });
