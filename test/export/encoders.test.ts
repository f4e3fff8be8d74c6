// Every encoder from raw rows to predictions, here, in ONNX Runtime and as JavaScript: missing, unseen and far values, too.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { dense, embedding, sequential } from "@shardgrad/core";
import {
  allRows,
  columnTypes,
  embeddingTables,
  encode,
  exportJs,
  exportOnnx,
  featureWidth,
  fitEncoding,
  loadModel,
  onnxInputs,
  saveModel,
  tableFromRecords,
  targetWidth,
  Trainer,
  type Cell,
  type EncodingOptions,
  type StoredModel,
} from "@shardgrad/parallel";
import { afterAll, describe, expect, it } from "vitest";
import { runModel } from "../../test-onnx/session.mjs";

const folder = mkdtempSync(join(tmpdir(), "shardgrad-encoders-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ROWS = 60;
const sizes = ["small", "medium", "large"];
const day = 86_400_000;

/** Values of a column in training, and values to predict: what was seen, missing, never seen, and far away. */
interface Values {
  readonly train: readonly Cell[];
  readonly predict: readonly Cell[];
}

const spread = (value: (i: number) => Cell): readonly Cell[] =>
  Array.from({ length: ROWS }, (_, i) => value(i));
const numbers: Values = {
  train: spread((i) => (i % 7 === 3 ? null : (i * 37) % 101)),
  predict: [0, 55, 100.5, null, undefined, Number.NaN, -1e30, 1e30, 0.1],
};
const complete: Values = { train: spread((i) => (i * 37) % 101), predict: numbers.predict };
const texts: Values = {
  train: spread((i) => (i % 9 === 4 ? null : sizes[i % 3])),
  predict: [...sizes, null, undefined, "huge", "Small", "__proto__", "é"],
};
const completeTexts: Values = { train: spread((i) => sizes[i % 3]), predict: texts.predict };
const times: Values = {
  train: spread((i) =>
    i % 9 === 4 ? null : new Date(1.6e12 + i * 11 * day + i * 3_723_001).toISOString(),
  ),
  predict: [
    "2024-02-29",
    "2024-12-31T23:59:59.999Z",
    "2023-12-31T23:59:59Z",
    "2023-01-01",
    "2100-03-01 12:30",
    "2000-12-31T12:00:00+05:30",
    "1970-01-01",
    "1969-12-31T23:00:00Z",
    "0000-01-01",
    "0001-01-01",
    "1900-02-28T06:00Z",
    "9999-12-31T23:59:59.999Z",
    null,
    undefined,
  ],
};
const milliseconds: Values = {
  train: spread((i) => 1.7e12 + i * 1.7 * day),
  predict: [1.7e12, 0, -day / 2, 4.1e12, null, Number.NaN],
};
const sentences: Values = {
  train: spread((i) => (i % 9 === 4 ? null : `Word${i % 5}, and word${i % 3}; word${i % 2}!`)),
  predict: ["word1 WORD1 and", "unseen straße \u{1f600}", "?!", null, undefined, "1 2 3"],
};

type Options = Omit<EncodingOptions, "target">;
const as = (encoder: string, more: Options = {}): Options => ({ encode: { x: encoder }, ...more });

const encoders: readonly (readonly [name: string, values: Values, options: Options])[] = [
  ["standard", numbers, as("standard")],
  ["standard, nothing missing in training", complete, {}],
  ["standard without a mark", numbers, { markMissing: false }],
  ["standard, median", numbers, { impute: { x: "median" } }],
  ["standard, constant", numbers, { impute: { x: -50 } }],
  ["minmax", numbers, as("minmax", { impute: { x: "mean" } })],
  ["robust", numbers, as("robust", { impute: { x: "median" } })],
  ["log1p", numbers, as("log1p", { impute: { x: 0 } })],
  ["one-hot of numbers", { train: spread((i) => i % 4), predict: [0, 3, 1.5, null] }, as("onehot")],
  ["one-hot", texts, {}],
  ["one-hot, nothing missing in training", completeTexts, as("onehot")],
  ["one-hot without a mark", texts, as("onehot", { markMissing: false })],
  ["embedding", texts, as("embedding")],
  ["embedding of a given width", completeTexts, as("embedding:7")],
  ["embedding without a mark", texts, as("embedding:2", { markMissing: false })],
  [
    "embedding of numbers",
    { train: spread((i) => i % 9), predict: [0, 8, 1.5, null, 3] },
    as("embedding"),
  ],
  ["ordinal", texts, as("ordinal")],
  ["ordinal in an order given", texts, as("ordinal:small<medium<large")],
  ["ordinal, nothing missing in training", completeTexts, as("ordinal")],
  ["calendar of text", times, as("calendar")],
  ["calendar of milliseconds", milliseconds, as("calendar")],
  ["words", sentences, as("words:32")],
  ["words without a mark", sentences, as("words:8", { markMissing: false })],
];

async function trained(values: Values, options: Options, target: "class" | "number") {
  const table = tableFromRecords(
    values.train.map((x, i) => ({ x, y: target === "class" ? `class ${i % 3}` : 100 + (i % 7) })),
  );
  const encoding = fitEncoding(table, allRows(table), { target: "y", ...options });
  const data = encode(encoding, table);
  const tables = embeddingTables(encoding);
  const model = sequential(featureWidth(data), [
    ...(tables.length > 0 ? [embedding(tables)] : []),
    dense(6, { activation: "tanh" }),
    dense(targetWidth(encoding)),
  ]);
  const trainer = new Trainer({
    model,
    data,
    batchSize: 20,
    epochs: 3,
    workers: 1,
    optimizer: { name: "adam", lr: 0.01 },
  });
  try {
    const { parameters } = await trainer.run().result;
    const name = target === "class" ? "crossEntropy" : "meanSquaredError";
    const stored: StoredModel = {
      spec: model,
      loss: { name, reduction: "mean" },
      encoding,
      parameters,
    };
    const path = join(folder, `${target}.safetensors`);
    await saveModel(path, stored);
    return loadModel(path);
  } finally {
    await trainer.close();
  }
}

describe("a column of one encoder gives the same predictions here, in ONNX and as a module:", () => {
  encoders.forEach(([name, values, options], i) => {
    const target = i % 2 === 0 ? "class" : "number";
    it(`${name}, to predict a ${target}`, async () => {
      const records = values.predict.map((x) => ({ x }));
      const model = await trained(values, options, target);
      const { encoding } = model;
      if (encoding === null) throw new Error("no encoding");
      const here = model.predict(records);
      if (here.kind !== "class" && here.kind !== "number") throw new Error(here.kind);
      const unit = encoding.target.kind === "number" ? encoding.target.columns[0]!.sd : 1;
      const expected = here.kind === "class" ? here.probabilities : here.values;
      expect(new Set(expected).size).toBeGreaterThan(2);
      const farthest = (found: ArrayLike<number>): number => {
        expect(found.length).toBe(expected.length);
        return Math.max(...Array.from(expected, (v, j) => Math.abs(v - found[j]!) / unit));
      };

      const path = join(folder, `${i}.mjs`);
      writeFileSync(path, exportJs(model).code);
      const { predict } = (await import(pathToFileURL(path).href)) as {
        predict: (row: object) => number & { label: string; probabilities: object };
      };
      const answers = records.map((row) => predict(row));
      if (here.kind === "class") expect(answers.map(({ label }) => label)).toEqual(here.labels);
      const numbersOf = (answer: (typeof answers)[number]): number[] =>
        here.kind === "class" ? Object.values(answer.probabilities) : [answer];
      expect(farthest(answers.flatMap(numbersOf))).toBeLessThan(1e-6);

      if (encoding.features[0]?.kind === "words") {
        await expect(exportOnnx(model)).rejects.toThrow(/"x": the encoder words .*--format js/);
        return;
      }
      const table = tableFromRecords(records, { types: columnTypes(encoding) });
      const there = await runModel(await exportOnnx(model), onnxInputs(encoding, table));
      if (here.kind === "class") expect(there["label"]?.data).toEqual(here.labels);
      const found = there[here.kind === "class" ? "probabilities" : "prediction"];
      expect(farthest(found?.data as Float32Array)).toBeLessThan(1e-5);
    });
  });
});
