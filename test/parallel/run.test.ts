// A run as its user sees it: events, stopping, going on, running again.
import { dense, dropoutLayer, sequential } from "@shardgrad/core";
import {
  hashParameters,
  Trainer,
  type RunEvent,
  type RunResult,
  type TrainerOptions,
  type TrainingState,
} from "@shardgrad/parallel";
import { describe, expect, it, onTestFinished } from "vitest";
import { EventQueue } from "../../packages/parallel/dist/event-queue.js";
import { classData, inputs } from "./data.js";

const options: TrainerOptions = {
  model: sequential(inputs, [dense(8, { activation: "tanh" }), dropoutLayer(0.1), dense(4)]),
  data: classData(110, 4, 1),
  validation: classData(40, 4, 2),
  batchSize: 16,
  shards: 4,
  epochs: 5,
  workers: 2,
  optimizer: { name: "adam", lr: 0.01 },
};
const STEPS_PER_EPOCH = 7;

/** A job that takes far longer than any test waits. */
const endless: TrainerOptions = { ...options, validation: undefined, epochs: 1_000_000 };

/** A trainer that is closed when the test is over. */
function open(more: TrainerOptions): Trainer {
  const trainer = new Trainer(more);
  onTestFinished(() => trainer.close());
  return trainer;
}

async function eventsOf(run: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const typesOf = (events: readonly RunEvent[]): string[] => events.map(({ type }) => type);
const milliseconds = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe("events", () => {
  it("begin with start, tell every epoch in order, and end with the run", async () => {
    const run = open(options).run();
    const events = await eventsOf(run);
    const result = await run.result;
    const [start] = events;
    expect(start).toMatchObject({
      type: "start",
      workers: 2,
      shards: 4,
      stepsPerEpoch: STEPS_PER_EPOCH,
      epochs: 5,
      parameters: inputs * 8 + 8 + 8 * 4 + 4,
    });
    const epochs = events.filter((event) => event.type === "epoch");
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    expect(epochs).toEqual(result.epochs);
    for (const { loss, validation, seconds, samplesPerSecond } of epochs) {
      expect(loss).toBeGreaterThan(0);
      expect(Object.keys(validation ?? {})).toEqual(["loss", "accuracy"]);
      expect(samplesPerSecond * seconds).toBeCloseTo(110, 3);
    }
    expect(result).toMatchObject({
      stopped: false,
      steps: 5 * STEPS_PER_EPOCH,
      workers: 2,
      shards: 4,
    });
  });

  it("of progress say where the run stands", async () => {
    const run = open(endless).run();
    let last = 0;
    let seen = 0;
    for await (const event of run) {
      if (event.type !== "progress") continue;
      expect(event.totalSteps).toBeGreaterThan(last);
      expect(event.totalSteps).toBe((event.epoch - 1) * STEPS_PER_EPOCH + event.step);
      expect(event.stepsPerEpoch).toBe(STEPS_PER_EPOCH);
      expect(event.samplesPerSecond).toBeGreaterThan(0);
      expect(event.secondsLeft).toBeGreaterThan(0);
      expect(Number.isFinite(event.loss)).toBe(true);
      last = event.totalSteps;
      seen += 1;
      if (seen === 4) run.stop();
    }
    expect(seen).toBeGreaterThanOrEqual(4);
  });

  it("of progress that nobody reads are replaced by newer ones; epochs never are", async () => {
    const run = open({ ...options, epochs: 400 }).run();
    await run.result;
    const types = typesOf(await eventsOf(run));
    expect(types.filter((type) => type === "epoch").length).toBe(400);
    types.forEach((type, i) => {
      if (type === "progress") expect(types[i - 1]).not.toBe("progress");
    });
  });

  it("can be read late or by nobody, and the result without them", async () => {
    const run = open(options).run();
    const { hash } = await run.result;
    expect(typesOf(await eventsOf(run))[0]).toBe("start");
    expect(hash).toMatch(/^[0-9a-f]{64}$/u);
  });
});

describe("an event queue", () => {
  it("keeps the newest of neighbours that coalesce", async () => {
    const queue = new EventQueue<number>((n) => n < 10);
    for (const n of [1, 2, 20, 3, 4, 5, 21, 22, 6]) queue.push(n);
    queue.end();
    const seen: number[] = [];
    for await (const n of queue) seen.push(n);
    expect(seen).toEqual([2, 20, 5, 21, 22, 6]);
  });

  it("wakes a reader who waits, and throws to them what it ended with", async () => {
    const queue = new EventQueue<number>(() => false);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const n of queue) seen.push(n);
    })();
    await milliseconds(1);
    queue.push(1);
    await milliseconds(1);
    expect(seen).toEqual([1]);
    queue.end(new RangeError("over"));
    await expect(reading).rejects.toThrow("over");
  });
});

describe("a run", () => {
  it("ends after the current step when stopped, with what was reached", async () => {
    const run = open(endless).run();
    const stopping = milliseconds(150).then(() => run.stop());
    const result = await run.result;
    await stopping;
    expect(result.stopped).toBe(true);
    expect(result.steps).toBeGreaterThan(0);
    expect(result.steps).toBeLessThan(endless.epochs! * STEPS_PER_EPOCH);
    expect(result.state.step).toBe(result.steps);
    expect(hashParameters(result.parameters)).toBe(result.hash);
  });

  it("ends after one step when stopped before it began", async () => {
    const run = open(endless).run();
    run.stop();
    expect(await run.result).toMatchObject({ stopped: true, steps: 1 });
  });

  it("ends when its signal aborts, and leaves no listener behind", async () => {
    const controller = new AbortController();
    const run = open(endless).run({ signal: controller.signal });
    for await (const event of run) if (event.type === "progress") controller.abort();
    expect((await run.result).stopped).toBe(true);
    const already = open(endless).run({ signal: controller.signal });
    expect(await already.result).toMatchObject({ stopped: true, steps: 1 });
  });

  it("that is not stopped is not called stopped, whenever its signal aborts", async () => {
    const controller = new AbortController();
    const run = open(options).run({ signal: controller.signal });
    const { stopped } = await run.result;
    controller.abort();
    expect(stopped).toBe(false);
  });

  it("can be repeated by the same trainer, to the same bytes", async () => {
    const trainer = open(options);
    const hashes: string[] = [];
    for (let i = 0; i < 3; i += 1) hashes.push((await trainer.run().result).hash);
    expect(new Set(hashes).size).toBe(1);
  });

  it("starts from the beginning also after a stop", async () => {
    const expected = (await open(options).run().result).hash;
    const trainer = open(options);
    const first = trainer.run();
    first.stop();
    await first.result;
    expect((await trainer.run().result).hash).toBe(expected);
  });

  it("is the only one of its trainer at a time", async () => {
    const trainer = open(options);
    const run = trainer.run();
    expect(() => trainer.run()).toThrow("a run is going on already");
    await run.result;
  });

  it("hands out copies: writing to them changes no later run", async () => {
    const trainer = open(options);
    const { hash, parameters } = await trainer.run().result;
    for (const { data } of parameters.values()) data.fill(0);
    expect((await trainer.run().result).hash).toBe(hash);
  });
});

describe("a run goes on from a state to the bytes of a run that was not interrupted", () => {
  /** Runs on to the given step and no further: a stop that is there from the beginning ends a run after one step. */
  async function goTo(
    step: number,
    from: TrainerOptions,
    state?: TrainingState,
  ): Promise<TrainingState> {
    if (state?.step === step) return state;
    const trainer = new Trainer({ ...from, resume: state });
    const run = trainer.run();
    run.stop();
    const { state: next } = await run.result;
    await trainer.close();
    return goTo(step, from, next);
  }

  const pieces = (result: RunResult): unknown[] => [
    result.hash,
    result.epochs.map(({ epoch, loss, validation }) => ({ epoch, loss, validation })).slice(-3),
  ];

  for (const name of ["adam", "sgd"] as const) {
    const job: TrainerOptions = {
      ...options,
      l2: 0.001,
      optimizer: name === "adam" ? { name, lr: 0.01 } : { name, lr: 0.05, momentum: 0.9 },
    };

    it(`${name}: from the middle of an epoch, its end, and after some steps of one step each`, async () => {
      const whole = await open(job).run().result;
      let state: TrainingState | undefined;
      for (const step of [3, STEPS_PER_EPOCH, STEPS_PER_EPOCH + 1]) {
        state = await goTo(step, { ...job, workers: 1 }, state);
        expect(state.step).toBe(step);
        const rest = await open({ ...job, workers: 3, resume: state }).run().result;
        expect(pieces(rest), `from step ${step}`).toEqual(pieces(whole));
        expect(rest.steps).toBe(whole.steps);
      }
    });
  }

  it("from wherever stop() happened to end it", async () => {
    const long = { ...options, epochs: 300 };
    const whole = await open(long).run().result;
    const run = open(long).run();
    for await (const event of run) if (event.type === "progress") run.stop();
    const { state, stopped } = await run.result;
    expect(stopped).toBe(true);
    const rest = await open({ ...long, resume: state }).run().result;
    expect(rest.hash).toBe(whole.hash);
    expect(rest.epochs.at(-1)?.loss).toBe(whole.epochs.at(-1)?.loss);
  });

  it("that is finished: there is nothing left to do", async () => {
    const whole = await open(options).run().result;
    const again = await open({ ...options, resume: whole.state }).run().result;
    expect(again).toMatchObject({
      hash: whole.hash,
      steps: whole.steps,
      stopped: false,
      epochs: [],
    });
  });
});

describe("closing", () => {
  it("a trainer that never ran does nothing, and twice does no harm", async () => {
    const trainer = new Trainer(options);
    await expect(trainer.close()).resolves.toBeUndefined();
    await expect(trainer.close()).resolves.toBeUndefined();
  });

  it("during a run ends it: the result rejects, and so do its events", async () => {
    const trainer = new Trainer(endless);
    const run = trainer.run();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { type } of run) {
        seen.push(type);
        if (type === "progress") await trainer.close();
      }
    })();
    await expect(run.result).rejects.toThrow("Trainer: closed while a run was going on");
    await expect(reading).rejects.toThrow("Trainer: closed while a run was going on");
    expect(seen).not.toContain("restart");
  });

  it("before a run's threads are there ends it too", async () => {
    const trainer = new Trainer(endless);
    const { result } = trainer.run();
    await trainer.close();
    await expect(result).rejects.toThrow("Trainer: closed while a run was going on");
  });

  it("is not the end of a trainer: it can run again", async () => {
    const trainer = open(options);
    const { hash } = await trainer.run().result;
    await trainer.close();
    expect((await trainer.run().result).hash).toBe(hash);
  });
});
