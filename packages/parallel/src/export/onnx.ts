// A trained model as one ONNX file: raw columns in, labels and probabilities or numbers out.
import { encodeOnnx, onnxNetwork, OnnxGraph, outputWidth } from "@shardgrad/core";
import type { Encoding } from "../dataset/encode/encoding.js";
import { targetColumns } from "../dataset/encode/target-encoding.js";
import type { StoredModel } from "../files/model-file.js";
import { onnxFeature, ROWS_NAME } from "./portable-features.js";
import { onnxTarget } from "./portable-target.js";

/**
 * The bytes of an ONNX file that does what `predict` does with raw rows; the same model gives the same bytes.
 * Each column is an input of its own name and of shape [rows, 1]: float with NaN where a number is missing, or string,
 * empty where a text is missing; vectors are [rows, width], float or uint8. Outputs are `label` [rows] and `probabilities`
 * [rows, classes]; or `prediction` [rows, 1], of several numbers `prediction_<column>` each; or `labels`, 0 or 1, and
 * `probabilities`, both [rows, labels]. A model of numbers as they are takes `features` and gives `outputs`.
 * Throws RangeError for layers of the user's own ops, InputError for a column that ONNX cannot express.
 */
export async function exportOnnx(model: StoredModel): Promise<Uint8Array> {
  const { spec, parameters, encoding } = model;
  const graph = new OnnxGraph();
  if (encoding === null) {
    const features = graph.input("features", "float", [ROWS_NAME, spec.inputs]);
    const outputs = onnxNetwork(graph, spec, parameters, features);
    graph.output("outputs", outputs, "float", [ROWS_NAME, outputWidth(spec)]);
    return encodeOnnx(graph, "shardgrad");
  }
  const parts = rawColumns(graph, encoding);
  const features = graph.node("Concat", parts, { axis: { int: 1 } });
  const outputs = onnxNetwork(graph, spec, parameters, features);
  onnxTarget(graph, outputs, encoding.target);
  const { target } = encoding;
  const columns = targetColumns(target).join(", ");
  return encodeOnnx(graph, "shardgrad", `predicts ${columns}`, {
    target: columns,
    ...(target.kind === "class" ? { classes: JSON.stringify(target.classes) } : {}),
    ...(target.kind === "labels" ? { labels: JSON.stringify(target.labels) } : {}),
  });
}

/** The features of every column, by the names of their tensors. */
function rawColumns(graph: OnnxGraph, { features }: Encoding): string[] {
  graph.reserve(features.map(({ column }) => column));
  return features.map((feature) => onnxFeature(graph, feature));
}
