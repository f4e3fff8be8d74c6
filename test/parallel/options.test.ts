import { sequential, dense } from "@shardgrad/core";
import { datasetFromArrays, Trainer, type TrainerOptions } from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";

const options: TrainerOptions = {
  model: sequential(2, [dense(1)]),
  data: datasetFromArrays([[1, 2]], [3]),
};

describe("an option of a trainer", () => {
  it.each([
    [{ l2: -1 }, "Trainer: l2 -1: give a number from 0 on"],
    [{ l1: Number.NaN }, "Trainer: l1 NaN: give a number from 0 on"],
    [{ tolerance: Infinity }, "Trainer: tolerance Infinity: give a number from 0 on"],
    [{ batchSize: 0 }, "Trainer: batchSize 0: give a whole number from 1 on"],
    [{ epochs: 1.5 }, "Trainer: epochs 1.5: give a whole number from 1 on"],
    [{ shards: -2 }, "Trainer: shards -2: give a whole number from 1 on"],
    [{ until: -1 }, "Trainer: until -1: give a whole number from 0 on"],
    [{ seed: 2 ** 32 }, "Trainer: seed 4294967296: give a whole number from 0 to 4294967295"],
    [{ workers: 0 }, 'Trainer: workers 0: give "auto" or a whole number from 1 to 1024'],
    [{ maxWorkers: 2000 }, "Trainer: maxWorkers 2000: give a whole number from 1 to 1024"],
  ])("like %j is refused with what is allowed", (wrong, message) => {
    expect(() => new Trainer({ ...options, ...wrong })).toThrow(new RangeError(message));
  });

  it("of the wrong type is refused, as programs in JavaScript may give it", () => {
    const wrong: Record<string, unknown> = { backend: "gpu" };
    expect(() => new Trainer(Object.assign({ ...options }, wrong))).toThrow(
      'Trainer: backend "gpu": give "wasm" or "blas"',
    );
  });
});
