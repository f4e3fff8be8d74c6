// How the time of a step grows with batch, network and workers, and a cost model fitted to it, with what it forecasts.
//
//   time of a step = flops/(w·F) + θ·(w + 3)/(w·B) + C, and for w > 1 + S + 2·θ·(w − 1)/(w·X)
//
// w workers; F what a core multiplies, B numbers a second that it reduces and updates: every worker reads the w gradient
// buffers of its slice, θ before and after, and the sum; C what a step costs however small it is, S what its two barriers
// cost; X numbers a second that a core takes over from others, gradients and new θ. All five are fitted to the medians by
// the clock, of relative errors, so the machine should be quiet. Networks whose θ, gradients and optimizer state leave the
// caches are measured beside them: the model leaves memory out.
import { cores, defaultShards } from "@shardgrad/parallel";
import { flopsPerRow, parametersOf } from "../packages/cli/dist/bench/jobs.js";
import { measureJob, spread } from "../packages/cli/dist/bench/measure.js";
import { fitNonNegative } from "./record/fit.mjs";
import { record, table } from "./record/record.mjs";

const ROUNDS = 5;
const SECONDS = 0.4;
const FORECAST = [8, 16, 64];
const MODELLED = 2e6; // most parameters

const done = record("growth");
const all = cores().count;
const batches = [32, 64, 128, 256, 512, 1024, 2048, 4096];
const network = (/** @type {number} */ width) => [784, width, width, 10];
/** @type {{ layers: number[], batch: number }[]} */
const cases = [
  ...batches.map((batch) => ({ layers: [784, 128, 10], batch })),
  ...batches.slice(0, 6).map((batch) => ({ layers: network(512), batch })),
  ...[32, 64, 128, 256, 512, 1024].map((width) => ({ layers: network(width), batch: 128 })),
  ...[2048, 4096, 9216].map((width) => ({ layers: network(width), batch: 32 })),
  ...[32, 128, 512].map((batch) => ({ layers: [30, 64, 32, 2], batch })),
];
const seen = new Set();
const measured = [];
for (const { layers, batch } of cases) {
  const name = `${layers.join("-")} × ${batch}`;
  if (seen.has(name)) continue;
  seen.add(name);
  const second = 3e10 / (batch * flopsPerRow({ layers })); // steps in about a second
  const job = { name, layers, batch, rows: second < 20 ? batch : Math.max(2 * batch, 1024) };
  const counts = Array.from({ length: all }, (_, i) => i + 1);
  const variants = counts.map((workers) => ({ workers, backend: /** @type {const} */ ("wasm") }));
  for (const one of await measureJob(job, variants, {
    rounds: second < 20 ? 2 : ROUNDS,
    seconds: Math.max(SECONDS, 6 / second),
  })) {
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
  workers > 1 ? 1 : 0,
  (2 * parametersOf({ layers }) * (workers - 1)) / workers,
];
// Relative errors count, else the largest steps alone would decide.
const isModelled = (/** @type {{ layers: number[] }} */ one) => parametersOf(one) <= MODELLED;
const rows = measured
  .filter(isModelled)
  .map((one) => terms(one).map((term) => term / one.wall.median));
const costs = fitNonNegative(
  rows,
  rows.map(() => 1),
);
const forecast = (/** @type {{ layers: number[], batch: number, workers: number }} */ one) =>
  terms(one).reduce((sum, term, i) => sum + term * (costs[i] ?? 0), 0);
const errors = measured.map((one) => forecast(one) / one.wall.median - 1);

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
const [flop = NaN, update = NaN, step = NaN, barrier = NaN, transfer = NaN] = costs;
console.log(
  `a core: ${(1e-3 / flop).toFixed(1)} GFLOP/s, reduces and updates ${(1e-3 / update).toFixed(2)} G numbers/s, takes over ${(1e-3 / transfer).toFixed(2)} G numbers/s; a step ${step.toFixed(1)} µs, its barriers ${barrier.toFixed(1)} µs`,
);
for (const [what, of] of /** @type {const} */ ([
  ["one worker", measured.map((one) => one.workers === 1 && isModelled(one))],
  ["more workers", measured.map((one) => one.workers > 1 && isModelled(one))],
  ["beyond the caches", measured.map((one) => !isModelled(one))],
])) {
  const size = spread(errors.filter((_, i) => of[i]).map(Math.abs));
  console.log(
    `error of the model, ${what}: median ${(100 * size.median).toFixed(0)} %, largest ${(100 * size.most).toFixed(0)} %`,
  );
}

const jobs = [
  { layers: [30, 64, 32, 2], batch: 32 },
  { layers: [784, 128, 10], batch: 64 },
  { layers: [784, 512, 512, 10], batch: 128 },
  { layers: [1024, 2048, 2048, 1000], batch: 512 },
  { layers: [784, 512, 512, 10], batch: 4096 },
];
const forecasts = jobs.flatMap(({ layers, batch }) =>
  FORECAST.map((count) => {
    const workers = Math.min(count, defaultShards(batch)); // a worker takes at least one shard
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
done({ measured, costs: { flop, update, step, barrier, transfer }, errors, forecasts });
