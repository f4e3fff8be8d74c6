// Measures training in steady state through the public Trainer: variants of a job take turns, so that whatever else the
// machine does disturbs all alike.
import { dense, sequential } from "@shardgrad/core";
import { type Backend, type Dataset, Trainer, type TrainerOptions } from "@shardgrad/parallel";
import type { BenchJob } from "./jobs.js";

/** One way to run a job. */
export interface Variant {
  readonly workers: number;
  readonly backend: Backend;
  /** Other options than those of the job. */
  readonly options?: Pick<TrainerOptions, "shards" | "checkpoint" | "hashes" | "profile">;
}

/** How long and how often. */
export interface MeasureOptions {
  /** Turns of every variant, after one to get warm. */
  readonly rounds: number;
  /** Of one turn. */
  readonly seconds: number;
  /** No other round begins after so many seconds. */
  readonly limit?: number;
}

/** Rows a second in each turn. */
export interface Measured extends Variant {
  readonly samplesPerSecond: readonly number[];
  /** Rows for each second of processor time of the whole process: hardly disturbed by what else runs. */
  readonly samplesPerCpuSecond: readonly number[];
  /** Shared memory in all. */
  readonly bytes: number;
}

/** The part of a turn whose epochs do not count: threads wake up and clocks rise. */
const WARM_PART = 0.2;

/** More epochs than any turn has time for; the trainer keeps records of so many. */
const MANY_EPOCHS = 65_536;

/** Features in [0, 1) and labels that mean nothing: speed does not depend on them. */
export function benchData({ layers, rows }: Pick<BenchJob, "layers" | "rows">): Dataset {
  const width = layers[0] ?? 0;
  const classes = layers.at(-1) ?? 0;
  let state = 1;
  // George Marsaglia's 32-bit xorshift (13, 17, 5).
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const values = new Float32Array(rows * width).map(() => next() / 2 ** 32);
  const labels = new Int32Array(rows).map(() => next() % classes);
  return {
    rows,
    features: [{ kind: "f32", width, values }],
    target: { kind: "class", classes, labels },
  };
}

/** The options of a trainer for a job. */
export function trainerOptions(
  { layers, batch }: Pick<BenchJob, "layers" | "batch">,
  data: Dataset,
): TrainerOptions {
  const last = layers.length - 2;
  const model = sequential(
    layers[0] ?? 0,
    layers.slice(1).map((units, i) => dense(units, { activation: i < last ? "relu" : "identity" })),
  );
  return { model, data, batchSize: batch, optimizer: { name: "sgd", lr: 0.01 } };
}

/** The speed of one turn. */
export interface Turn {
  /** NaN when no epoch counted. */
  readonly samplesPerSecond: number;
  readonly samplesPerCpuSecond: number;
}

/** A job that waits to be run for a while. */
export interface OpenJob {
  readonly workers: number;
  /**
   * Trains for some seconds, and at least for so many epochs (default 2), the first of which does not count for the rows
   * a second.
   */
  turn(seconds: number, epochs?: number): Promise<Turn>;
  /** Shared memory in all, once a turn was taken. */
  bytes(): number;
  close(): Promise<void>;
}

/** Opens one variant of a job. */
export function openJob(job: BenchJob, variant: Variant, data: Dataset): OpenJob {
  const { workers, backend, options } = variant;
  const trainer = new Trainer({
    ...trainerOptions(job, data),
    epochs: MANY_EPOCHS,
    workers,
    backend,
    ...options,
  });
  let bytes = 0;
  return {
    workers: trainer.workers,
    turn: async (seconds, epochs = 2) => {
      const run = trainer.run();
      const lengths: number[] = []; // of the epochs, in seconds
      let spent = 0;
      let before = process.cpuUsage();
      for await (const event of run) {
        if (event.type === "start") {
          bytes = event.memory.bytes;
          before = process.cpuUsage();
        }
        if (event.type !== "epoch") continue;
        lengths.push(event.seconds);
        spent += event.seconds;
        if (spent >= seconds && steady(lengths, WARM_PART * seconds).epochs >= epochs - 1)
          run.stop();
      }
      const { steps } = await run.result;
      const { user, system } = process.cpuUsage(before); // microseconds
      const { epochs: counted, time } = steady(lengths, WARM_PART * seconds);
      const rows = (steps * job.rows) / Math.ceil(job.rows / job.batch);
      return {
        samplesPerSecond: (counted * job.rows) / time,
        samplesPerCpuSecond: (1e6 * rows) / (user + system),
      };
    },
    bytes: () => bytes,
    close: () => trainer.close(),
  };
}

/** The epochs that begin after the first one and after `warm` seconds, and the seconds they took. */
function steady(lengths: readonly number[], warm: number): { epochs: number; time: number } {
  let before = 0;
  let time = 0;
  let epochs = 0;
  for (const [i, length] of lengths.entries()) {
    if (i > 0 && before >= warm) {
      time += length;
      epochs += 1;
    }
    before += length;
  }
  return { epochs, time };
}

/** Measures the variants of a job in turns; the order of a round is the reverse of the one before. */
export async function measureJob(
  job: BenchJob,
  variants: readonly Variant[],
  { rounds, seconds, limit = Number.POSITIVE_INFINITY }: MeasureOptions,
): Promise<Measured[]> {
  const start = performance.now();
  const data = benchData(job);
  const open = variants.map((variant) => ({
    variant,
    opened: openJob(job, variant, data),
    turns: [] as Turn[],
  }));
  try {
    for (const { opened } of open) await opened.turn(seconds, 1);
    for (let round = 0; round < rounds; round += 1) {
      const spent = (performance.now() - start) / 1000;
      if (round > 0 && spent * (1 + 1 / (round + 1)) > limit) break;
      const order = round % 2 === 0 ? open : open.toReversed();
      for (const { opened, turns } of order) turns.push(await opened.turn(seconds));
    }
  } finally {
    for (const { opened } of open) await opened.close();
  }
  return open.map(({ variant, opened, turns }) => ({
    ...variant,
    workers: opened.workers,
    samplesPerSecond: turns.map((turn) => turn.samplesPerSecond),
    samplesPerCpuSecond: turns.map((turn) => turn.samplesPerCpuSecond),
    bytes: opened.bytes(),
  }));
}

/** Median, least and most of some samples. */
export function spread(samples: readonly number[]): {
  readonly median: number;
  readonly least: number;
  readonly most: number;
} {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [below, above] = [sorted[middle - 1] ?? Number.NaN, sorted[middle] ?? Number.NaN];
  return {
    median: sorted.length % 2 === 0 ? (below + above) / 2 : above,
    least: sorted[0] ?? Number.NaN,
    most: sorted.at(-1) ?? Number.NaN,
  };
}
