// The number of workers changes while a run goes on: no byte of the result changes.
import { dense, sequential } from "@shardgrad/core";
import { chromeTrace, Trainer, type RunEvent, type TrainerOptions } from "@shardgrad/parallel";
import { politeWorkers } from "../../packages/parallel/dist/threads/politeness.js";
import { describe, expect, it } from "vitest";
import { jsonLines, runChild } from "./child.js";
import { classData, inputs } from "./data.js";
import { stream } from "./numbers.js";

const seed = 11;
const MOST = 5;
const model = sequential(inputs, [dense(12, { activation: "tanh" }), dense(3)]);
const data = classData(150, 3, 1);

function options(epochs: number, more: Partial<TrainerOptions>): TrainerOptions {
  return { model, data, validation: data, batchSize: 16, shards: 8, l2: 0.001, epochs, ...more };
}

describe(`setWorkers during a run (seed ${seed})`, () => {
  it("changes no byte of weights, losses and scores, wherever it falls", async () => {
    const random = stream(seed);
    const calm = new Trainer(options(30, { workers: 2 }));
    const expected = await calm.run().result;
    await calm.close();
    let took = 0;
    for (let run = 0; run < 4; run += 1) {
      const changing = new Trainer(options(30, { workers: 2, maxWorkers: MOST, profile: {} }));
      const going = changing.run();
      const changes: RunEvent[] = [];
      const told = (async () => {
        for await (const event of going) if (event.type === "workers") changes.push(event);
      })();
      for (let i = 0; i < 6; i += 1) await going.setWorkers(1 + Math.floor(random() * MOST));
      const result = await going.result;
      await told;
      await changing.close();
      const { hash, epochs, profile } = result;
      const scores = (one: typeof epochs): unknown =>
        one.map(({ loss, validation }) => ({ loss, validation }));
      expect({ hash, epochs: scores(epochs) }).toEqual({
        hash: expected.hash,
        epochs: scores(expected.epochs),
      });
      took += changes.length;
      expect(profile?.changes.length).toBe(changes.length);
      if (profile !== null)
        expect(chromeTrace(profile).split('"cat":"workers"').length - 1).toBe(changes.length);
    }
    expect(took).toBeGreaterThan(0);
  });

  it("changes none where workers end as well, those that wait included", async () => {
    const random = stream(seed);
    const below = (n: number): number => Math.floor(random() * n);
    const plans = [
      { workers: 3, deaths: "", epochs: 12 },
      ...Array.from({ length: 4 }, () => ({
        workers: 1 + below(4),
        epochs: 12,
        changes: Array.from({ length: 5 }, () => 1 + below(4)),
        deaths: Array.from({ length: 4 }, (_, thread) => `${thread}:${1 + below(40)}`).join(),
      })),
    ];
    const ended = await runChild("deaths.mjs", [JSON.stringify(plans)], ["die.mjs"]);
    const [calm, ...others] = jsonLines(ended) as {
      error: unknown;
      hash: string;
      epochs: unknown;
    }[];
    expect(others.length).toBe(plans.length - 1);
    others.forEach(({ error, hash, epochs }, i) =>
      expect({ error, hash, epochs }, JSON.stringify(plans[i + 1])).toEqual({
        error: null,
        hash: calm?.hash,
        epochs: calm?.epochs,
      }),
    );
  });

  it("with a number that memory is not laid out for is refused, naming what is allowed", async () => {
    const trainer = new Trainer(options(1, { workers: 1, maxWorkers: 2 }));
    const run = trainer.run();
    for (const wrong of [0, 3, 1.5, Number.NaN])
      await expect(run.setWorkers(wrong)).rejects.toThrow(
        new RangeError(
          `setWorkers: ${wrong}: give a whole number from 1 to 2; the trainer's maxWorkers is the most that memory is laid out for`,
        ),
      );
    await run.result;
    await run.setWorkers(2); // too late, and no harm
    await trainer.close();
    expect(() => new Trainer(options(1, { workers: 3, maxWorkers: 2 }))).toThrow(/maxWorkers 2/u);
  });
});

describe("how many workers are polite", () => {
  const cases: readonly (readonly [
    what: string,
    others: readonly number[],
    workers: number,
    most: number,
    wanted: number,
  ])[] = [
    ["as many as wanted on a quiet machine", [0, 0.1, 0, 0.2, 0], 4, 4, 4],
    ["one fewer when another program takes a core for two looks", [1, 1], 4, 4, 3],
    ["no fewer for a single look", [0, 2], 4, 4, 4],
    ["by the look at which most was left", [3, 1], 4, 4, 3],
    ["no fewer for less than half a core", [0.4, 0.45, 0.4], 4, 4, 4],
    ["one at least", [6, 6], 3, 4, 1],
    ["no more before five looks agree", [0, 0, 0, 0], 1, 4, 1],
    ["more when there is room for five looks, by the least of them", [1, 0, 2, 0, 0], 1, 4, 2],
    ["no more than wanted", [0, 0, 0, 0, 0], 1, 3, 3],
    ["no more for three quarters of a core less something", [1.3, 1.3, 1.3, 1.3, 1.3], 2, 4, 2],
  ];
  it.each(cases)("%s", (_, others, workers, most, wanted) => {
    expect(politeWorkers(others, workers, most, 4)).toBe(wanted);
  });
});
