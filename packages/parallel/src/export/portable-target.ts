// How each kind of target is written outside of shardgrad: what a model's outputs mean, as ONNX nodes and as JavaScript.
import type { OnnxGraph } from "@shardgrad/core";
import type { TargetEncoding } from "../dataset/encoding.js";
import { json } from "./js-features.js";
import { ROWS_NAME } from "./portable-features.js";

/** One kind of target in other words. */
interface PortableTarget<Target> {
  /** Adds nodes that decode the outputs, float [rows, outputs], and declares the model's outputs. */
  readonly onnx: (graph: OnnxGraph, outputs: string, target: Target) => void;
  /** Lines that compute `predict`'s answer from the Float32Array `outputs`; they may call `softmax`. */
  readonly js: (outputs: string, target: Target) => readonly string[];
  /** The type of `predict`'s answer, in TypeScript. */
  readonly type: (target: Target) => string;
}

type PortableTargets = {
  readonly [Kind in TargetEncoding["kind"]]: PortableTarget<
    Extract<TargetEncoding, { readonly kind: Kind }>
  >;
};

/** Kinds of targets: the compiler wants a row for each. */
const portableTargets: PortableTargets = {
  class: {
    onnx: (graph, outputs, { column, classes }) => {
      const largest = graph.node("ArgMax", [outputs], { axis: { int: 1 }, keepdims: { int: 0 } });
      const names = graph.constant("classes", "string", [classes.length], classes);
      const label = graph.node("Gather", [names, largest]);
      graph.output("label", label, "string", [ROWS_NAME], `the most probable ${column}`);
      const softmax = graph.node("Softmax", [outputs], { axis: { int: 1 } });
      const doc = `the probability of each of ${classes.length} classes, in the order of the metadata`;
      graph.output("probabilities", softmax, "float", [ROWS_NAME, classes.length], doc);
    },
    js: (outputs) => [
      `const largest = ${outputs}.reduce((best, v, i, all) => (v > all[best] ? i : best), 0);`,
      `const probabilities = softmax(${outputs}).map((p, i) => [classes[i], p]);`,
      "return { label: classes[largest], probabilities: Object.fromEntries(probabilities) };",
    ],
    type: ({ classes }) => {
      const names = classes.map((name) => json(name)).join(" | ");
      return `{ readonly label: ${names}; readonly probabilities: Readonly<Record<${names}, number>> }`;
    },
  },
  number: {
    // In f64: a float has no digits for a year or a time stamp to be told from the next.
    onnx: (graph, outputs, { column, mean, sd }) => {
      const wide = graph.cast(outputs, "double");
      const scaled = graph.node("Mul", [wide, graph.constant("sd", "double", [], [sd])]);
      const value = graph.node("Add", [scaled, graph.constant("mean", "double", [], [mean])]);
      graph.output("prediction", value, "double", [ROWS_NAME, 1], `${column}, in its own unit`);
    },
    js: (outputs, { mean, sd }) => [`return ${outputs}[0] * ${json(sd)} + ${json(mean)};`],
    type: () => "number",
  },
};

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
