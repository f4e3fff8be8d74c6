// Measures training in steady state through the public Trainer: variants of a job take turns, so that whatever else the
// machine does disturbs all alike.
import { dense, sequential } from "@shardgrad/core";
import { type Backend, type Dataset, Trainer, type TrainerOptions } from "@shardgrad/parallel";
import type { BenchJob } from "./jobs.js";

/** One way to run a job. */
export interface Variant {
  readonly workers: number;
  readonly backend: Backend;
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

/** Measures the variants of a job in turns; the order of a round is the reverse of the one before. */
export async function measureJob(
  job: BenchJob,
  variants: readonly Variant[],
  { rounds, seconds, limit = Number.POSITIVE_INFINITY }: MeasureOptions,
): Promise<Measured[]> {
  const start = performance.now();
  const options = { ...trainerOptions(job, benchData(job)), epochs: MANY_EPOCHS };
  const trainers = variants.map((variant) => new Trainer({ ...options, ...variant }));
  const rates = variants.map((): number[] => []);
  const bytes = variants.map(() => 0);
  try {
    for (const [i, trainer] of trainers.entries())
      bytes[i] = (await turn(trainer, job, seconds, 1)).bytes;
    for (let round = 0; round < rounds; round += 1) {
      const order = trainers.map((_, i) => (round % 2 === 0 ? i : trainers.length - 1 - i));
      const spent = (performance.now() - start) / 1000;
      if (round > 0 && spent * (1 + 1 / (round + 1)) > limit) break;
      for (const i of order) {
        const trainer = trainers[i];
        if (trainer) rates[i]?.push((await turn(trainer, job, seconds)).samplesPerSecond);
      }
    }
  } finally {
    for (const trainer of trainers) await trainer.close();
  }
  return variants.map((variant, i) => ({
    ...variant,
    workers: trainers[i]?.workers ?? variant.workers,
    samplesPerSecond: rates[i] ?? [],
    bytes: bytes[i] ?? 0,
  }));
}

/** Trains for some seconds, and at least for so many epochs, the first of which does not count. */
async function turn(
  trainer: Trainer,
  { rows }: BenchJob,
  seconds: number,
  epochs = 2,
): Promise<{ samplesPerSecond: number; bytes: number }> {
  const run = trainer.run();
  const lengths: number[] = []; // of the epochs, in seconds
  let bytes = 0;
  let spent = 0;
  for await (const event of run) {
    if (event.type === "start") bytes = event.memory.bytes;
    if (event.type !== "epoch") continue;
    lengths.push(event.seconds);
    spent += event.seconds;
    if (spent >= seconds && lengths.length >= epochs) run.stop();
  }
  await run.result;
  let warm = 0;
  let time = 0;
  let counted = 0;
  for (const [i, length] of lengths.entries()) {
    if (i > 0 && warm >= WARM_PART * seconds) {
      time += length;
      counted += 1;
    }
    warm += length;
  }
  return { samplesPerSecond: (counted * rows) / time, bytes };
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
