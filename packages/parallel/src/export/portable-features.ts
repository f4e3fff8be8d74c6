// How each kind of encoded column is written outside of shardgrad: as ONNX nodes, and as JavaScript.
import type { OnnxGraph } from "@shardgrad/core";
import type { FeatureEncoding } from "../dataset/encoding.js";
import { InputError, shown } from "../dataset/input-error.js";

/** The name of the number of rows in ONNX shapes. */
export const ROWS_NAME = "rows";

/** A raw column as an input of an ONNX model. */
export interface RawInput {
  readonly element: "float" | "uint8" | "string";
  readonly width: number;
  readonly doc: string;
}

/** One kind of column in other words. */
interface PortableFeature<Feature> {
  /** What the raw column is in ONNX. */
  readonly input: (feature: Feature) => RawInput;
  /** Adds nodes to the raw column of the name `raw`, and answers the name of its features, float [rows, ·]. */
  readonly onnx: (graph: OnnxGraph, raw: string, feature: Feature) => string;
  /** A statement that pushes the column's features of `row` onto `features`, by one of jsFeatureHelpers. */
  readonly js: (feature: Feature) => string;
  /** The type of the raw value in TypeScript. */
  readonly type: (feature: Feature) => string;
}

type PortableFeatures = {
  readonly [Kind in FeatureEncoding["kind"]]: PortableFeature<
    Extract<FeatureEncoding, { readonly kind: Kind }>
  >;
};

const DOUBLE = { to: { int: 11 } };
const FLOAT = { to: { int: 1 } };

/** Kinds of columns: the compiler wants a row for each. */
const portableFeatures: PortableFeatures = {
  number: {
    input: () => ({ element: "float", width: 1, doc: "a number; NaN where it is missing" }),
    // In f64 from the raw value on, rounded to f32 at the end, as here.
    onnx: (graph, raw, { low, high, log, center, scale, fill, missing }) => {
      const fixed = (value: number): string => graph.constant("number", "double", [], [value]);
      const isMissing = graph.node("IsNaN", [raw]);
      const wide = graph.node("Cast", [raw], DOUBLE);
      const filled = graph.node("Where", [isMissing, fixed(fill), wide]);
      let value = graph.node("Clip", [filled, fixed(low), fixed(high)]);
      if (log) {
        const size = graph.node("Log", [graph.node("Add", [graph.node("Abs", [value]), fixed(1)])]);
        value = graph.node("Mul", [graph.node("Sign", [value]), size]);
      }
      const centred = graph.node("Sub", [value, fixed(center)]);
      const scaled = graph.node("Cast", [graph.node("Div", [centred, fixed(scale)])], FLOAT);
      if (!missing) return scaled;
      const mark = graph.node("Cast", [isMissing], FLOAT);
      return graph.node("Concat", [scaled, mark], { axis: { int: 1 } });
    },
    js: ({ column, ...how }) =>
      `number(features, cell(row, ${json(column)}), ${json(column)}, ${json(how)});`,
    type: () => "number | null | undefined",
  },
  ordinal: notPortable("ordinal"),
  calendar: notPortable("calendar"),
  words: notPortable("words"),
  category: {
    input: () => ({ element: "string", width: 1, doc: "text; empty where it is missing" }),
    onnx: (graph, raw, { column, values, missing }) => {
      if (missing && values.includes(""))
        throw new InputError(
          `column ${shown(column)} has both empty texts and missing values, which are the same to an ONNX model; replace one of them before training`,
        );
      const names = missing ? [...values, ""] : values;
      const oneHot = graph.node(
        "OneHotEncoder",
        [raw],
        { cats_strings: { strings: names }, zeros: { int: 1 } }, // zeros: a new value gives no 1
        "ai.onnx.ml",
      );
      // [rows, 1, values] → [rows, values]; 0 keeps the number of rows
      const shape = graph.constant("shape", "int64", [2], [0, names.length]);
      return graph.node("Reshape", [oneHot, shape]);
    },
    js: ({ column, values, missing }) =>
      `category(features, cell(row, ${json(column)}), ${json(column)}, ${json(values)}, ${missing});`,
    type: () => "string | number | boolean | null | undefined",
  },
  vector: {
    input: ({ element, width }) => ({
      element: element === "u8" ? "uint8" : "float",
      width,
      doc: `${width} numbers`,
    }),
    // Bytes in f32 as when they are gathered, floats in f64.
    onnx: (graph, raw, { element, mean, sd }) => {
      if (element === "u8") {
        const shifted = graph.node("Sub", [
          graph.node("Cast", [raw], FLOAT),
          graph.constant("shift", "float", [], [mean]),
        ]);
        return graph.node("Mul", [shifted, graph.constant("scale", "float", [], [1 / sd])]);
      }
      const centred = graph.node("Sub", [
        graph.node("Cast", [raw], DOUBLE),
        graph.constant("mean", "double", [], [mean]),
      ]);
      const scaled = graph.node("Div", [centred, graph.constant("sd", "double", [], [sd])]);
      return graph.node("Cast", [scaled], FLOAT);
    },
    js: ({ column, element, width, mean, sd }) =>
      `vector(features, cell(row, ${json(column)}), ${json(column)}, ${json({ element, width, mean, sd })});`,
    type: () => "ArrayLike<number>",
  },
};

/** The row of a kind that is not written elsewhere: refused by the name of the column. */
function notPortable<Feature extends FeatureEncoding>(encoder: string): PortableFeature<Feature> {
  const refuse = ({ column }: Feature): never => {
    throw new InputError(
      `column ${shown(column)}: the encoder ${encoder} is not written to other formats; train without it to export the model`,
    );
  };
  return {
    input: refuse,
    onnx: (_graph, _raw, feature) => refuse(feature),
    js: refuse,
    type: refuse,
  };
}

/** The rule for a column's own kind. */
function ruleOf<Feature extends FeatureEncoding>(feature: Feature): PortableFeature<Feature> {
  // The table's row for a kind takes features of that kind.
  return portableFeatures[feature.kind] as unknown as PortableFeature<Feature>;
}

/** What a column is as an input of an ONNX model. */
export const rawInput = (feature: FeatureEncoding): RawInput => ruleOf(feature).input(feature);

/** Declares a column in an ONNX graph and answers the name of its features, float [rows, ·]. Throws InputError. */
export function onnxFeature(graph: OnnxGraph, feature: FeatureEncoding): string {
  const { input, onnx } = ruleOf(feature);
  const { element, width, doc } = input(feature);
  return onnx(graph, graph.input(feature.column, element, [ROWS_NAME, width], doc), feature);
}

/** The statement that computes a column's features in JavaScript. */
export const jsFeature = (feature: FeatureEncoding): string => ruleOf(feature).js(feature);

/** The type of a column's raw value in TypeScript. */
export const tsFeature = (feature: FeatureEncoding): string => ruleOf(feature).type(feature);

/** A value as JavaScript source: JSON, but for the line separators that old parsers stumble over. */
export function json(value: unknown): string {
  return JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** What the statements call, by name, in JavaScript. */
export const jsFeatureHelpers: Readonly<Record<string, string>> = {
  cell: `function cell(row, column) {
  if (!Object.hasOwn(row, column))
    throw new TypeError(\`predict: there is no column \${JSON.stringify(column)}; give null for a missing value\`);
  return row[column];
}`,
  number: `function number(features, raw, column, { low, high, log, center, scale, fill, missing }) {
  const isMissing = raw === null || raw === undefined || Number.isNaN(raw);
  if (!isMissing && (typeof raw !== "number" || !Number.isFinite(raw)))
    throw new TypeError(\`predict: column \${JSON.stringify(column)}: \${String(raw)} is not a finite number; give a number, or null\`);
  const limited = Math.min(Math.max(isMissing ? fill : raw, low), high);
  const value = log ? Math.sign(limited) * Math.log(1 + Math.abs(limited)) : limited;
  features.push((value - center) / scale);
  if (missing) features.push(isMissing ? 1 : 0);
}`,
  category: `function category(features, raw, column, values, missing) {
  if (typeof raw === "object" && raw !== null)
    throw new TypeError(\`predict: column \${JSON.stringify(column)}: an object is not text; give text, or null\`);
  const isMissing = raw === null || raw === undefined || Number.isNaN(raw) || (raw === "" && !values.includes(""));
  for (const value of values) features.push(!isMissing && String(raw) === value ? 1 : 0);
  if (missing) features.push(isMissing ? 1 : 0);
}`,
  vector: `function vector(features, raw, column, { element, width, mean, sd }) {
  if (raw?.length !== width)
    throw new TypeError(\`predict: column \${JSON.stringify(column)}: give an array of \${width} numbers\`);
  for (let i = 0; i < width; i += 1)
    features.push(element === "u8" ? Math.fround(raw[i] - Math.fround(mean)) * Math.fround(1 / sd) : (raw[i] - mean) / sd);
}`,
};
