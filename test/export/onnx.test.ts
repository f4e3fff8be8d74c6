// Exported ONNX files in ONNX Runtime against predictions here, from raw rows.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { activationNames, dense, initialize, opLayer, sequential } from "@shardgrad/core";
import {
  columnTypes,
  exportOnnx,
  loadModel,
  onnxInputs,
  saveModel,
  tableFromRecords,
  type StoredModel,
  type TableRecord,
} from "@shardgrad/parallel";
import { afterAll, describe, expect, it } from "vitest";
import { runModel } from "../../test-onnx/session.mjs";
import { rawRows, strangeRows, untrained, withThreshold } from "./models.js";

const folder = mkdtempSync(join(tmpdir(), "shardgrad-onnx-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = rawRows(200, 3);

/** Raw rows as inputs of ONNX Runtime. */
function inputs({ encoding }: StoredModel, records: readonly TableRecord[]) {
  if (encoding === null) throw new Error("no columns");
  return onnxInputs(encoding, tableFromRecords(records, { types: columnTypes(encoding) }));
}

/** What the model says here and in ONNX Runtime about the same rows. */
async function both(model: StoredModel, records: readonly TableRecord[]) {
  const path = join(folder, "model.safetensors");
  await saveModel(path, model);
  const here = (await loadModel(path)).predict(records);
  const there = await runModel(await exportOnnx(model), inputs(model, records));
  return { here, there };
}

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a, (v, i) => Math.abs(v - b[i]!)).reduce((x, y) => Math.max(x, y), 0);
};

describe("an exported ONNX file", () => {
  it.each(activationNames)(
    "has the classes and probabilities of predict, with %s",
    async (name) => {
      const { here, there } = await both(untrained(rows, "kind", name), strangeRows(rows));
      if (here.kind !== "class") throw new Error(here.kind);
      expect(there["label_1"]?.data).toEqual(here.labels);
      expect(there["probabilities"]?.shape).toEqual([200, 3]);
      expect(
        farthest(there["probabilities"]?.data as Float32Array, here.probabilities),
      ).toBeLessThan(1e-5);
    },
  );

  it.each([0.02, 0.5, 0.9])("has the labels of predict with a threshold of %d", async (t) => {
    const model = withThreshold(untrained(rows, "big"), t);
    const { here, there } = await both(model, strangeRows(rows));
    if (here.kind !== "class") throw new Error(here.kind);
    expect(there["label_1"]?.data).toEqual(here.labels);
  });

  it("takes an empty text as a missing one", async () => {
    const model = untrained(rows, "kind");
    const missing = rows.slice(0, 20).map((row) => ({ ...row, colour: null }));
    const empty = rows.slice(0, 20).map((row) => ({ ...row, colour: "" }));
    const { here } = await both(model, missing);
    const { there } = await both(model, empty);
    if (here.kind !== "class") throw new Error(here.kind);
    expect(there["label_1"]?.data).toEqual(here.labels);
  });

  it("has the numbers of predict in their own unit", async () => {
    const model = untrained(rows, "price");
    const { here, there } = await both(model, strangeRows(rows));
    if (here.kind !== "number" || model.encoding?.target.kind !== "number")
      throw new Error(here.kind);
    const values = there["prediction"]?.data as Float64Array;
    expect(farthest(values, here.values) / model.encoding.target.columns[0]!.sd).toBeLessThan(1e-5);
  });

  it("has an output for each of several numbers, in its own unit", async () => {
    const model = untrained(rows, ["price", "age"]);
    const { here, there } = await both(model, strangeRows(rows));
    if (here.kind !== "number" || model.encoding?.target.kind !== "number")
      throw new Error(here.kind);
    model.encoding.target.columns.forEach(({ column, sd }, j) => {
      const output = there[`prediction_${column}`];
      expect(output?.shape).toEqual([200, 1]);
      const own = here.values.filter((_, i) => i % 2 === j);
      expect(farthest(output?.data as Float64Array, own) / sd).toBeLessThan(1e-5);
    });
  });

  it("has the labels and probabilities of predict where a row has any number of labels", async () => {
    const { here, there } = await both(untrained(rows, ["big", "old"]), strangeRows(rows));
    if (here.kind !== "labels") throw new Error(here.kind);
    expect(there["labels"]?.shape).toEqual([200, 2]);
    expect(Array.from(there["labels"]?.data ?? [], Number)).toEqual([...here.flags]);
    expect(farthest(there["probabilities"]?.data as Float32Array, here.probabilities)).toBeLessThan(
      1e-5,
    );
  });

  it("takes features as they are when the model knows no columns", async () => {
    const spec = sequential(2, [dense(3, { activation: "tanh" }), dense(2, { tiedTo: 0 })]);
    const model: StoredModel = {
      spec,
      loss: { name: "meanSquaredError", reduction: "mean" },
      encoding: null,
      parameters: initialize(spec, 1),
    };
    const path = join(folder, "numbers.safetensors");
    await saveModel(path, model);
    const features = Float32Array.of(1, 2, -3, 0.5);
    const here = (await loadModel(path)).predict(features);
    const numbers = { features: { type: "float32", data: features, shape: [2, 2] } };
    const there = await runModel(await exportOnnx(model), numbers);
    if (here.kind !== "outputs") throw new Error(here.kind);
    expect(there["outputs"]?.shape).toEqual([2, 2]);
    expect(farthest(there["outputs"]?.data as Float32Array, here.values)).toBeLessThan(1e-6);
  });

  it("is the same bytes for the same model", async () => {
    const model = untrained(rows, "kind");
    expect(await exportOnnx(model)).toEqual(await exportOnnx(model));
  });

  it("is refused, with the op's name, for layers of the user's own ops", async () => {
    const spec = sequential(2, [opLayer("wave", 2)]);
    const loss = { name: "meanSquaredError", reduction: "mean" } as const;
    const model: StoredModel = { spec, loss, encoding: null, parameters: new Map() };
    await expect(exportOnnx(model)).rejects.toThrow("the op wave has no counterpart");
  });
});
