// shardgrad bench: how fast this machine trains four sizes of network, by number of workers.
import { missingBlas } from "../blas.js";
import { benchJobs, type BenchJob } from "../bench/jobs.js";
import { machine } from "../bench/machine.js";
import { measureJob, type Measured, type Variant } from "../bench/measure.js";
import { benchOptions } from "../options/speed.js";
import { describeBlas, describeMachine, measuredTable } from "../report/speed.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import type { CommandResult } from "./run.js";

/** Seconds for all jobs together; the last turn of each may take a little longer. */
const LIMIT_SECONDS = 22;
const TURN_SECONDS = 0.25;
const ROUNDS = 5;

/** What was measured of one job. */
export interface JobSpeed {
  readonly job: BenchJob;
  readonly measured: readonly Measured[];
}

/** Measures the jobs and prints a table, or one JSON object. */
export async function bench(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(benchOptions, flags, process.env, null);
  const { jobs, json } = settings;
  const before = machine();
  const missing = await missingBlas();
  const variants = variantsFor(before.cores, missing === null);
  const speeds: JobSpeed[] = [];
  for (const job of benchJobs.filter(({ name }) => jobs.includes(name))) {
    if (!json && process.stderr.isTTY) process.stderr.write(`\r${job.name} … `);
    const limit = LIMIT_SECONDS / jobs.length;
    const measured = await measureJob(job, variants, {
      rounds: ROUNDS,
      seconds: TURN_SECONDS,
      limit,
    });
    speeds.push({ job, measured });
  }
  if (!json && process.stderr.isTTY) process.stderr.write("\r          \r");
  if (json) process.stdout.write(`${JSON.stringify({ machine: before, jobs: speeds })}\n`);
  else
    process.stdout.write(
      `${[...describeMachine(before), "", measuredTable(speeds), "", describeBlas(speeds, missing)].join("\n")}\n`,
    );
  return 0;
}

/** 1, 2, 4, … workers and as many as there are cores, and with OpenBLAS all cores once more. */
function variantsFor(cores: number, blas: boolean): Variant[] {
  const counts = new Set([cores]);
  for (let workers = 1; workers < cores; workers *= 2) counts.add(workers);
  const wasm = [...counts]
    .toSorted((a, b) => a - b)
    .map((workers): Variant => ({ workers, backend: "wasm" }));
  return blas ? [...wasm, { workers: cores, backend: "blas" }] : wasm;
}
