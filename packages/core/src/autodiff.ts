// Reverse-mode differentiation: the gradient of a graph as another graph.
import { add } from "./ops/arithmetic.js";
import { formatShape, sameShape } from "./shape.js";
import { constant, input, topologicalOrder, type Value } from "./value.js";

/**
 * The vector-Jacobian products dyᵀ·∂y/∂w for each w of `wrt`, as values; null where y does not depend on w.
 * Fan-out adds gradients: contributions are added in reverse topological order of the users.
 * @param dy the upstream gradient in y's shape; 1 when left out, where y must be a scalar
 */
export function gradients(y: Value, wrt: readonly Value[], dy?: Value): (Value | null)[] {
  if (dy === undefined && y.shape.length > 0)
    throw new RangeError(
      `gradients: the output ${formatShape(y.shape)} is not a scalar; sum it or give an upstream gradient`,
    );
  if (dy !== undefined && !sameShape(dy.shape, y.shape))
    throw new RangeError(
      `gradients: the upstream gradient ${formatShape(dy.shape)} does not fit the output ${formatShape(y.shape)}`,
    );
  return pullBack([y], [dy ?? constant(1)], wrt);
}

/** Σ dyᵢᵀ·∂yᵢ/∂w over the outputs yᵢ, for each w of `wrt`; null where no output depends on w. */
function pullBack(
  outputs: readonly Value[],
  upstreams: readonly Value[],
  wrt: readonly Value[],
): (Value | null)[] {
  const order = topologicalOrder(outputs);
  const wanted = new Set(wrt);
  const active = new Set<Value>();
  for (const value of order)
    if (wanted.has(value) || value.inputs.some((x) => active.has(x))) active.add(value);

  const upstream = new Map<Value, Value>();
  const collect = (x: Value, part: Value): void => {
    if (!active.has(x)) return;
    const sum = upstream.get(x);
    upstream.set(x, sum === undefined ? part : add(sum, part));
  };
  outputs.forEach((y, i) => collect(y, upstreams[i] ?? constant(1)));
  for (const value of order.toReversed()) {
    const d = upstream.get(value);
    if (d === undefined) continue;
    value.inputs.forEach((x, i) => {
      const part = active.has(x) ? gradientOfInput(value, i, d) : null;
      if (part !== null) collect(x, part);
    });
  }
  return wrt.map((w) => upstream.get(w) ?? null);
}

/** The gradient that flows from a value with upstream gradient d to its input i; null where none does. */
function gradientOfInput(value: Value, i: number, d: Value): Value | null {
  const { op, inputs, attrs } = value;
  const rule = op.vjp?.[i];
  if (rule !== undefined) return rule === null ? null : rule(d, inputs, value, attrs);
  if (op.expand === undefined)
    throw new TypeError(`${op.name} has no gradient rule for input ${i}`);
  // The expansion is made over fresh leaves, so that its derivative is taken with respect to this input alone.
  const leaves = inputs.map((x, j) => input(x.shape, `${op.name}.${j}`, x.element));
  const leaf = leaves[i];
  if (leaf === undefined) return null;
  const [part] = gradients(op.expand(leaves, attrs), [leaf], d);
  return part === null || part === undefined
    ? null
    : substitute(part, new Map(leaves.map((from, j) => [from, inputs[j] ?? from])));
}

/** The graph with some values replaced. */
export function substitute(value: Value, replacements: ReadonlyMap<Value, Value>): Value {
  return substituteAll([value], replacements)[0] ?? value;
}

/** Graphs with some values replaced; shared parts stay shared. */
export function substituteAll(
  values: readonly Value[],
  replacements: ReadonlyMap<Value, Value>,
): Value[] {
  const made = new Map<Value, Value>(replacements);
  for (const old of topologicalOrder(values)) {
    if (made.has(old)) continue;
    const inputs = old.inputs.map((x) => made.get(x) ?? x);
    made.set(old, inputs.every((x, i) => x === old.inputs[i]) ? old : { ...old, inputs });
  }
  return values.map((value) => made.get(value) ?? value);
}

/**
 * Jacobian-vector product Σ ∂y/∂xᵢ·vᵢ as a value; null where y depends on no xᵢ.
 * The gradients Jᵀu are linear in u, so pulling v back through them gives Jv: no rule of its own is needed.
 */
export function jvpOf(y: Value, x: readonly Value[], v: readonly Value[]): Value | null {
  const u = input(y.shape, "u");
  const found = gradients(y, x, u).flatMap((g, i) =>
    g === null ? [] : [{ g, v: v[i] ?? constant(0) }],
  );
  const [d] = pullBack(
    found.map(({ g }) => g),
    found.map(({ v }) => v),
    [u],
  );
  return d ?? null;
}
