// A number that is not finite ends a run before it reaches the weights: in the same step for any number of workers.
import { dense, initialize, sequential } from "@shardgrad/core";
import {
  loadState,
  NonFiniteError,
  saveState,
  Trainer,
  type RunResult,
  type TrainerOptions,
} from "@shardgrad/parallel";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { inputs, numberData } from "../parallel/data.js";

/** Everything that must not depend on workers, deaths or a break. */
async function trained(options: TrainerOptions): Promise<RunResult> {
  const trainer = new Trainer(options);
  try {
    return await trainer.run().result;
  } finally {
    await trainer.close();
  }
}

const comparable = ({ hash, skipped, epochs, state }: RunResult): unknown => ({
  hash,
  skipped,
  losses: epochs.map(({ loss, validation }) => ({ loss, validation })),
  state: { ...state.skipped },
});

const model = sequential(inputs, [dense(12, { activation: "relu" }), dense(2)]);

async function failure(options: TrainerOptions): Promise<NonFiniteError> {
  const trainer = new Trainer(options);
  const error: unknown = await trainer.run().result.catch((thrown: unknown) => thrown);
  await trainer.close();
  if (error instanceof NonFiniteError) return error;
  throw new Error(`the run did not fail as it should: ${String(error)}`);
}

it("a run whose weights grow beyond all measure fails in the same step for any number of workers", async () => {
  const steps: number[] = [];
  for (const workers of [1, 2, 4]) {
    const optimizer = { name: "sgd", lr: 40 } as const;
    const data = numberData(80, 2, 1);
    const job = { model, data, batchSize: 16, shards: 8, epochs: 50, optimizer, workers };
    steps.push((await failure(job)).step);
  }
  expect(new Set(steps).size, steps.join()).toBe(1);
  expect(steps[0]).toBeGreaterThan(2);
});

describe("with onNonFinite: skip", () => {
  const data = numberData(90, 2, 3);
  if (data.target?.kind !== "number") throw new Error("numbers expected");
  data.target.values[2 * 17] = Number.NaN;
  data.target.values[2 * 60 + 1] = Number.POSITIVE_INFINITY;
  const job = {
    model,
    data,
    validation: numberData(30, 2, 4),
    batchSize: 16,
    shards: 8,
    epochs: 6,
    l2: 0.001,
    onNonFinite: "skip",
  } as const;

  it.each(["adam", "sgd"] as const)(
    "%s leaves the same bytes for any number of workers, and after going on from any step",
    async (name) => {
      const optimizer = name === "adam" ? { name, lr: 0.01 } : { name, lr: 0.05, momentum: 0.9 };
      const whole = await trained({ ...job, optimizer, workers: 1 });
      // Two rows, each in one batch of six in each epoch; sometimes in the same.
      expect(whole.skipped).toBeGreaterThan(6);
      expect(whole.skipped).toBeLessThanOrEqual(12);
      expect(whole.epochs.every(({ loss }) => Number.isFinite(loss))).toBe(true);
      for (const workers of [2, 5])
        expect(comparable(await trained({ ...job, optimizer, workers }))).toEqual(
          comparable(whole),
        );
      for (const until of [5, 12, 19]) {
        const part = await trained({ ...job, optimizer, workers: 2, until });
        const rest = await trained({ ...job, optimizer, workers: 3, resume: part.state });
        expect({ hash: rest.hash, skipped: rest.skipped }).toEqual({
          hash: whole.hash,
          skipped: whole.skipped,
        });
      }
    },
  );

  it("a skipped step leaves weights and optimizer as they were: as if its rows were not there", async () => {
    // Batches in order: leaving the bad batch out of the data leaves the same steps.
    const clean = numberData(90, 2, 3);
    const bad = numberData(106, 2, 3);
    if (clean.target?.kind !== "number" || bad.target?.kind !== "number")
      throw new Error("numbers");
    bad.features.forEach((block, i) => {
      const from = clean.features[i]!;
      const widthOf = block.kind === "oneHot" ? 1 : block.width;
      const [to, source] =
        block.kind === "oneHot"
          ? [block.codes, (from as typeof block).codes]
          : [block.values, (from as typeof block).values];
      to.set(source.subarray(0, 16 * widthOf), 0);
      to.set(source.subarray(16 * widthOf), 32 * widthOf);
    });
    bad.target.values.set(clean.target.values.subarray(0, 32), 0);
    bad.target.values.set(clean.target.values.subarray(32), 64);
    bad.target.values[2 * 20] = Number.NaN;
    const one = { ...job, validation: undefined, shuffle: false, epochs: 1, workers: 2 };
    const [skipping, without] = [
      await trained({ ...one, data: bad }),
      await trained({ ...one, data: clean }),
    ];
    expect(skipping.skipped).toBe(1);
    expect(skipping.hash).toBe(without.hash);
  });

  it("tells how many steps were skipped", async () => {
    const trainer = new Trainer({ ...job, workers: 2 });
    const run = trainer.run();
    let told = 0;
    for await (const event of run) if (event.type === "skip") told += event.steps;
    const { skipped } = await run.result;
    await trainer.close();
    expect(told).toBe(skipped);
  });

  it("a run of nothing but skipped steps ends after an epoch and says so", async () => {
    const error = await failure({ ...job, batchSize: 90, workers: 2 });
    expect(error.message).toMatch(
      /^all of the last 1 steps, as many as an epoch has, were skipped; the last: step 1: /u,
    );
    expect([...error.rows].sort((a, b) => a - b)).toEqual([17, 60]);
  });

  it("a state with skipped steps is the same after it was saved and loaded", async () => {
    const folder = mkdtempSync(join(tmpdir(), "shardgrad-skip-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { state } = await trained({ ...job, workers: 1 });
    await saveState(join(folder, "state.safetensors"), state);
    expect((await loadState(join(folder, "state.safetensors"))).state.skipped).toEqual(
      state.skipped,
    );
  });
});

it("the error names a row whose numbers are finite but too large to be squared", async () => {
  const data = numberData(32, 2, 5);
  if (data.target?.kind !== "number") throw new Error("numbers expected");
  data.target.values[2 * 9 + 1] = 1e30;
  const error = await failure({ model, data, batchSize: 16, workers: 2 });
  expect(error.values).toEqual([{ row: 9, what: "target", index: 1, value: Math.fround(1e30) }]);
});

it("the error names the values, and the first layer that they break", async () => {
  const data = numberData(32, 2, 5);
  const block = data.features[0];
  if (block?.kind !== "f32") throw new Error("numbers expected");
  block.values[3 * 7 + 1] = 3e38;
  const two = sequential(inputs, [dense(4, { activation: "identity" }), dense(2)]);
  const initial = initialize(two, 0);
  for (const { data: weights } of initial.values()) weights.fill(5);
  const error = await failure({ model: two, data, batchSize: 32, workers: 2, initial });
  expect(error.layer).toBe(1);
  expect(error.values).toEqual([
    { row: 7, what: "output", index: 0, value: expect.any(Number) as number },
  ]);
  expect(error.message).toMatch(
    /it began in layer 1 of 2 with row 7 \(output 0 is (?:NaN|-?Infinity)\) of the training data/u,
  );
});

it("the error names the row that it began with, and the checkpoint is whole and of a step before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "shardgrad-nan-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "state.safetensors");
  const rows = 48_000; // steps enough for checkpoints to be due
  const bad = rows - 5;
  const data = numberData(rows, 2, 2);
  if (data.target?.kind !== "number") throw new Error("numbers expected");
  data.target.values[2 * bad] = Number.NaN;
  const error = await failure({
    model,
    data,
    batchSize: 16,
    shards: 8,
    epochs: 1,
    shuffle: false,
    workers: 2,
    optimizer: { name: "sgd", lr: 0.01 },
    checkpoint: { path, everySteps: 1 },
  });
  expect([error.rows, error.step]).toEqual([[bad], rows / 16]);
  const { state } = await loadState(path);
  expect(state.step).toBeGreaterThan(0);
  expect(state.step).toBeLessThan(error.step);
  for (const { data: numbers } of state.parameters.values())
    expect(Array.from(numbers).every(Number.isFinite)).toBe(true);
});
