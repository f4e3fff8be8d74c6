// How many workers train when nobody says.
import { describe, expect, it } from "vitest";
import { dense, sequential } from "@shardgrad/core";
import { cores, type Run, type RunEvent, Trainer } from "@shardgrad/parallel";
import { autoWorkers } from "../../packages/parallel/dist/auto-workers.js";

async function told(run: Run): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

describe("workers: auto", () => {
  it("takes all cores for networks that are worth it, and one where a step is too short", () => {
    expect(autoWorkers(100_000, 64, 4, 2)).toEqual({ workers: 2, reason: "one for each core" });
    expect(autoWorkers(100, 8, 4, 2)).toEqual({
      workers: 1,
      reason: "a step is too short to share",
    });
  });

  it("never takes more than a batch has shards", () => {
    expect(autoWorkers(1e7, 64, 4, 64)).toEqual({
      workers: 4,
      reason: "one for each shard of a batch",
    });
    expect(autoWorkers(100, 8, 1, 64).workers).toBe(1);
  });

  it("is told when a run starts, and leaves room for as many workers as there are cores", async () => {
    const rows = 32;
    await using trainer = new Trainer({
      model: sequential(2, [dense(1)]),
      data: {
        rows,
        features: [{ kind: "f32", width: 2, values: new Float32Array(2 * rows) }],
        target: { kind: "number", width: 1, values: new Float32Array(rows) },
      },
      batchSize: 8,
      epochs: 1,
    });
    expect(trainer.workers).toBe(1);
    expect(trainer.maxWorkers).toBe(cores().count);
    const [first] = await told(trainer.run());
    expect(first).toMatchObject({
      type: "start",
      workersReason: cores().count === 1 ? "one for each core" : "a step is too short to share",
    });
  });
});
