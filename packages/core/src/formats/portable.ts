// A model's network outside of shardgrad: as nodes of an ONNX graph, and as lines of JavaScript.
import { outputOf, parameterSpecs } from "../nn/model.js";
import type { ModelSpec, Parameters } from "../nn/spec.js";
import { ROWS } from "../shape.js";
import { constantData, input, inputName, isInput, topologicalOrder, type Value } from "../value.js";
import type { OnnxGraph } from "./onnx.js";
import { portableOps, type PortableOp } from "./portable-ops.js";

// Each row is called with the attributes of its own op only.
const byName = new Map(Object.entries(portableOps)) as ReadonlyMap<
  string,
  PortableOp<object> | null
>;

/** Throws RangeError for an op that is known here alone. */
function portableOf({ op }: Value): PortableOp<object> {
  const found = byName.get(op.name);
  if (found === undefined || found === null)
    throw new RangeError(
      `export: the op ${op.name} has no counterpart outside of shardgrad; only models of embedding, dense and dropout layers can be exported`,
    );
  return found;
}

interface Network {
  readonly x: Value;
  readonly y: Value;
  /** x, the parameters and everything computed, inputs before users. */
  readonly order: readonly Value[];
}

/** The network as it predicts. Throws RangeError for layers of the user's own ops. */
function network(spec: ModelSpec): Network {
  const own = spec.layers.find((layer) => layer.type === "op");
  if (own !== undefined)
    throw new RangeError(
      `export: the op ${own.name} has no counterpart outside of shardgrad; only models of embedding, dense and dropout layers can be exported`,
    );
  const x = input([ROWS, spec.inputs], "x");
  const leaves = new Map(
    parameterSpecs(spec).map(({ name, shape }): [string, Value] => [name, input(shape, name)]),
  );
  const y = outputOf(spec, leaves, x);
  return { x, y, order: topologicalOrder([y]) };
}

/**
 * Adds a model's network to an ONNX graph.
 * @param features the name of a float tensor [rows, inputs]
 * @returns the name of the outputs, float [rows, outputs]
 */
export function onnxNetwork(
  graph: OnnxGraph,
  spec: ModelSpec,
  parameters: Parameters,
  features: string,
): string {
  const { x, y, order } = network(spec);
  const names = new Map<Value, string>([[x, features]]);
  for (const value of order) {
    const fixed = isInput(value) ? parameters.get(inputName(value)) : constantData(value);
    if (names.has(value)) continue;
    const inputs = value.inputs.map((from) => names.get(from) ?? "");
    names.set(
      value,
      fixed
        ? graph.constant(inputName(value) || "constant", "float", fixed.shape, fixed.data)
        : portableOf(value).onnx(graph, inputs, value.attrs),
    );
  }
  return names.get(y) ?? features;
}

/** A network as JavaScript. */
export interface JsNetwork {
  /** Names of parameters, in the order in which `lines` know them as `w0`, `w1`, … */
  readonly parameters: readonly string[];
  /** Statements that compute the result from a Float32Array `x`. */
  readonly lines: readonly string[];
  /** The name of the result, a Float32Array. */
  readonly result: string;
}

/** A model's network as JavaScript that computes one row. */
export function jsNetwork(spec: ModelSpec): JsNetwork {
  const { x, y, order } = network(spec);
  const names = new Map<Value, string>([[x, "x"]]);
  const parameters: string[] = [];
  const lines: string[] = [];
  for (const value of order) {
    if (names.has(value)) continue;
    if (isInput(value)) {
      names.set(value, `w${parameters.length}`);
      parameters.push(inputName(value));
      continue;
    }
    const inputs = value.inputs.map((from) => names.get(from) ?? "");
    const name = `v${lines.length}`;
    lines.push(`const ${name} = ${portableOf(value).js(inputs, value.attrs, value)};`);
    names.set(value, name);
  }
  return { parameters, lines, result: names.get(y) ?? "x" };
}
