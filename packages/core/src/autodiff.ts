// Reverse-mode differentiation: the gradient of a graph as another graph.
import { add } from "./ops/arithmetic.js";
import { broadcast } from "./ops/shape.js";
import { hasRows, formatShape } from "./shape.js";
import { constant, input, topologicalOrder, type Value } from "./value.js";

/**
 * The vector-Jacobian products dyᵀ·∂y/∂w for each w of `wrt`, as values; null where y does not depend on w.
 * Fan-out adds gradients: contributions are added in reverse topological order of the users.
 * @param dy the upstream gradient in y's shape; 1 when left out, where y must be a scalar
 */
export function gradients(y: Value, wrt: readonly Value[], dy?: Value): (Value | null)[] {
  if (dy === undefined && (y.shape.length > 0 || hasRows(y.shape)))
    throw new RangeError(`gradients: the output ${formatShape(y.shape)} is not a scalar; sum it or give an upstream gradient`);
  const order = topologicalOrder([y]);
  const wanted = new Set(wrt);
  const active = new Set<Value>();
  for (const value of order) if (wanted.has(value) || value.inputs.some((x) => active.has(x))) active.add(value);

  const upstream = new Map<Value, Value>();
  if (active.has(y)) upstream.set(y, dy ?? constant(1));
  for (const value of order.toReversed()) {
    const d = upstream.get(value);
    if (d === undefined) continue;
    value.inputs.forEach((x, i) => {
      if (!active.has(x)) return;
      const part = gradientOfInput(value, i, d);
      if (part === null) return;
      const sum = upstream.get(x);
      upstream.set(x, sum === undefined ? part : add(sum, part));
    });
  }
  return wrt.map((w) => upstream.get(w) ?? null);
}

/** The gradient that flows from a value with upstream gradient d to its input i; null where none does. */
function gradientOfInput(value: Value, i: number, d: Value): Value | null {
  const { op, inputs, attrs } = value;
  const rule = op.vjp?.[i];
  if (rule !== undefined) return rule === null ? null : rule(d, inputs, value, attrs);
  if (op.expand === undefined) throw new TypeError(`${op.name} has no gradient rule for input ${i}`);
  // The expansion is made over fresh leaves, so that its derivative is taken with respect to this input alone.
  const leaves = inputs.map((x, j) => input(x.shape, `${op.name}.${j}`, x.element));
  const leaf = leaves[i];
  if (leaf === undefined) return null;
  const [part] = gradients(op.expand(leaves, attrs), [leaf], d);
  return part === null || part === undefined ? null : substitute(part, new Map(leaves.map((from, j) => [from, inputs[j] ?? from])));
}

/** The graph with some values replaced; shared parts stay shared. */
export function substitute(value: Value, replacements: ReadonlyMap<Value, Value>): Value {
  const made = new Map<Value, Value>(replacements);
  for (const old of topologicalOrder([value])) {
    if (made.has(old)) continue;
    const inputs = old.inputs.map((x) => made.get(x) ?? x);
    made.set(old, inputs.every((x, i) => x === old.inputs[i]) ? old : { ...old, inputs });
  }
  return made.get(value) ?? value;
}

/** Jacobian-vector product ∂y/∂x·v as a value: the vjp is linear in its upstream gradient, so its own vjp is the jvp. */
export function jvpOf(y: Value, x: Value, v: Value): Value {
  const u = input(y.shape, "u");
  const [g] = gradients(y, [x], u);
  const zero = broadcast(constant(0), y.shape);
  if (g === null || g === undefined) return zero;
  const [d] = gradients(g, [u], v);
  return d ?? zero;
}
