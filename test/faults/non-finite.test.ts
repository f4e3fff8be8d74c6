// A number that is not finite ends a run before it reaches the weights: in the same step for any number of workers.
import { dense, sequential } from "@shardgrad/core";
import { loadState, NonFiniteError, Trainer, type TrainerOptions } from "@shardgrad/parallel";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { inputs, numberData } from "../parallel/data.js";

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
