// The log of the hashes of θ: the same for any number of workers, and for runs that end and go on.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dense, sequential } from "@shardgrad/core";
import {
  datasetFromArrays,
  Trainer,
  type RunResult,
  type TrainerOptions,
} from "@shardgrad/parallel";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "shardgrad-hashes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const rows = 100;
const features = Array.from({ length: rows }, (_, r) =>
  Array.from({ length: 4 }, (_, j) => (((r * 37 + j * 101) % 64) - 32) / 32),
);
const data = datasetFromArrays(
  features,
  Int32Array.from(features, ([a = 0]) => Number(a > 0)),
);
const job: TrainerOptions = {
  model: sequential(4, [dense(6, { activation: "tanh" }), dense(2)]),
  data,
  validation: data,
  batchSize: 16,
  shards: 4,
  epochs: 3, // of 7 steps
};

/** Trains and reads the lines that the run has logged. */
async function logged(
  options: Partial<TrainerOptions>,
  every: number,
): Promise<{ readonly lines: readonly string[]; readonly result: RunResult }> {
  const path = join(folder, `${(files += 1)}.jsonl`);
  const trainer = new Trainer({ ...job, ...options, hashes: { path, every } });
  try {
    const result = await trainer.run().result;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    return { lines: text.split("\n").slice(0, -1), result };
  } finally {
    await trainer.close();
  }
}

describe("a run's log of hashes", () => {
  it("is the same for any number of workers", async () => {
    const { lines } = await logged({ workers: 1 }, 4);
    expect(lines).toHaveLength(6);
    for (const workers of [2, 3]) expect((await logged({ workers }, 4)).lines).toEqual(lines);
  });

  it("has the hash of the weights that a run until that step ends with", async () => {
    const { lines } = await logged({ workers: 2 }, 5);
    const hashes = lines.map((line) => JSON.parse(line) as { step: number; hash: string });
    expect(hashes.map(({ step }) => step)).toEqual([0, 5, 10, 15, 20]);
    for (const { step, hash } of hashes) {
      const { result } = await logged({ workers: 2, until: step }, 1000);
      expect([result.steps, result.hash]).toEqual([step, hash]);
    }
  });

  it.each([5, 6, 7, 14])("goes on after %i steps where it ended", async (until) => {
    const whole = await logged({}, 3);
    const first = await logged({ until }, 3);
    expect(first.result.steps).toBe(until);
    const second = await logged({ resume: first.result.state, workers: 1 }, 3);
    expect([...first.lines, ...second.lines]).toEqual(whole.lines);
    expect(second.result.hash).toBe(whole.result.hash);
  });

  it("has every hash once, also when there are more than are kept in memory", async () => {
    const { lines, result } = await logged({ epochs: 700, validation: undefined }, 1);
    expect(result.steps).toBe(4900);
    expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual(
      Array.from({ length: 4900 }, (_, step) => step),
    );
  });

  it("that cannot be written ends the run with the reason", async () => {
    const path = join(folder, "missing", "log.jsonl");
    const trainer = new Trainer({ ...job, epochs: 1000, hashes: { path, every: 1 } });
    await expect(trainer.run().result).rejects.toThrow(/ENOENT.*missing/);
    await trainer.close();
  });

  it("refuses a number of steps that is none, by name", () => {
    expect(() => new Trainer({ ...job, hashes: { path: "x", every: 0 } })).toThrow(
      "hashes.every 0: give a whole number of steps from 1 on",
    );
  });
});
