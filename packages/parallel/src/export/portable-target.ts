// How each kind of target is written outside of shardgrad: what a model's outputs mean, as ONNX nodes and as JavaScript.
import type { OnnxGraph } from "@shardgrad/core";
import { predictionName } from "../dataset/encode/decode.js";
import type { ClassTargetEncoding, TargetEncoding } from "../dataset/encode/target-encoding.js";
import { logitMargin } from "../dataset/encode/threshold.js";
import { json } from "./js-features.js";
import { ROWS_NAME } from "./portable-features.js";

/** One kind of target in other words. */
interface PortableTarget<Target> {
  /** Adds nodes that decode the outputs, float [rows, outputs], and declares the model's outputs. */
  readonly onnx: (graph: OnnxGraph, outputs: string, target: Target) => void;
  /** Lines that compute `predict`'s answer from the Float32Array `outputs`; they may call the helpers of networks. */
  readonly js: (outputs: string, target: Target) => readonly string[];
  /** The type of `predict`'s answer, in TypeScript. */
  readonly type: (target: Target) => string;
  /** What the answer is, in words. */
  readonly words: (target: Target) => string;
}

type PortableTargets = {
  readonly [Kind in TargetEncoding["kind"]]: PortableTarget<
    Extract<TargetEncoding, { readonly kind: Kind }>
  >;
};

/** Kinds of targets: the compiler wants a row for each. */
const portableTargets: PortableTargets = {
  class: {
    onnx: (graph, outputs, target) => {
      const { column, classes, threshold } = target;
      const chosen =
        threshold === undefined
          ? graph.node("ArgMax", [outputs], { axis: { int: 1 }, keepdims: { int: 0 } })
          : onnxAtThreshold(graph, outputs, threshold);
      const names = graph.constant("classes", "string", [classes.length], classes);
      const label = graph.node("Gather", [names, chosen]);
      graph.output("label", label, "string", [ROWS_NAME], `${column}: ${classWords(target)}`);
      const softmax = graph.node("Softmax", [outputs], { axis: { int: 1 } });
      const doc = `the probability of each of ${classes.length} classes, in the order of the metadata`;
      graph.output("probabilities", softmax, "float", [ROWS_NAME, classes.length], doc);
    },
    js: (outputs, { threshold }) => [
      threshold === undefined
        ? `const chosen = ${outputs}.reduce((best, v, i, all) => (v > all[best] ? i : best), 0);`
        : `const chosen = Math.fround(${outputs}[1] - ${outputs}[0]) >= ${json(logitMargin(threshold))} ? 1 : 0;`,
      `const probabilities = softmax(${outputs}).map((p, i) => [classes[i], p]);`,
      "return { label: classes[chosen], probabilities: Object.fromEntries(probabilities) };",
    ],
    type: ({ classes }) => {
      const names = classes.map((name) => json(name)).join(" | ");
      return `{ readonly label: ${names}; readonly probabilities: Readonly<Record<${names}, number>> }`;
    },
    words: (target) => {
      const words = classWords(target);
      return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}, and the probability of each`;
    },
  },
  number: {
    // In f64: a float has no digits for a year or a time stamp to be told from the next.
    onnx: (graph, outputs, { columns }) => {
      const wide = graph.cast(outputs, "double");
      const each = (of: "mean" | "sd"): string =>
        graph.constant(
          of,
          "double",
          [columns.length],
          columns.map((column) => column[of]),
        );
      const scaled = graph.node("Mul", [wide, each("sd")]);
      const values = graph.node("Add", [scaled, each("mean")]);
      columns.forEach(({ column }, j) => {
        const at = graph.constant("column", "int64", [1], [j]);
        const value =
          columns.length === 1 ? values : graph.node("Gather", [values, at], { axis: { int: 1 } });
        const name = predictionName(columns.length, column);
        graph.output(name, value, "double", [ROWS_NAME, 1], `${column}, in its own unit`);
      });
    },
    js: (outputs, { columns }) => {
      const values = columns.map(
        ({ mean, sd }, j) => `${outputs}[${j}] * ${json(sd)} + ${json(mean)}`,
      );
      if (columns.length === 1) return [`return ${values.join("")};`];
      const entries = columns.map(({ column }, j) => `[${json(column)}, ${values[j] ?? ""}]`);
      return [`return Object.fromEntries([${entries.join(", ")}]);`];
    },
    type: ({ columns }) =>
      columns.length === 1
        ? "number"
        : `Readonly<Record<${columns.map(({ column }) => json(column)).join(" | ")}, number>>`,
    words: ({ columns }) =>
      columns.length === 1 ? "A number in its own unit" : "Numbers by column, each in its own unit",
  },
  labels: {
    // From the logits, as here: the sigmoid of a small one may round to ½.
    onnx: (graph, outputs, { labels }) => {
      const zero = graph.constant("zero", "float", [], [0]);
      const isSet = graph.node("GreaterOrEqual", [outputs, zero]);
      const flags = graph.cast(isSet, "int64");
      const order = "in the order of the metadata";
      graph.output(
        "labels",
        flags,
        "int64",
        [ROWS_NAME, labels.length],
        `1 for labels that a row has, ${order}`,
      );
      const sigmoid = graph.node("Sigmoid", [outputs]);
      const doc = `the probability of each of ${labels.length} labels, ${order}`;
      graph.output("probabilities", sigmoid, "float", [ROWS_NAME, labels.length], doc);
    },
    js: (outputs) => [
      `const probabilities = labels.map((name, i) => [name, 1 / (1 + Math.exp(-${outputs}[i]))]);`,
      `const own = labels.filter((_, i) => ${outputs}[i] >= 0);`,
      "return { labels: own, probabilities: Object.fromEntries(probabilities) };",
    ],
    type: ({ labels }) => {
      const names = labels.map((name) => json(name)).join(" | ");
      return `{ readonly labels: readonly (${names})[]; readonly probabilities: Readonly<Record<${names}, number>> }`;
    },
    words: () => "The labels whose probability is at least 1/2, and the probability of each",
  },
};

function classWords({ classes: [first, second], threshold }: ClassTargetEncoding): string {
  return threshold === undefined
    ? "the most probable class"
    : `${json(second)} from a probability of ${threshold} on, else ${json(first)}`;
}

/** The index of the second class where its logit exceeds the first's by enough, else of the first: int64 [rows]. */
function onnxAtThreshold(graph: OnnxGraph, outputs: string, threshold: number): string {
  const [first = "", second = ""] = [0, 1].map((at) =>
    graph.node("Gather", [outputs, graph.constant("class", "int64", [], [at])], {
      axis: { int: 1 },
    }),
  );
  const margin = graph.constant("margin", "float", [], [logitMargin(threshold)]);
  const lead = graph.node("Sub", [second, first]);
  return graph.cast(graph.node("GreaterOrEqual", [lead, margin]), "int64");
}

/** The rule for a target's own kind. */
function ruleOf<Target extends TargetEncoding>(target: Target): PortableTarget<Target> {
  // The table's row for a kind takes targets of that kind.
  return portableTargets[target.kind] as unknown as PortableTarget<Target>;
}

/** Decodes a model's outputs in an ONNX graph and makes them the graph's. */
export const onnxTarget = (graph: OnnxGraph, outputs: string, target: TargetEncoding): void =>
  ruleOf(target).onnx(graph, outputs, target);

/** Lines of JavaScript that return what the outputs mean. */
export const jsTarget = (outputs: string, target: TargetEncoding): readonly string[] =>
  ruleOf(target).js(outputs, target);

/** The type of the answer in TypeScript. */
export const tsTarget = (target: TargetEncoding): string => ruleOf(target).type(target);

/** What the answer is, in words. */
export const targetWords = (target: TargetEncoding): string => ruleOf(target).words(target);
