// What it costs to save the run once a second, to log hashes of the weights, to record a trace, and to have the same bytes
// for any number of workers: each against the same run without, in turns.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cores } from "@shardgrad/parallel";
import { benchJobs } from "../packages/cli/dist/bench/jobs.js";
import { measureJob, spread } from "../packages/cli/dist/bench/measure.js";
import { record, table } from "./record/record.mjs";

const ROUNDS = 5;
const SECONDS = 1;

const done = record("options");
const folder = mkdtempSync(join(tmpdir(), "shardgrad-bench-"));
const workers = cores().count;
const backend = /** @type {const} */ ("wasm");
const checkpoint = { path: join(folder, "state.safetensors"), everySeconds: 1 };
const hashes = { path: join(folder, "hashes.jsonl"), every: 500 };
const ways = [
  { name: "plain", options: {} },
  { name: "saved once a second", options: { checkpoint } },
  { name: "hashed every 500 steps", options: { hashes } },
  { name: "with a trace", options: { profile: {} } },
  { name: "a shard for each worker", options: { shards: workers } },
];
const rows = [["job", "run", "rows/s", "of plain", "range"]];
const jobs = [];
for (const job of benchJobs) {
  const variants = ways.map(({ options }) => ({ workers, backend, options }));
  const measured = await measureJob(job, variants, { rounds: ROUNDS, seconds: SECONDS });
  const [plain] = measured;
  const runs = measured.map(({ samplesPerSecond }, i) => {
    const ratio = spread(
      samplesPerSecond.map((rate, turn) => rate / (plain?.samplesPerSecond[turn] ?? NaN)),
    );
    const name = ways[i]?.name ?? "";
    rows.push([
      job.name,
      name,
      spread(samplesPerSecond).median.toFixed(0),
      `${(100 * ratio.median).toFixed(1)} %`,
      `${(100 * ratio.least).toFixed(0)}…${(100 * ratio.most).toFixed(0)} %`,
    ]);
    return { name, samplesPerSecond };
  });
  jobs.push({ job, runs });
}
rmSync(folder, { recursive: true });
console.log(table(rows));
done({ jobs });
