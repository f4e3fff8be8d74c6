// Threads that trainers leave to one another: fewer are started, and no byte of a result changes.
import { dense, sequential } from "@shardgrad/core";
import { evaluate, Trainer, type RunResult, type TrainerOptions } from "@shardgrad/parallel";
import { afterAll, describe, expect, it } from "vitest";
import { jsonLines, runChild } from "./child.js";
import { classData, inputs } from "./data.js";

const data = classData(150, 3, 1);

function options(width: number, more: Partial<TrainerOptions> = {}): TrainerOptions {
  const model = sequential(inputs, [dense(width, { activation: "tanh" }), dense(3)]);
  return { model, data, validation: data, batchSize: 16, shards: 8, epochs: 3, ...more };
}

async function result(asked: TrainerOptions): Promise<RunResult> {
  const trainer = new Trainer(asked);
  try {
    return await trainer.run().result;
  } finally {
    await trainer.close();
  }
}

const kept = { keepThreads: true };

describe("keepThreads", () => {
  afterAll(async () => void (await result(options(4)))); // takes the last ones, and ends them

  it("starts the threads of five runs once", async () => {
    const [often, once] = await Promise.all(
      ["false", "true"].map(async (keep) => jsonLines(await runChild("keep.mjs", [keep]))),
    );
    expect(often).toEqual([{ started: 5 * 3, hashes: 1 }, { code: 0 }]);
    expect(once).toEqual([{ started: 3, hashes: 1 }, { code: 0 }]);
  });

  it("changes no byte, for jobs of other models, memories and numbers of workers one after the other", async () => {
    for (const [width, workers] of [
      [8, 2],
      [300, 1],
      [8, 4],
      [5, 3],
      [8, 1],
    ] as const) {
      const { hash, epochs } = await result(options(width, { workers, ...kept }));
      const alone = await result(options(width, { workers: 2 }));
      expect({ hash, scores: epochs.map(({ validation }) => validation) }).toEqual({
        hash: alone.hash,
        scores: alone.epochs.map(({ validation }) => validation),
      });
    }
  });

  it("changes no byte for jobs side by side", async () => {
    const jobs = [3, 6, 9].map((width) => options(width, { workers: 2 }));
    const expected = await Promise.all(jobs.map(result));
    for (let round = 0; round < 2; round += 1) {
      const found = await Promise.all(jobs.map((job) => result({ ...job, ...kept })));
      expect(found.map(({ hash }) => hash)).toEqual(expected.map(({ hash }) => hash));
    }
  });

  it("ends the threads of a run that fails, and the next has others", async () => {
    const broken = classData(150, 3, 1);
    const [block] = broken.features;
    if (block?.kind === "f32") block.values[7] = Number.NaN;
    await expect(result(options(8, { data: broken, ...kept }))).rejects.toThrow("NaN or infinite");
    expect((await result(options(8, kept))).hash).toBe((await result(options(8))).hash);
  });

  it("ends the threads of a trainer that is closed while it runs", async () => {
    const trainer = new Trainer(options(8, { epochs: 100_000, ...kept }));
    const run = trainer.run();
    for await (const { type } of run) if (type === "start") break;
    await trainer.close();
    await expect(run.result).rejects.toThrow("closed while a run was going on");
    expect((await result(options(8, kept))).hash).toBe((await result(options(8))).hash);
  });

  it("leaves threads of a trainer that was opened and never ran, and of one that was stopped", async () => {
    const opened = new Trainer(options(8, kept));
    await opened.open();
    await opened.close();
    const stopped = new Trainer(options(8, { epochs: 100_000, ...kept }));
    const run = stopped.run();
    for await (const { type } of run) if (type === "epoch") run.stop();
    expect((await run.result).stopped).toBe(true);
    await stopped.close();
    const { hash, parameters } = await result(options(8, kept));
    expect(hash).toBe((await result(options(8))).hash);
    const { model } = options(8);
    const loss = { name: "crossEntropy", reduction: "mean" } as const;
    const scores = await evaluate(model, parameters, loss, data, { workers: 3 });
    expect(scores["accuracy"]).toBeGreaterThan(0.3);
  });
});
