// A trained model as one JavaScript module that depends on nothing, and its types.
import { jsHelpers, jsNetwork, type Parameters } from "@shardgrad/core";
import { targetColumns } from "../dataset/encode/target-encoding.js";
import type { StoredModel } from "../files/model-file.js";
import { jsFeatureHelpers, json } from "./js-features.js";
import { jsFeature, tsFeature } from "./portable-features.js";
import { jsTarget, targetWords, tsTarget } from "./portable-target.js";

/** A module's source and its declarations. */
export interface JsModule {
  readonly code: string; // an ES module
  readonly types: string; // its .d.ts
}

/**
 * A module whose `predict` answers what `predict` answers here, for one raw row; the same model gives the same text.
 * It runs in browsers, edge runtimes and Node. Missing values are null, undefined or NaN, of texts also "".
 * Throws RangeError for layers of the user's own ops.
 */
export function exportJs(model: StoredModel): JsModule {
  const { spec, parameters, encoding } = model;
  const { parameters: names, lines, result } = jsNetwork(spec);
  const before =
    encoding === null
      ? [
          `if (row.length !== ${spec.inputs}) throw new TypeError("predict: give ${spec.inputs} numbers");`,
          "const x = Float32Array.from(row);",
        ]
      : [
          "const features = [];",
          ...encoding.features.map(jsFeature),
          "const x = Float32Array.from(features);",
        ];
  const after = encoding === null ? [`return ${result};`] : jsTarget(result, encoding.target);
  const body = [...before, ...lines, ...after];
  const constants = names.map(
    (name, i) => `const w${i} = floats("${base64(parameters, name)}"); // ${name}`,
  );
  const what = encoding === null ? "outputs" : targetColumns(encoding.target).join(", ");
  const code = [
    `// Predicts ${json(what)}: a trained network, written by shardgrad. It depends on nothing.`,
    ...exportedLists(model).map(({ name, value }) => `export const ${name} = ${json(value)};`),
    "",
    `/** The prediction for one row${encoding === null ? "" : ", an object of raw values by column name"}. */`,
    "export function predict(row) {",
    ...body.map((line) => `  ${line}`),
    "}",
    "",
    ...helpers(body),
    "",
    FLOATS,
    ...constants,
    "",
  ];
  return { code: code.join("\n"), types: types(model) };
}

const FLOATS = `function floats(base64) {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}`;

/** The functions that lines call, and those that these call. */
function helpers(lines: readonly string[]): string[] {
  const all = Object.entries({ ...jsFeatureHelpers, ...jsHelpers });
  let code = lines;
  let found: string[] = [];
  do {
    code = [...lines, ...found];
    found = all.flatMap(([name, text]) =>
      code.some((line) => line.includes(`${name}(`)) ? [text] : [],
    );
  } while (lines.length + found.length > code.length);
  return found;
}

/** A parameter's numbers as little-endian f32 in base64. */
function base64(parameters: Parameters, name: string): string {
  const data = parameters.get(name)?.data ?? [];
  const bytes = Buffer.alloc(data.length * 4);
  data.forEach((value, i) => bytes.writeFloatLE(value, i * 4));
  return bytes.toString("base64");
}

/** What the module says of itself. */
function exportedLists({ encoding }: StoredModel): { name: string; value: readonly string[] }[] {
  if (encoding === null) return [];
  const columns = [...new Set(encoding.features.map(({ column }) => column))];
  const { target } = encoding;
  return [
    { name: "columns", value: columns },
    ...(target.kind === "class" ? [{ name: "classes", value: target.classes }] : []),
    ...(target.kind === "labels" ? [{ name: "labels", value: target.labels }] : []),
  ];
}

function types(model: StoredModel): string {
  const { encoding } = model;
  if (encoding === null)
    return [
      "/** The outputs for one row of features. */",
      "export declare function predict(row: ArrayLike<number>): Float32Array;",
      "",
    ].join("\n");
  const cells = new Map(encoding.features.map((feature) => [feature.column, tsFeature(feature)]));
  return [
    "/** A row of raw values by column name. */",
    "export interface Row {",
    ...Array.from(cells, ([column, type]) => `  readonly ${json(column)}: ${type};`),
    "}",
    `/** ${targetWords(encoding.target)}. */`,
    `export type Prediction = ${tsTarget(encoding.target)};`,
    ...exportedLists(model).map(({ name }) => `export declare const ${name}: readonly string[];`),
    "/** The prediction for one row. Throws TypeError naming the column that is absent or of another type. */",
    "export declare function predict(row: Row): Prediction;",
    "",
  ].join("\n");
}
