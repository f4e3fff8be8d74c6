// Models with every kind of column, layer and target, and raw rows with missing and unseen values, for the tests of exports.
import {
  dense,
  dropoutLayer,
  embedding,
  initialize,
  sequential,
  type ActivationName,
} from "@shardgrad/core";
import {
  allRows,
  embeddingTables,
  encodeFeatures,
  featureWidth,
  fitEncoding,
  tableFromRecords,
  targetWidth,
  type StoredModel,
  type TableRecord,
} from "@shardgrad/parallel";
import { stream } from "../parallel/numbers.js";

const COLOURS = ["red", "grün", 'a, "quoted" one', "__proto__"];

/** Rows of raw values: numbers and texts of which some are missing, pixels, floats, and two targets. */
export function rawRows(count: number, seed: number): TableRecord[] {
  const random = stream(seed);
  return Array.from({ length: count }, (): TableRecord => {
    const size = 20 + 5 * random();
    return {
      "size of it": random() < 0.1 ? null : size,
      weight: 1e5 * random(),
      colour: random() < 0.1 ? null : COLOURS[Math.floor(random() * COLOURS.length)],
      label: random() < 0.5 ? "yes" : "no", // called as an output
      pixels: Uint8Array.from({ length: 6 }, () => Math.floor(256 * random())),
      spectrum: Float32Array.from({ length: 3 }, () => 100 + random()),
      hue: random() < 0.1 ? null : `hue ${Math.floor(30 * random())}`,
      grade: random() < 0.1 ? null : ["low", "middle", "high"][Math.floor(3 * random())],
      when: random() < 0.1 ? null : new Date(1.7e12 + Math.floor(1e11 * random())).toISOString(),
      note: random() < 0.1 ? null : `${COLOURS[Math.floor(4 * random())]} and Ünseen`,
      kind: size > 23 ? "large" : size > 21 ? "middle" : "small",
      price: 1000 + 50 * size + random(),
      age: 3 * random(),
      big: size > 23,
      old: random() < 0.3,
    };
  });
}

const TARGETS = ["kind", "price", "age", "big", "old"] as const;
type TargetName = (typeof TARGETS)[number];

const losses = {
  class: "crossEntropy",
  number: "meanSquaredError",
  labels: "binaryCrossEntropy",
} as const;

const encoders = { hue: "embedding", grade: "ordinal:low<middle<high", when: "calendar" };

/** A model with random weights, its encoding learnt from rows; `note` is read only where `words` is true. */
export function untrained(
  rows: readonly TableRecord[],
  target: TargetName | readonly TargetName[],
  activation: ActivationName = "relu",
  words = false,
): StoredModel {
  const table = tableFromRecords(rows, { source: "rows" });
  const others = TARGETS.filter((name) => name !== target && !target.includes(name));
  const drop = [...others, ...(words ? [] : ["note"])];
  const encode = words ? { ...encoders, note: "words:16" } : encoders;
  const encoding = fitEncoding(table, allRows(table), { target, drop, encode });
  const inputs = featureWidth(encodeFeatures(encoding, table));
  const spec = sequential(inputs, [
    embedding(embeddingTables(encoding)),
    dense(9, { activation }),
    dropoutLayer(0.3),
    dense(9, { activation: "tanh", biasInit: { name: "normal", sd: 1 } }),
    dense(targetWidth(encoding)),
  ]);
  const name = losses[encoding.target.kind];
  return {
    spec,
    loss: { name, reduction: "mean" },
    encoding,
    parameters: initialize(spec, 7),
  };
}

/** The same model of two classes with a threshold. */
export function withThreshold(model: StoredModel, threshold: number): StoredModel {
  const { encoding } = model;
  if (encoding?.target.kind !== "class") throw new Error("no classes");
  return { ...model, encoding: { ...encoding, target: { ...encoding.target, threshold } } };
}

/** Rows that training has not seen: some values missing that never were, new texts, numbers far away. */
export function strangeRows(rows: readonly TableRecord[]): TableRecord[] {
  const changes: TableRecord[] = [
    { weight: null },
    { "size of it": null, colour: null },
    { colour: "violet" },
    { label: null, note: null },
    { hue: "none of them", grade: "highest", note: "words never seen" },
    { hue: null, when: null, grade: null },
    { when: "2024-02-29T23:59:59.999+01:00", note: "" },
    { weight: 1e30 },
    { weight: -1e30 },
  ];
  return rows.map((row, i) => ({ ...row, ...changes[i % (changes.length + 1)] }));
}
