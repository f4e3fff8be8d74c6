// How each kind of encoded column is written outside of shardgrad: as ONNX nodes, and as JavaScript.
import type { OnnxGraph } from "@shardgrad/core";
import type { FeatureEncoding, WordsFeature } from "../dataset/encode/encoding.js";
import { InputError, shown } from "../dataset/table/input-error.js";
import { onnxCalendar } from "./onnx-calendar.js";
import { json } from "./js-features.js";

/** The name of the number of rows in ONNX shapes. */
export const ROWS_NAME = "rows";

/** A raw column as an input of an ONNX model. */
export interface RawInput {
  readonly element: "float" | "double" | "uint8" | "string";
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

const TEXT: RawInput = { element: "string", width: 1, doc: "text; empty where it is missing" };

/** Kinds of columns: the compiler wants a row for each. */
const portableFeatures: PortableFeatures = {
  number: {
    input: () => ({ element: "float", width: 1, doc: "a number; NaN where it is missing" }),
    // In f64 from the raw value on, rounded to f32 at the end, as here.
    onnx: (graph, raw, { low, high, log, center, scale, fill, missing }) => {
      const fixed = (value: number): string => graph.constant("number", "double", [], [value]);
      const isMissing = graph.node("IsNaN", [raw]);
      const wide = graph.cast(raw, "double");
      const filled = graph.node("Where", [isMissing, fixed(fill), wide]);
      let value = graph.node("Clip", [filled, fixed(low), fixed(high)]);
      if (log) {
        const size = graph.node("Log", [graph.node("Add", [graph.node("Abs", [value]), fixed(1)])]);
        value = graph.node("Mul", [graph.node("Sign", [value]), size]);
      }
      const centred = graph.node("Sub", [value, fixed(center)]);
      const scaled = graph.cast(graph.node("Div", [centred, fixed(scale)]), "float");
      if (!missing) return scaled;
      const mark = graph.cast(isMissing, "float");
      return graph.node("Concat", [scaled, mark], { axis: { int: 1 } });
    },
    js: ({ column, ...how }) =>
      `number(features, cell(row, ${json(column)}), ${json(column)}, ${json(how)});`,
    type: () => "number | null | undefined",
  },
  ordinal: {
    input: () => TEXT,
    onnx: (graph, raw, { column, values, center, scale, missing }) => {
      refuseAmbiguous(column, values, missing);
      const features = values.map((_, rank) => (rank - center) / scale);
      return marked(graph, raw, missing, looked(graph, raw, values, features));
    },
    js: ({ column, ...how }) =>
      `ordinal(features, cell(row, ${json(column)}), ${json(column)}, ${json(how)});`,
    type: () => "string | boolean | null | undefined",
  },
  calendar: {
    input: () => ({
      element: "double",
      width: 1,
      doc: "milliseconds since 1970-01-01T00:00Z; NaN where it is missing",
    }),
    onnx: (graph, raw, feature) => onnxCalendar(graph, raw, feature),
    js: ({ column, ...how }) =>
      `calendar(features, cell(row, ${json(column)}), ${json(column)}, ${json(how)});`,
    type: () => "string | number | Date | null | undefined",
  },
  words: {
    input: noHash,
    onnx: (_graph, _raw, feature) => noHash(feature),
    js: ({ column, ...how }) =>
      `words(features, cell(row, ${json(column)}), ${json(column)}, ${json(how)});`,
    type: () => "string | boolean | null | undefined",
  },
  embedding: {
    input: () => TEXT,
    onnx: (graph, raw, { column, values, missing }) => {
      refuseAmbiguous(column, values, missing);
      const names = missing ? [...values, ""] : values;
      return looked(graph, raw, names, [...names.keys()], names.length);
    },
    js: ({ column, values, missing }) =>
      `embedding(features, cell(row, ${json(column)}), ${json(column)}, ${json(values)}, ${missing});`,
    type: () => "string | number | boolean | null | undefined",
  },
  category: {
    input: () => TEXT,
    onnx: (graph, raw, { column, values, missing }) => {
      refuseAmbiguous(column, values, missing);
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
          graph.cast(raw, "float"),
          graph.constant("shift", "float", [], [mean]),
        ]);
        return graph.node("Mul", [shifted, graph.constant("scale", "float", [], [1 / sd])]);
      }
      const centred = graph.node("Sub", [
        graph.cast(raw, "double"),
        graph.constant("mean", "double", [], [mean]),
      ]);
      const scaled = graph.node("Div", [centred, graph.constant("sd", "double", [], [sd])]);
      return graph.cast(scaled, "float");
    },
    js: ({ column, element, width, mean, sd }) =>
      `vector(features, cell(row, ${json(column)}), ${json(column)}, ${json({ element, width, mean, sd })});`,
    type: () => "ArrayLike<number>",
  },
};

/** An ONNX model knows one kind of nothing: the empty text. */
function refuseAmbiguous(column: string, values: readonly string[], missing: boolean): void {
  if (missing && values.includes(""))
    throw new InputError(
      `column ${shown(column)} has both empty texts and missing values, which are the same to an ONNX model; replace one of them before training`,
    );
}

/** A number for each text, and one for any other: float of the shape of `raw`. */
function looked(
  graph: OnnxGraph,
  raw: string,
  texts: readonly string[],
  numbers: readonly number[],
  other = 0,
): string {
  return graph.node(
    "LabelEncoder",
    [raw],
    {
      keys_strings: { strings: texts },
      values_floats: { floats: numbers },
      default_float: { float: other },
    },
    "ai.onnx.ml",
  );
}

/** The features, followed by the mark of missing texts if there is one. */
function marked(graph: OnnxGraph, raw: string, missing: boolean, features: string): string {
  if (!missing) return features;
  return graph.node("Concat", [features, looked(graph, raw, [""], [1])], { axis: { int: 1 } });
}

/** ONNX has no node that hashes text. */
function noHash({ column }: WordsFeature): never {
  throw new InputError(
    `column ${shown(column)}: the encoder words hashes text, which no ONNX node does; export to JavaScript (--format js), or train without the column`,
  );
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
