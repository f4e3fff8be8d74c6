// Training on streamed rows: the same bytes however they come and whoever trains on them.
import { dense, sequential, type ModelSpec } from "@shardgrad/core";
import {
  NonFiniteError,
  Trainer,
  type Dataset,
  type DatasetStream,
  type RunResult,
  type StartEvent,
  type TrainerOptions,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { batchSourceRows } from "../../packages/parallel/dist/step/source-rows.js";
import { stepsPerEpoch } from "../../packages/parallel/dist/step/job.js";
import { cores } from "../../packages/parallel/dist/threads/cores.js";
import { checkOptions } from "../../packages/parallel/dist/validate.js";
import { jsonLines, runChild } from "../parallel/child.js";
import { stream as numbers } from "../parallel/numbers.js";
import { slice, streamOfRows } from "./rows.mjs";

const ROWS = 1003; // a multiple of nothing here

function made(rows: number): Dataset {
  const random = numbers(5);
  const values = new Float32Array(rows * 3).map(() => 2 * random() - 1);
  const target = new Float32Array(rows).map(
    (_, row) => values[3 * row]! * values[3 * row + 1]! - values[3 * row + 2]!,
  );
  const codes = new Int32Array(rows).map(() => Math.floor(random() * 4));
  return {
    rows,
    features: [
      { kind: "f32", width: 3, values },
      { kind: "oneHot", classes: 4, codes },
    ],
    target: { kind: "number", width: 1, values: target },
  };
}

const data = made(ROWS);
const model: ModelSpec = sequential(7, [dense(8, { activation: "tanh" }), dense(1)]);
const common = { model, epochs: 3, batchSize: 32, seed: 3, shuffleBuffer: 100 } as const;

async function train(options: Partial<TrainerOptions> = {}): Promise<RunResult> {
  await using trainer = new Trainer({ ...common, data: streamOfRows(data, 77), ...options });
  return await trainer.run().result;
}

describe("training on streamed rows", () => {
  it("gives the same bytes for any number of workers", async () => {
    const hashes = [];
    for (const workers of [1, 2, 3, 5]) hashes.push((await train({ workers })).hash);
    expect(new Set(hashes).size).toBe(1);
  });

  it("gives the same bytes when the number of workers changes on the way", async () => {
    const { hash } = await train({ epochs: 40 });
    await using trainer = new Trainer({
      ...common,
      data: streamOfRows(data, 77),
      epochs: 40,
      workers: 1,
      maxWorkers: 3,
    });
    const run = trainer.run();
    for (const workers of [3, 2, 1, 3]) await run.setWorkers(workers);
    expect((await run.result).hash).toBe(hash);
  });

  it("skips the same steps as in memory, to the same bytes", async () => {
    const broken = slice(data, 0, ROWS);
    const [block] = broken.features;
    if (block?.kind === "f32") block.values[3 * 500] = Number.NaN;
    const one = { shuffleBuffer: 5000, onNonFinite: "skip" } as const;
    const inMemory = await train({ ...one, data: broken, shuffleBuffer: undefined });
    expect(inMemory.skipped).toBe(3);
    const hashes = new Set([inMemory.hash]);
    for (const workers of [1, 3]) {
      const streamed = await train({ ...one, data: streamOfRows(broken, 77), workers });
      expect(streamed.skipped).toBe(3);
      hashes.add(streamed.hash);
    }
    expect(hashes.size).toBe(1);
    const small = [1, 3].map(async (workers) => {
      const data = streamOfRows(broken, 77);
      const { hash, skipped } = await train({ onNonFinite: "skip", data, workers });
      return { hash, skipped };
    });
    const [a, b] = await Promise.all(small);
    expect(a).toEqual(b);
    expect(a?.skipped).toBe(3);
  });

  it("gives the same bytes however many rows come together", async () => {
    const { hash } = await train();
    for (const size of [1, 128, 5000])
      expect((await train({ data: streamOfRows(data, size) })).hash, `${size} rows`).toBe(hash);
  });

  it("gives the bytes of rows in memory when one window holds them all", async () => {
    const inMemory = await train({ data, shuffleBuffer: undefined });
    expect((await train({ shuffleBuffer: 5000 })).hash).toBe(inMemory.hash);
    expect((await train({ shuffleBuffer: undefined })).hash).toBe(inMemory.hash);
  });

  it("gives the bytes of rows in memory when they are not shuffled, whatever the windows", async () => {
    const inMemory = await train({ data, shuffleBuffer: undefined, shuffle: false });
    for (const shuffleBuffer of [32, 100, 512])
      expect((await train({ shuffle: false, shuffleBuffer })).hash).toBe(inMemory.hash);
  });

  it("reads every row once an epoch, in another order each time", () => {
    const { training } = checkOptions({ ...common, data: streamOfRows(data, 77) }, cores().count);
    const orders = [0, 1].map((epoch) =>
      Array.from({ length: stepsPerEpoch(training) }, (_, inEpoch) => [
        ...batchSourceRows(training, { epoch, inEpoch }),
      ]).flat(),
    );
    for (const order of orders)
      expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: ROWS }, (_, i) => i));
    expect(orders[0]).not.toEqual(orders[1]);
  });

  it("lays out as much memory for ten times the rows, but for the losses of the steps", async () => {
    const bytes = [];
    for (const rows of [10_000, 100_000]) {
      const long: DatasetStream = { ...streamOfRows(slice(data, 0, 100), 100), rows };
      await using trainer = new Trainer({ ...common, data: long });
      const run = trainer.run();
      run.result.catch(() => {}); // there are not so many rows
      for await (const event of run) {
        bytes.push((event as StartEvent).memory.bytes);
        break;
      }
    }
    const steps = Math.ceil(100_000 / 32) - Math.ceil(10_000 / 32);
    expect(bytes[1]! - bytes[0]!).toBeLessThan(33 * steps);
  });

  it("goes on from any step to the same bytes", async () => {
    const whole = await train();
    for (const step of [1, 7, 32, 50]) {
      const { state } = await train({ until: step });
      expect(state.step).toBe(step);
      expect((await train({ resume: state, workers: 2 })).hash, `from step ${step}`).toBe(
        whole.hash,
      );
    }
  });

  it("survives workers that end", async () => {
    const plans = [
      { workers: 3, deaths: "", streamed: true },
      { workers: 3, deaths: "0:1", streamed: true },
      { workers: 3, deaths: "1:5,0:9", streamed: true },
      { workers: 1, deaths: "0:6,1:3", streamed: true },
    ];
    const ended = await runChild("deaths.mjs", [JSON.stringify(plans)], ["die.mjs"]);
    expect(ended.code, ended.errors).toBe(0);
    const [first, ...others] = jsonLines(ended) as { hash: string; restarts: unknown[] }[];
    for (const [i, { hash, restarts }] of others.entries()) {
      expect(hash, plans[i + 1]!.deaths).toBe(first!.hash);
      expect(restarts.length).toBe(plans[i + 1]!.deaths.split(",").length);
    }
  });

  it("ends with the error of a source that fails midway", async () => {
    const failing: DatasetStream = {
      ...streamOfRows(data, 77),
      async *chunks() {
        yield slice(data, 0, 500);
        throw new RangeError("part-3.csv: line 12 is torn; mend it");
      },
    };
    await expect(train({ data: failing })).rejects.toThrow("part-3.csv: line 12 is torn; mend it");
  });

  it.each([
    ["fewer", 400, "rows: 400 rows to train on, where there were 1003 before"],
    ["more", 1010, "rows: at least 1010 rows to train on, where there were 1003 before"],
  ])("ends with a message when the source has %s rows than before", async (_, count, message) => {
    const other = made(count);
    await expect(train({ data: { ...streamOfRows(other, 1010), rows: ROWS } })).rejects.toThrow(
      message,
    );
  });

  it("names the row with which a number that is not finite began", async () => {
    const values =
      data.target!.kind === "number" ? data.target!.values.slice() : new Float32Array();
    values[777] = Infinity;
    const bad: Dataset = { ...data, target: { kind: "number", width: 1, values } };
    const error = await train({ data: streamOfRows(bad, 64) }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect((error as NonFiniteError).rows).toEqual([777]);
  });

  it("refuses a source that can be read once for more than one epoch, or to go on", async () => {
    const once = { ...streamOfRows(data, 77), once: true };
    expect(() => new Trainer({ ...common, data: once })).toThrow(
      "Trainer: data: rows can be read once only, and 3 epochs need it as often",
    );
    const { state } = await train({ until: 3 });
    expect(() => new Trainer({ ...common, epochs: 1, data: once, resume: state })).toThrow(
      "rows can be read once only, and a run that goes on reads it again",
    );
  });

  it("refuses a shuffle buffer for rows in memory", () => {
    expect(() => new Trainer({ ...common, data })).toThrow(
      "Trainer: shuffleBuffer is for streamed data",
    );
  });
});
