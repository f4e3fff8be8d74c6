import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createPredictor,
  decodeSafetensors,
  dense,
  dropoutLayer,
  embedding,
  encodeSafetensors,
  initialize,
  sequential,
  type ModelSpec,
  type Parameters,
  type Tensor,
} from "@shardgrad/core";
import {
  allRows,
  decodeOutputs,
  denseFeatures,
  encodeFeatures,
  featureWidth,
  fitEncoding,
  loadModel,
  loadState,
  readTable,
  saveModel,
  saveState,
  selectRows,
  writeFileAtomic,
  type StoredModel,
  type TrainingState,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { expectInputError, sample, temporaryFiles } from "./support.js";

const { folder, file } = temporaryFiles();
const loss = { name: "crossEntropy", reduction: "mean" } as const;

/** An untrained model of the penguins. */
async function penguins(): Promise<{
  model: StoredModel;
  spec: ModelSpec;
  parameters: Parameters;
}> {
  const table = await readTable(sample("penguins.csv"));
  const encoding = fitEncoding(table, allRows(table), { target: "species" });
  const inputs = featureWidth(encodeFeatures(encoding, table));
  const spec = sequential(inputs, [dense(8, { activation: "relu" }), dropoutLayer(0.5), dense(3)]);
  const parameters = initialize(spec, 1);
  return {
    model: { spec, loss, encoding, parameters, metadata: { note: "é\n" } },
    spec,
    parameters,
  };
}

/** A model of plain numbers: 2 inputs, 1 output, y = x₀ + 2·x₁ + 3. */
const sum: StoredModel = {
  spec: sequential(2, [dense(1)]),
  loss: { name: "meanSquaredError", reduction: "mean" },
  encoding: null,
  parameters: new Map<string, Tensor>([
    ["layer0.weight", { shape: [2, 1], data: Float32Array.of(1, 2) }],
    ["layer0.bias", { shape: [1], data: Float32Array.of(3) }],
  ]),
};

describe("a model file", () => {
  it("gives back the network, the loss, the encoding, the weights and the metadata", async () => {
    const { model } = await penguins();
    const path = join(folder, "penguins.safetensors");
    await saveModel(path, model);
    const loaded = await loadModel(path);
    expect(loaded).toMatchObject({
      spec: model.spec,
      loss,
      encoding: model.encoding,
      source: path,
    });
    expect(loaded.parameters).toEqual(model.parameters);
    expect(loaded.metadata["note"]).toBe("é\n");
  });

  it("is the same bytes for the same model", async () => {
    const { model } = await penguins();
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    await saveModel(first, model);
    await saveModel(second, { ...model, parameters: (await loadModel(first)).parameters });
    expect(readFileSync(second)).toEqual(readFileSync(first));
  });

  it("is found in the folder of a run", async () => {
    await saveModel(join(folder, "model.safetensors"), sum);
    expect((await loadModel(folder)).spec).toEqual(sum.spec);
  });

  it("leaves nothing else in the folder", async () => {
    await saveModel(join(folder, "alone.safetensors"), sum);
    expect(readdirSync(folder).filter((name) => name.includes(".tmp"))).toEqual([]);
  });

  it("is not written when its parts do not fit", async () => {
    const { model } = await penguins();
    const path = join(folder, "never.safetensors");
    const spec = sequential(5, [dense(3)]);
    await expect(
      saveModel(path, { ...model, spec, parameters: initialize(spec, 0) }),
    ).rejects.toThrow(/5 inputs, but the encoding gives 14/);
    const features = [
      { kind: "embedding", column: "a", element: "text", values: ["u"], missing: true, width: 2 },
    ] as const;
    const encoding = { ...model.encoding!, features };
    const embedded = sequential(1, [embedding([{ size: 2, width: 2 }]), dense(3)]);
    await expect(
      saveModel(path, { ...model, encoding, spec: embedded, parameters: initialize(embedded, 0) }),
    ).rejects.toThrow("embeddings [2×2], but the encoding's columns need [3×2]");
    await expect(saveModel(path, { ...sum, parameters: new Map() })).rejects.toThrow(
      /layer0.weight/,
    );
    await expect(saveModel(join(folder, "no/such/folder"), sum)).rejects.toThrow(/ENOENT/);
    expect(readdirSync(folder)).not.toContain("never.safetensors");
  });
});

describe("a loaded model", () => {
  it("predicts rows of numbers", async () => {
    const path = join(folder, "sum.safetensors");
    await saveModel(path, sum);
    const model = await loadModel(path);
    const expected = { kind: "outputs", width: 1, values: Float32Array.of(8, 3) };
    expect(
      model.predict([
        [1, 2],
        [0, 0],
      ]),
    ).toEqual(expected);
    expect(model.predict(Float32Array.of(1, 2, 0, 0))).toEqual(expected);
    await expectInputError(() => model.predict([[1, 2], [1]]), "row 2", "1 values", "2 finite");
    await expectInputError(() => model.predict([[1, Number.NaN]]), "row 1");
    await expectInputError(() => model.predict([{ x: 1 }]), "arrays of numbers");
    expect(() => model.predict(Float32Array.of(1, 2, 3))).toThrow(/3 numbers/);
  });

  it("predicts a table and records alike, as the encoding and the network do", async () => {
    const { model, spec, parameters } = await penguins();
    const path = join(folder, "records.safetensors");
    await saveModel(path, model);
    const loaded = await loadModel(path);
    const table = await readTable(sample("penguins.csv"));
    const { encoding } = model;
    if (encoding === null) throw new Error("no encoding");
    const dataset = encodeFeatures(encoding, table);
    const outputs = createPredictor(spec, parameters)(denseFeatures(dataset), dataset.rows);
    expect(loaded.predict(table)).toEqual(decodeOutputs(encoding, outputs));
    const record = {
      island: "Torgersen",
      culmen_length_mm: "39.1",
      culmen_depth_mm: 18.7,
      flipper_length_mm: 181,
      body_mass_g: 3750,
      sex: "MALE",
    };
    expect(loaded.predict([record])).toEqual(loaded.predict(selectRows(table, Int32Array.of(0))));
    await expectInputError(
      () => loaded.predict([{ ...record, body_mass_g: "heavy" }]),
      '"body_mass_g"',
      '"heavy"',
    );
    await expectInputError(() => loaded.predict([[1, 2, 3]]), "{ column: value }");
  });
});

describe("a file that is no model", () => {
  const text = (changes: Record<string, string | undefined>): Record<string, string> => {
    const metadata = {
      "shardgrad.format": "1",
      "shardgrad.model": JSON.stringify(sum.spec),
      "shardgrad.loss": JSON.stringify(sum.loss),
      ...changes,
    };
    return Object.fromEntries(
      Object.entries(metadata).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
  };
  const spec = (change: object): string => JSON.stringify({ ...sum.spec, ...change });

  it.each<[string, Record<string, string | undefined>, string[]]>([
    ["of an unknown format", { "shardgrad.format": "2" }, ['format "2"', "newer"]],
    ["of no format", { "shardgrad.format": undefined }, ["not a model"]],
    ["without a network", { "shardgrad.model": undefined }, ["shardgrad.model"]],
    ["whose network is no JSON", { "shardgrad.model": "{" }, ["shardgrad.model", "not JSON"]],
    ["without layers", { "shardgrad.model": spec({ layers: [] }) }, ["shardgrad.model.layers"]],
    [
      "with 2^53 inputs",
      { "shardgrad.model": spec({ inputs: 2 ** 53 }) },
      ["shardgrad.model.inputs"],
    ],
    [
      "with more inputs than weights",
      { "shardgrad.model": spec({ inputs: 2_000_000 }) },
      ["layer0.weight", "2000000"],
    ],
    ["with an unknown key", { "shardgrad.model": spec({ x: 1 }) }, ["shardgrad.model"]],
    [
      "with an unknown loss",
      { "shardgrad.loss": '{"name":"x","reduction":"mean"}' },
      ["shardgrad.loss.name"],
    ],
    ["with an encoding that is not one", { "shardgrad.encoding": "[]" }, ["shardgrad.encoding"]],
    [
      "with an encoding of another width",
      {
        "shardgrad.encoding": JSON.stringify({
          features: [],
          target: { kind: "number", columns: [{ column: "y", mean: 0, sd: 1 }] },
          notes: [],
        }),
      },
      ["2 inputs", "0 features"],
    ],
    [
      "with a threshold between three classes",
      {
        "shardgrad.encoding": JSON.stringify({
          features: [],
          target: {
            kind: "class",
            column: "y",
            element: "text",
            classes: ["a", "b", "c"],
            threshold: 0.3,
          },
          notes: [],
        }),
      },
      ["shardgrad.encoding.target.threshold", "two classes"],
    ],
  ])("%s is refused in one line", async (_, changes, parts) => {
    const path = file("bad.safetensors", encodeSafetensors(sum.parameters, text(changes)));
    await expectInputError(() => loadModel(path), path, ...parts);
  });

  it("because weights are missing, of another shape or too many is refused in one line", async () => {
    for (const parameters of [
      new Map([...sum.parameters].slice(1)),
      new Map([
        ...sum.parameters,
        ["layer0.weight", { shape: [1, 2], data: Float32Array.of(1, 2) }] as const,
      ]),
      new Map([
        ...sum.parameters,
        ["layer9.weight", { shape: [1], data: Float32Array.of(1) }] as const,
      ]),
      new Map([
        ...sum.parameters,
        ["layer0.bias", { shape: [1], data: Float64Array.of(1) }] as const,
      ]),
    ]) {
      const path = file("bad.safetensors", encodeSafetensors(parameters, text({})));
      await expectInputError(() => loadModel(path), path, "layer");
    }
  });

  it("because it is a table or nothing is refused in one line", async () => {
    await expectInputError(() => loadModel(sample("penguins.csv")), "penguins.csv", "safetensors");
    await expectInputError(() => loadModel(join(folder, "nowhere")), "nowhere", "no such model");
  });

  it("because it was cut is refused in one line", async () => {
    const path = join(folder, "cut.safetensors");
    await saveModel(path, sum);
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length += 3) {
      writeFileSync(path, whole.subarray(0, length));
      await expectInputError(() => loadModel(path), path);
    }
  });
});

describe("a state file", () => {
  const parameters = new Map<string, Tensor>([
    ["layer0.weight", { shape: [2, 1], data: Float32Array.of(1, 2) }],
    ["a/b", { shape: [1], data: Float32Array.of(3) }],
  ]);
  const state: TrainingState = {
    step: 2 ** 40,
    parameters,
    slots: { mean: parameters, variance: parameters },
    losses: Float64Array.of(0.1, 0.2),
  };

  it("gives back every number and the metadata", async () => {
    const path = join(folder, "state.safetensors");
    await saveState(path, state, { config: "{}" });
    const stored = await loadState(path);
    expect(stored.state).toEqual(state);
    expect(stored.metadata["config"]).toBe("{}");
  });

  it("may have no slots and no losses", async () => {
    const path = join(folder, "plain.safetensors");
    const plain = { ...state, slots: {}, losses: new Float64Array(0) };
    await saveState(path, plain);
    expect((await loadState(path)).state).toEqual(plain);
  });

  it("with a slot that lacks a tensor, or a tensor of no slot, is refused in one line", async () => {
    const path = join(folder, "state.safetensors");
    await saveState(path, state);
    const { tensors, metadata } = decodeSafetensors(readFileSync(path));
    const weight = tensors.get("slots/mean/a/b");
    if (weight === undefined) throw new Error("no such tensor");
    tensors.delete("slots/mean/a/b");
    file("state.safetensors", encodeSafetensors(tensors, metadata));
    await expectInputError(() => loadState(path), path, '"mean"', '"a/b"', "missing");
    tensors.set("slots/mean/a/b", weight).set("slots/other/a/b", weight);
    file("state.safetensors", encodeSafetensors(tensors, metadata));
    await expectInputError(() => loadState(path), path, '"slots/other/a/b"');
  });

  it("is not a model, nor a model a state", async () => {
    const path = join(folder, "kind.safetensors");
    await saveState(path, state);
    await expectInputError(() => loadModel(path), path, "not a model");
    await saveModel(path, sum);
    await expectInputError(() => loadState(path), path, "not a training state");
  });
});

describe("a file written as a whole", () => {
  it("replaces the one that was there", async () => {
    const path = file("whole.txt", "old");
    await writeFileAtomic(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
  });
});
