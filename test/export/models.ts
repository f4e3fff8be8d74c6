// Models with every kind of column, layer and target, and raw rows with missing and unseen values, for the tests of exports.
import { dense, dropoutLayer, initialize, sequential, type ActivationName } from "@shardgrad/core";
import {
  allRows,
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
      kind: size > 23 ? "large" : size > 21 ? "middle" : "small",
      price: 1000 + 50 * size + random(),
    };
  });
}

/** A model with random weights, its encoding learnt from rows. */
export function untrained(
  rows: readonly TableRecord[],
  target: "kind" | "price",
  activation: ActivationName = "relu",
): StoredModel {
  const table = tableFromRecords(rows, { source: "rows" });
  const drop = [target === "kind" ? "price" : "kind"];
  const encoding = fitEncoding(table, allRows(table), { target, drop });
  const inputs = featureWidth(encodeFeatures(encoding, table));
  const spec = sequential(inputs, [
    dense(9, { activation }),
    dropoutLayer(0.3),
    dense(9, { activation: "tanh", biasInit: { name: "normal", sd: 1 } }),
    dense(targetWidth(encoding)),
  ]);
  const name = target === "kind" ? "crossEntropy" : "meanSquaredError";
  return {
    spec,
    loss: { name, reduction: "mean" },
    encoding,
    parameters: initialize(spec, 7),
  };
}

/** Rows that training has not seen: some values missing that never were, new texts, numbers far away. */
export function strangeRows(rows: readonly TableRecord[]): TableRecord[] {
  const changes: TableRecord[] = [
    { weight: null },
    { "size of it": null, colour: null },
    { colour: "violet" },
    { label: null },
    { weight: 1e30 },
    { weight: -1e30 },
  ];
  return rows.map((row, i) => ({ ...row, ...changes[i % (changes.length + 1)] }));
}
