// Evaluation and prediction: the same bits for any number of workers, and for a row whatever rows are beside it.
import { createPredictor, dense, initialize, sequential } from "@shardgrad/core";
import { evaluate, predict, Trainer } from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { classData, denseRows, inputs, numberData } from "./data.js";

const ROWS = 1100; // five chunks, the last one short
const model = sequential(inputs, [
  dense(33, { activation: "gelu" }),
  dense(17, { activation: "softmax" }),
  dense(4),
]);
const parameters = initialize(model, 3);
const WORKERS = [1, 2, 3, 5];

describe("scores", () => {
  for (const [name, data, loss] of [
    ["classes", classData(ROWS, 4, 21), "crossEntropy"],
    ["numbers", numberData(ROWS, 4, 22), "meanSquaredError"],
  ] as const)
    it(`of ${name} have the same bits for any number of workers`, async () => {
      const spec = { name: loss, reduction: "mean" } as const;
      const [first, ...others] = await Promise.all(
        WORKERS.map((workers) => evaluate(model, parameters, spec, data, { workers })),
      );
      expect(first?.loss).toBeGreaterThan(0);
      for (const scores of others) expect(scores).toEqual(first);
    });

  it("are those that the last epoch of a training tells", async () => {
    const [data, validation] = [classData(100, 4, 23), classData(ROWS, 4, 24)];
    const trainer = new Trainer({ model, data, validation, epochs: 2, workers: 2 });
    const result = await trainer.run().result;
    await trainer.close();
    const loss = { name: "crossEntropy", reduction: "mean" } as const;
    expect(await evaluate(model, result.parameters, loss, validation, { workers: 3 })).toEqual(
      result.epochs.at(-1)?.validation,
    );
  });
});

describe("predictions", () => {
  const data = classData(ROWS, 4, 25);

  it("have the same bits for any number of workers", async () => {
    const [first, ...others] = await Promise.all(
      WORKERS.map((workers) => predict(model, parameters, data, { workers })),
    );
    for (const outputs of others) expect(outputs).toEqual(first);
  });

  it("of one row do not depend on the rows beside it", async () => {
    const together = await predict(model, parameters, data);
    const alone = createPredictor(model, parameters);
    const x = Float32Array.from(denseRows(data));
    const one = new Float32Array(together.length);
    for (let r = 0; r < ROWS; r += 1)
      one.set(alone(x.subarray(r * inputs, (r + 1) * inputs), 1), r * 4);
    expect(one).toEqual(together);
    for (const rows of [2, 63, 64, 65, 300])
      expect(alone(x.subarray(0, rows * inputs), rows)).toEqual(together.subarray(0, rows * 4));
  });
});
