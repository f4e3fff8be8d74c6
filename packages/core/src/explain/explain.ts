// What every gate of a graph computed, forward and backward: value, gradient, and how each gradient came about.
import { gradients, substitute } from "../autodiff.js";
import { evaluate } from "../evaluate.js";
import { elements, formatShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { constantData, input, isInput, topologicalOrder, type Value } from "../value.js";

/** How a gate hands a gradient on, for the gates that have a name. */
export type GatePattern = "distributor" | "swap multiplier" | "router";

/** A value of the explained graph. */
export interface ExplainedNode {
  readonly value: Value;
  readonly kind: "input" | "constant" | "gate";
  /** The input's name, or the op's; "constant" for a constant. */
  readonly name: string;
  readonly pattern: GatePattern | null;
  readonly result: Tensor;
  /** ∂output/∂value in the value's shape; zeros where the output does not depend on it, null for constants and labels. */
  readonly gradient: Tensor | null;
  /** One for each input of the gate, in order. */
  readonly inputs: readonly ExplainedInput[];
}

/** What flows between a gate and one of its inputs. */
export interface ExplainedInput {
  /** Index of the input's node. */
  readonly from: number;
  /** ∂gate/∂input where both are single numbers, else null. */
  readonly local: number | null;
  /** The part of the input's gradient that comes through this gate: upstream × local. Null where none is wanted or flows. */
  readonly downstream: Tensor | null;
}

/** A graph run forward and backward. */
export interface Explanation {
  /** Inputs before users; the last one is the output. */
  readonly nodes: readonly ExplainedNode[];
}

const PATTERNS: Readonly<Record<string, GatePattern>> = {
  add: "distributor",
  sum: "distributor",
  mul: "swap multiplier",
  max: "router",
  min: "router",
  maxOver: "router",
  relu: "router",
};

/**
 * Runs the graph of a single number forward and backward in f64. At each gate, downstream = upstream × local; the
 * gradient of a value is the sum of what comes through the gates that use it.
 * @throws RangeError when the output is not a single number, or an input has no value
 */
export function explain(output: Value, feeds: ReadonlyMap<Value, Tensor> = new Map()): Explanation {
  if (output.shape.length > 0)
    throw new RangeError(
      `explain: the output ${formatShape(output.shape)} is not a single number; sum it`,
    );
  const order = topologicalOrder([output]);
  const indexOf = new Map(order.map((value, i) => [value, i]));
  // Constants and what is made of them alone have no gradient worth showing; neither have labels.
  const active = new Set<Value>();
  for (const value of order)
    if ((isInput(value) && value.element === "real") || value.inputs.some((x) => active.has(x)))
      active.add(value);
  const wanted = order.filter((value) => active.has(value));
  const upstream = new Map<Value, Value>();
  gradients(output, wanted).forEach((gradient, i) => {
    const value = wanted[i];
    if (value !== undefined && gradient !== null) upstream.set(value, gradient);
  });
  const flows = order.map((value) =>
    value.inputs.map((x, i) => {
      const dy = upstream.get(value);
      if (dy === undefined || !active.has(x)) return { local: null, downstream: null };
      const single = x.shape.length === 0 && value.shape.length === 0;
      return { local: single ? through(value, i) : null, downstream: through(value, i, dy) };
    }),
  );
  const results = new Map<Value, Tensor>();
  const needed = [
    ...new Set([
      ...order,
      ...upstream.values(),
      ...flows.flat().flatMap(({ local, downstream }) => [local, downstream]),
    ]),
  ].filter((value) => value !== null);
  evaluate(needed, feeds).forEach((result, i) => {
    const value = needed[i];
    if (value !== undefined) results.set(value, result);
  });
  const resultOf = (value: Value | null | undefined): Tensor | null =>
    value ? (results.get(value) ?? null) : null;
  const nodes = order.map((value, at): ExplainedNode => {
    const zeros: Tensor = { shape: value.shape, data: new Float64Array(elements(value.shape)) };
    return {
      value,
      kind: isInput(value) ? "input" : constantData(value) === null ? "gate" : "constant",
      name: isInput(value) ? (value.attrs as { name: string }).name : value.op.name,
      pattern: PATTERNS[value.op.name] ?? null,
      result: resultOf(value) ?? zeros,
      gradient: active.has(value) ? (resultOf(upstream.get(value)) ?? zeros) : null,
      inputs: value.inputs.map((x, i) => ({
        from: indexOf.get(x) ?? 0,
        local: resultOf(flows[at]?.[i]?.local)?.data[0] ?? null,
        downstream: resultOf(flows[at]?.[i]?.downstream),
      })),
    };
  });
  return { nodes };
}

/** The gradient of one gate alone with respect to its input i, with upstream gradient dy (1 when left out); null where none flows. */
function through(gate: Value, i: number, dy?: Value): Value | null {
  // Fresh leaves take the inputs' places: a gate that uses one value twice still has one gradient for each use.
  const leaves = gate.inputs.map((x, j) => input(x.shape, `${gate.op.name}.${j}`, x.element));
  const leaf = leaves[i];
  if (leaf === undefined) return null;
  const [gradient] = gradients({ ...gate, inputs: leaves }, [leaf], dy);
  return gradient
    ? substitute(gradient, new Map(leaves.map((from, j) => [from, gate.inputs[j] ?? from])))
    : null;
}
