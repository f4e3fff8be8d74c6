// Early stopping: the best weights come back, for any number of workers, over deaths and after a run that went on.
import { dense, sequential } from "@shardgrad/core";
import {
  evaluate,
  loadState,
  saveState,
  Trainer,
  type RunResult,
  type TrainerOptions,
} from "@shardgrad/parallel";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { classData, inputs, numberData } from "../parallel/data.js";

// Few rows and many weights: the validation loss soon rises.
const options: TrainerOptions = {
  model: sequential(inputs, [dense(32, { activation: "tanh" }), dense(3)]),
  data: classData(40, 3, 1),
  validation: classData(120, 3, 2),
  batchSize: 8,
  shards: 4,
  epochs: 60,
  optimizer: { name: "adam", lr: 0.02 },
  earlyStopping: { patience: 4 },
};

async function train(changes: Partial<TrainerOptions> = {}): Promise<RunResult> {
  const trainer = new Trainer({ ...options, ...changes });
  try {
    return await trainer.run().result;
  } finally {
    await trainer.close();
  }
}

/** The epoch with the least loss, from 1, and when a run of this patience ends: by hand, from the losses of a whole run. */
function expected(
  losses: readonly number[],
  patience: number,
  minDelta = 0,
): { best: number; end: number } {
  let [best, value] = [0, Infinity];
  for (let epoch = 1; epoch <= losses.length; epoch += 1) {
    if (losses[epoch - 1]! < value - minDelta) [best, value] = [epoch, losses[epoch - 1]!];
    if (epoch - best >= patience) return { best, end: epoch };
  }
  return { best, end: losses.length };
}

describe("early stopping", () => {
  it("ends where the scores of a whole run say, with the weights of the best epoch, for any number of workers", async () => {
    const whole = await train({ earlyStopping: undefined });
    const losses = whole.epochs.map(({ validation }) => validation!["loss"]!);
    for (const [patience, minDelta, workers] of [
      [4, 0, 1],
      [4, 0, 3],
      [2, 0.05, 2],
    ] as const) {
      const { best, end } = expected(losses, patience, minDelta);
      expect(end).toBeLessThan(60);
      const result = await train({ workers, earlyStopping: { patience, minDelta } });
      expect(result).toMatchObject({
        best: { epoch: best, value: losses[best - 1] },
        stoppedEarly: true,
        stopped: false,
      });
      expect(result.epochs.length).toBe(end);
      const short = await train({ earlyStopping: undefined, epochs: best });
      expect(result.hash).toBe(short.hash);
      const scores = await evaluate(
        options.model,
        result.parameters,
        { name: "crossEntropy", reduction: "mean" },
        options.validation!,
      );
      expect(scores["loss"]).toBe(losses[best - 1]);
    }
  });

  it("gives the best weights of a run that reaches its last epoch too, and watches what it is told", async () => {
    const data = numberData(40, 2, 3);
    const result = await train({
      model: sequential(inputs, [dense(4), dense(2)]),
      data,
      validation: numberData(80, 2, 4),
      unit: 10,
      epochs: 6,
      earlyStopping: { patience: 6, monitor: "r2" },
    });
    const scores = result.epochs.map(({ validation }) => validation!["r2"]!);
    const best = scores.indexOf(Math.max(...scores));
    expect(result).toMatchObject({
      stoppedEarly: false,
      stopped: false,
      best: { epoch: best + 1, value: scores[best] },
    });
  });

  it("gives the same bytes when a run was stopped at any step and went on from its file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "shardgrad-best-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "state.safetensors");
    const whole = await train();
    const end = whole.steps;
    for (const stopAt of [1, 5, 7, end - 17, end - 5, end - 3]) {
      const trainer = new Trainer({ ...options, epochs: 60, workers: 2 });
      const run = trainer.run();
      for await (const event of run)
        if (event.type === "progress" && event.totalSteps >= stopAt) run.stop();
      const { state } = await run.result;
      await trainer.close();
      await saveState(file, state);
      const second = new Trainer({ ...options, workers: 1, resume: (await loadState(file)).state });
      const past = second.past;
      const result = await second.run().result;
      await second.close();
      const { hash, best, stoppedEarly, steps } = result;
      expect({ hash, best, stoppedEarly, steps }, `stopped after step ${state.step}`).toEqual({
        hash: whole.hash,
        best: whole.best,
        stoppedEarly: true,
        steps: end,
      });
      expect(
        [...past, ...result.epochs].map(({ epoch, loss, validation }) => ({
          epoch,
          loss,
          validation,
        })),
      ).toEqual(whole.epochs.map(({ epoch, loss, validation }) => ({ epoch, loss, validation })));
    }
  });

  it.each([
    [{ patience: 0 }, /patience 0/],
    [{ patience: 3, monitor: "rmse" }, /monitor rmse: give one of loss, accuracy/],
    [{ patience: 3, minDelta: -1 }, /minDelta -1/],
  ])("refuses %o", (earlyStopping, message) => {
    expect(() => new Trainer({ ...options, earlyStopping })).toThrow(message);
    expect(() => new Trainer({ ...options, earlyStopping, validation: undefined })).toThrow(
      /needs validation rows/,
    );
  });
});
