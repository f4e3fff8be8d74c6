// Training in steady state through the public Trainer: rows a second of four jobs by workers, and as a share of the peak.
//
// Variants take turns. The peak of a core is sampled between the jobs, in this process and, as the share of it, by processor
// time: so it holds on a machine that is not quiet, where rows a second do not.
import { benchJobs, flopsPerRow } from "../packages/cli/dist/bench/jobs.js";
import { measureJob, spread } from "../packages/cli/dist/bench/measure.js";
import { cores } from "@shardgrad/parallel";
import { median, peak } from "./peak/peak.mjs";
import { record, table } from "./record/record.mjs";

const ROUNDS = 7;
const SECONDS = 1;

const done = record("jobs");
const samplePeak = await peak("f32");
const rows = [
  [
    "job",
    "workers",
    "rows/s",
    "range",
    "GFLOP/s",
    "of linear",
    "GFLOP per CPU second",
    "of the peak",
  ],
];
const jobs = [];
for (const job of benchJobs) {
  const ceiling = median(Array.from({ length: 51 }, samplePeak));
  const counts = Array.from({ length: cores().count }, (_, i) => i + 1);
  const variants = counts.map((workers) => ({ workers, backend: /** @type {const} */ ("wasm") }));
  const measured = await measureJob(job, variants, { rounds: ROUNDS, seconds: SECONDS });
  jobs.push({ job, peakGflops: ceiling, measured });
  const [one] = measured;
  for (const { workers, samplesPerSecond, samplesPerCpuSecond } of measured) {
    const rate = spread(samplesPerSecond);
    // A turn of the one and a turn of the other lie side by side: their ratio is steadier than that of the medians.
    const ratios = samplesPerSecond.map(
      (value, i) => value / (workers * (one?.samplesPerSecond[i] ?? NaN)),
    );
    const gflops = (rate.median * flopsPerRow(job)) / 1e9;
    const perCpu = (median(samplesPerCpuSecond) * flopsPerRow(job)) / 1e9;
    rows.push([
      job.name,
      String(workers),
      rate.median.toFixed(0),
      `${rate.least.toFixed(0)}…${rate.most.toFixed(0)}`,
      gflops.toFixed(1),
      `${(100 * median(ratios)).toFixed(0)} %`,
      perCpu.toFixed(1),
      `${((100 * perCpu) / ceiling).toFixed(1)} %`,
    ]);
  }
}
console.log(table(rows));
done({ jobs });
