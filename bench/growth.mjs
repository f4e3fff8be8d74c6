// How the time of a step grows with batch, network and workers, and a cost model fitted to it, with what it forecasts.
//
//   time of a step = flops/(w·F) + θ·(w + 3)/(w·B) + C + S·(w > 1)
//
// w workers; F what a core multiplies, B numbers a second that it reduces and updates; C what a step costs however small
// it is, S what its two barriers cost. Every worker reads the w gradient buffers of its slice, θ before and after, and the
// sum. F, B and C are fitted to the processor time of one worker, which other programs hardly disturb; S is the processor
// time that each of several workers takes beyond its part of that, in short steps: waiting included.
import { cores } from "@shardgrad/parallel";
import { flopsPerRow, parametersOf } from "../packages/cli/dist/bench/jobs.js";
import { measureJob, spread } from "../packages/cli/dist/bench/measure.js";
import { fitNonNegative } from "./record/fit.mjs";
import { record, table } from "./record/record.mjs";

const ROUNDS = 5;
const SECONDS = 0.4;
const SHORT = 600; // microseconds
const FORECAST = [8, 16, 64];

const done = record("growth");
const all = cores().count;
const batches = [32, 64, 128, 256, 512, 1024, 2048, 4096];
const network = (/** @type {number} */ width) => [784, width, width, 10];
/** @type {{ layers: number[], batch: number }[]} */
const cases = [
  ...batches.map((batch) => ({ layers: [784, 128, 10], batch })),
  ...batches.slice(0, 6).map((batch) => ({ layers: network(512), batch })),
  ...[32, 64, 128, 256, 512, 1024].map((width) => ({ layers: network(width), batch: 128 })),
  ...[32, 128, 512].map((batch) => ({ layers: [30, 64, 32, 2], batch })),
];
const seen = new Set();
const measured = [];
for (const { layers, batch } of cases) {
  const name = `${layers.join("-")} × ${batch}`;
  if (seen.has(name)) continue;
  seen.add(name);
  const job = { name, layers, batch, rows: Math.max(2 * batch, 1024) };
  const counts = Array.from({ length: all }, (_, i) => i + 1);
  const variants = counts.map((workers) => ({ workers, backend: /** @type {const} */ ("wasm") }));
  for (const one of await measureJob(job, variants, { rounds: ROUNDS, seconds: SECONDS })) {
    const wall = spread(one.samplesPerSecond.map((rate) => (1e6 * batch) / rate));
    const cpu = spread(one.samplesPerCpuSecond.map((rate) => (1e6 * batch) / rate)).median;
    measured.push({ layers, batch, workers: one.workers, wall, cpu, bytes: one.bytes });
  }
}

/** What the terms of the model are multiplied with. @param {{ layers: number[], batch: number, workers: number }} one */
const terms = ({ layers, batch, workers }) => [
  (batch * flopsPerRow({ layers })) / workers,
  (parametersOf({ layers }) * (workers + 3)) / workers,
  1,
];
const single = measured.filter(({ workers }) => workers === 1);
// Relative errors count, else the largest steps alone would decide.
const rows = single.map((one) => terms(one).map((term) => term / one.cpu));
const costs = fitNonNegative(
  rows,
  rows.map(() => 1),
);
const work = (/** @type {{ layers: number[], batch: number, workers: number }} */ one) =>
  terms(one).reduce((sum, term, i) => sum + term * (costs[i] ?? 0), 0);
// In long steps the barriers are lost in the scatter.
const waits = measured.flatMap((one) => {
  const alone = single.find(({ layers, batch }) => layers === one.layers && batch === one.batch);
  return one.workers === 1 || alone === undefined || alone.cpu > SHORT
    ? []
    : [(one.cpu - alone.cpu) / one.workers];
});
const barrier = Math.max(0, spread(waits).median);
const forecast = (/** @type {{ layers: number[], batch: number, workers: number }} */ one) =>
  work(one) + (one.workers > 1 ? barrier : 0);
const errors = measured.map(
  (one) => forecast(one) / (one.workers === 1 ? one.cpu : one.wall.least) - 1,
);

console.log(
  table([
    [
      "network",
      "batch",
      "parameters",
      "workers",
      "µs a step",
      "range",
      "processor µs",
      "model",
      "error",
      "MiB",
    ],
    ...measured.map((one, i) => [
      one.layers.join("-"),
      String(one.batch),
      String(parametersOf(one)),
      String(one.workers),
      one.wall.median.toFixed(0),
      `${one.wall.least.toFixed(0)}…${one.wall.most.toFixed(0)}`,
      one.cpu.toFixed(0),
      forecast(one).toFixed(0),
      `${(100 * (errors[i] ?? NaN)).toFixed(0)} %`,
      (one.bytes / 2 ** 20).toFixed(1),
    ]),
  ]),
);
const [flop = NaN, update = NaN, step = NaN] = costs;
console.log(
  `a core: ${(1e-3 / flop).toFixed(1)} GFLOP/s, reduces and updates ${(1e-3 / update).toFixed(2)} G numbers/s; a step ${step.toFixed(1)} µs, its barriers ${barrier.toFixed(1)} µs`,
);
for (const [what, of] of /** @type {const} */ ([
  ["one worker, against processor time", measured.map(({ workers }) => workers === 1)],
  ["more workers, against the fastest turn", measured.map(({ workers }) => workers > 1)],
])) {
  const size = spread(errors.filter((_, i) => of[i]).map(Math.abs));
  console.log(
    `error of the model, ${what}: median ${(100 * size.median).toFixed(0)} %, largest ${(100 * size.most).toFixed(0)} %`,
  );
}

const jobs = [
  { layers: [30, 64, 32, 2], batch: 32, shards: 4 },
  { layers: [784, 128, 10], batch: 64, shards: 8 },
  { layers: [784, 512, 512, 10], batch: 128, shards: 8 },
  { layers: [1024, 2048, 2048, 1000], batch: 512, shards: 8 },
  { layers: [784, 512, 512, 10], batch: 4096, shards: 64 },
];
const forecasts = jobs.flatMap(({ layers, batch, shards }) =>
  FORECAST.map((count) => {
    const workers = Math.min(count, shards); // a worker takes at least one shard
    const [one, many] = [1, workers].map((w) => forecast({ layers, batch, workers: w }));
    return {
      layers,
      batch,
      cores: count,
      workers,
      microseconds: many ?? NaN,
      speedUp: (one ?? NaN) / (many ?? NaN),
    };
  }),
);
console.log(
  table([
    ["network", "batch", "cores", "workers", "µs a step", "speed-up"],
    ...forecasts.map((one) => [
      one.layers.join("-"),
      String(one.batch),
      String(one.cores),
      String(one.workers),
      one.microseconds.toFixed(0),
      `× ${one.speedUp.toFixed(1)}`,
    ]),
  ]),
);
done({ measured, costs: { flop, update, step, barrier }, errors, forecasts });
