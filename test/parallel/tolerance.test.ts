// Training until nothing changes any more: where runs end, for any number of workers, over deaths and after a run that went on.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dense, opLayer, sequential, type Parameters } from "@shardgrad/core";
import {
  hashParameters,
  loadOps,
  loadState,
  saveState,
  Trainer,
  type RunResult,
  type TrainerOptions,
} from "@shardgrad/parallel";
import { describe, expect, it, onTestFinished } from "vitest";
import { classData, inputs, numberData } from "./data.js";

// All rows in one batch, and more weights than one chunk of θ has.
const options: TrainerOptions = {
  model: sequential(inputs, [dense(400, { activation: "tanh" }), dense(3)]),
  data: classData(60, 3, 1),
  batchSize: 60,
  shards: 6,
  epochs: 60,
  optimizer: { name: "sgd", lr: { name: "exponential", lr: 0.05, rate: 0.7 } },
};

async function train(changes: Partial<TrainerOptions> = {}): Promise<RunResult> {
  const trainer = new Trainer({ ...options, ...changes });
  try {
    return await trainer.run().result;
  } finally {
    await trainer.close();
  }
}

/** ‖a − b‖₂ over all parameters. */
function distance(a: Parameters, b: Parameters): number {
  let sum = 0;
  for (const [name, { data }] of a)
    data.forEach((value, i) => (sum += (value - b.get(name)!.data[i]!) ** 2));
  return Math.sqrt(sum);
}

/** θ after so many steps of one epoch each, without a tolerance. */
const after = async (epochs: number): Promise<Parameters> =>
  (await train({ epochs, workers: 2 })).parameters;

describe("a tolerance on the weights", () => {
  it("ends the run after the first step that changes θ by no more, with the weights of a run of so many steps", async () => {
    const [a, b, c] = [await after(7), await after(8), await after(9)];
    const [larger, change] = [distance(b, a), distance(c, b)];
    expect(larger).toBeGreaterThan(change);
    const run = await train({ tolerance: change * 1.0001, workers: 2 });
    expect([run.steps, run.converged, run.stopped, run.stoppedEarly]).toEqual([
      9,
      true,
      false,
      false,
    ]);
    expect([run.hash, run.state.change]).toEqual([hashParameters(c), expect.closeTo(change, 9)]);
  });

  it.each(["sgd", "adam"] as const)(
    "ends %s at the same step with the same bytes for any number of workers, also in the middle of an epoch",
    async (name) => {
      const job: Partial<TrainerOptions> = {
        optimizer: { name, lr: { name: "exponential", lr: 0.01, rate: 0.8 } },
        validation: classData(30, 3, 2),
        batchSize: 16,
        shards: 5,
        l1: 1e-4,
        tolerance: name === "sgd" ? 1e-4 : 1.5e-3,
      };
      const runs = [];
      for (const workers of [1, 2, 5]) runs.push(await train({ ...job, workers }));
      const [one] = runs;
      expect([one!.converged, one!.steps % 4]).toEqual([true, expect.toBeOneOf([1, 2, 3])]);
      for (const { hash, steps, state, epochs } of runs)
        expect([hash, steps, state.change, epochs.length]).toEqual([
          one!.hash,
          one!.steps,
          one!.state.change,
          Math.floor(one!.steps / 4),
        ]);
    },
  );

  it("of 0 ends the run when no number of θ changes: a further step would leave the same bytes", async () => {
    const job: Partial<TrainerOptions> = {
      model: sequential(inputs, [dense(1)]),
      data: numberData(8, 1, 5),
      batchSize: 8,
      shards: 2,
      epochs: 100_000,
      l2: 0.05,
      optimizer: { name: "sgd", lr: 0.1 },
    };
    const run = await train({ ...job, tolerance: 0 });
    expect([run.converged, run.state.change]).toEqual([true, 0]);
    const further = await train({ ...job, epochs: run.steps + 5 });
    const before = await train({ ...job, epochs: run.steps - 2 });
    expect([further.hash, before.hash === run.hash]).toEqual([run.hash, false]);
  });

  it("tells whether the last step of all was within it", async () => {
    const tolerance = distance(await after(5), await after(4));
    const results = [];
    for (const epochs of [4, 5]) {
      const { steps, converged, stopped } = await train({ epochs, tolerance: tolerance * 1.001 });
      results.push({ steps, converged, stopped });
    }
    expect(results).toEqual([
      { steps: 4, converged: false, stopped: false },
      { steps: 5, converged: true, stopped: false },
    ]);
  });
});

describe("a tolerance on the loss", () => {
  const job: Partial<TrainerOptions> = {
    data: numberData(70, 3, 3),
    batchSize: 16,
    shards: 4,
    l1: 1e-4,
    l2: 1e-3,
    optimizer: { name: "sgd", lr: { name: "exponential", lr: 0.05, rate: 0.95 } },
  };

  it("ends the run after the first epoch whose mean loss changed by no more, for any number of workers", async () => {
    const whole = await train(job);
    const losses = whole.epochs.map(({ loss }) => loss);
    const validation = numberData(20, 3, 4);
    for (const [tolerance, workers, changes] of [
      [1e-3, 1, {}],
      [1e-3, 3, { validation }],
      [2e-4, 2, {}],
    ] as const) {
      const end = losses.findIndex(
        (loss, i) => i > 0 && Math.abs(loss - losses[i - 1]!) <= tolerance,
      );
      expect(end).toBeGreaterThan(1);
      const run = await train({ ...job, ...changes, tolerance, toleranceOn: "loss", workers });
      expect([run.steps, run.converged, run.stopped]).toEqual([5 * (end + 1), true, false]);
      expect(run.epochs.map(({ loss }) => loss)).toEqual(losses.slice(0, end + 1));
    }
  });

  it("is not within it after a single epoch", async () => {
    const run = await train({ ...job, epochs: 1, tolerance: 1e9, toleranceOn: "loss" });
    expect([run.steps, run.converged]).toEqual([5, false]);
  });
});

describe.each(["weights", "loss"] as const)("a run with a tolerance on the %s", (toleranceOn) => {
  const job: Partial<TrainerOptions> = {
    batchSize: 16,
    shards: 4,
    optimizer: { name: "adam", lr: { name: "exponential", lr: 0.01, rate: 0.9 } },
    toleranceOn,
    tolerance: toleranceOn === "weights" ? 2e-3 : 1e-3,
  };

  it("that goes on from a stored state ends like one that never stopped", async () => {
    const folder = mkdtempSync(join(tmpdir(), "shardgrad-tolerance-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const whole = await train({ ...job, workers: 1 });
    expect(whole.converged).toBe(true);
    const epochs = Math.floor(whole.steps / 4);
    for (const stop of [1, epochs - 1]) {
      const path = join(folder, `${stop}.safetensors`);
      await saveState(path, (await train({ ...job, epochs: stop })).state);
      const run = await train({ ...job, resume: (await loadState(path)).state, workers: 3 });
      expect([run.hash, run.steps, run.converged]).toEqual([whole.hash, whole.steps, true]);
    }
    const path = join(folder, "end.safetensors");
    await saveState(path, whole.state);
    const run = await train({ ...job, resume: (await loadState(path)).state });
    expect([run.hash, run.steps, run.converged]).toEqual([whole.hash, whole.steps, true]);
    const on = await train({ ...job, tolerance: 0, resume: (await loadState(path)).state });
    expect(on.steps).toBeGreaterThan(whole.steps);
  });

  it("ends alike when a worker ends on the way, at whatever step", async () => {
    const folder = mkdtempSync(join(tmpdir(), "shardgrad-tolerance-"));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
      delete process.env["FRAIL_MARK"];
    });
    const frail: Partial<TrainerOptions> = {
      ...job,
      model: sequential(inputs, [dense(400), opLayer("frail", 400), dense(3)]),
      ops: await loadOps([new URL("children/frail-op.mjs", import.meta.url)]),
    };
    const whole = await train({ ...frail, workers: 1 });
    expect(whole.converged).toBe(true);
    for (const at of [whole.steps - 1, whole.steps]) {
      const mark = join(folder, `mark-${at}`);
      Object.assign(process.env, { FRAIL_MARK: mark, FRAIL_AT: String(at) });
      const run = await train({ ...frail, workers: 3 });
      expect([run.hash, run.steps, run.converged, existsSync(mark)]).toEqual([
        whole.hash,
        whole.steps,
        true,
        true,
      ]);
    }
  });
});

it.each([
  [{ tolerance: -1 }, /tolerance -1/],
  [{ tolerance: Number.NaN }, /tolerance NaN/],
  [{ tolerance: 1, toleranceOn: "step" as "loss" }, /toleranceOn "step"/],
])("%j is refused by name", (changes, message) => {
  expect(() => new Trainer({ ...options, ...changes })).toThrow(message);
});
