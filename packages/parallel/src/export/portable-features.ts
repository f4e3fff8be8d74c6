// How each kind of encoded column is written outside of shardgrad: as ONNX nodes, and as JavaScript.
import type { OnnxGraph } from "@shardgrad/core";
import type { FeatureEncoding } from "../dataset/encoding.js";
import { InputError, shown } from "../dataset/input-error.js";

/** The name of the number of rows in ONNX shapes. */
export const ROWS_NAME = "rows";

/** One kind of column in other words. */
interface PortableFeature<Feature> {
  /** Declares the raw column as an input, adds nodes, and answers the name of its features, float [rows, ·]. */
  readonly onnx: (graph: OnnxGraph, feature: Feature) => string;
  /** A statement that pushes the column's features of `row` onto `x`; it calls the function `helper`. */
  readonly js: (feature: Feature) => string;
  readonly helper: "number" | "category" | "vector";
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
    // In f64 from the raw value on, rounded to f32 at the end, as here.
    onnx: (graph, { column, low, high, log, center, scale, fill, missing }) => {
      const raw = graph.input(column, "float", [ROWS_NAME, 1], "a number; NaN where it is missing");
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
    js: ({ column, kind: _, ...how }) =>
      `number(x, cell(row, ${json(column)}), ${json(column)}, ${json(how)});`,
    helper: "number",
    type: () => "number | null | undefined",
  },
  category: {
    onnx: (graph, { column, values, missing }) => {
      const raw = graph.input(column, "string", [ROWS_NAME, 1], "text; empty where it is missing");
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
      `category(x, cell(row, ${json(column)}), ${json(column)}, ${json(values)}, ${missing});`,
    helper: "category",
    type: () => "string | number | boolean | null | undefined",
  },
  vector: {
    // Bytes in f32 as when they are gathered, floats in f64.
    onnx: (graph, { column, element, width, mean, sd }) => {
      const isBytes = element === "u8";
      const raw = graph.input(column, isBytes ? "uint8" : "float", [ROWS_NAME, width]);
      if (isBytes) {
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
      `vector(x, cell(row, ${json(column)}), ${json(column)}, ${json({ element, width, mean, sd })});`,
    helper: "vector",
    type: () => "ArrayLike<number>",
  },
};

/** The rule for a column's own kind. */
function ruleOf<Feature extends FeatureEncoding>(feature: Feature): PortableFeature<Feature> {
  // The table's row for a kind takes features of that kind.
  return portableFeatures[feature.kind] as unknown as PortableFeature<Feature>;
}

/** The features of a column in an ONNX graph: the name of a float tensor [rows, ·]. Throws InputError. */
export const onnxFeature = (graph: OnnxGraph, feature: FeatureEncoding): string =>
  ruleOf(feature).onnx(graph, feature);

/** The statement that computes a column's features in JavaScript. */
export const jsFeature = (feature: FeatureEncoding): string => ruleOf(feature).js(feature);

/** The helper that the statement calls. */
export const jsFeatureHelper = (feature: FeatureEncoding): string => ruleOf(feature).helper;

/** The type of a column's raw value in TypeScript. */
export const tsFeature = (feature: FeatureEncoding): string => ruleOf(feature).type(feature);

/** A value as JavaScript source: JSON, but for the line separators that old parsers stumble over. */
export function json(value: unknown): string {
  return JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** What the statements call, by name, in JavaScript. */
export const jsFeatureHelpers: Readonly<Record<PortableFeature<never>["helper"] | "cell", string>> =
  {
    cell: `function cell(row, column) {
  if (!Object.hasOwn(row, column))
    throw new TypeError(\`predict: there is no column \${JSON.stringify(column)}; give null for a missing value\`);
  return row[column];
}`,
    number: `function number(x, raw, column, { low, high, log, center, scale, fill, missing }) {
  const isMissing = raw === null || raw === undefined || Number.isNaN(raw);
  if (!isMissing && (typeof raw !== "number" || !Number.isFinite(raw)))
    throw new TypeError(\`predict: column \${JSON.stringify(column)}: \${String(raw)} is not a finite number; give a number, or null\`);
  const limited = Math.min(Math.max(isMissing ? fill : raw, low), high);
  const value = log ? Math.sign(limited) * Math.log(1 + Math.abs(limited)) : limited;
  x.push((value - center) / scale);
  if (missing) x.push(isMissing ? 1 : 0);
}`,
    category: `function category(x, raw, column, values, missing) {
  if (typeof raw === "object" && raw !== null)
    throw new TypeError(\`predict: column \${JSON.stringify(column)}: an object is not text; give text, or null\`);
  const isMissing = raw === null || raw === undefined || Number.isNaN(raw) || (raw === "" && !values.includes(""));
  for (const value of values) x.push(!isMissing && String(raw) === value ? 1 : 0);
  if (missing) x.push(isMissing ? 1 : 0);
}`,
    vector: `function vector(x, raw, column, { element, width, mean, sd }) {
  if (raw?.length !== width)
    throw new TypeError(\`predict: column \${JSON.stringify(column)}: give an array of \${width} numbers\`);
  for (let i = 0; i < width; i += 1)
    x.push(element === "u8" ? Math.fround(raw[i] - Math.fround(mean)) * Math.fround(1 / sd) : (raw[i] - mean) / sd);
}`,
  };
