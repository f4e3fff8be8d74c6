// Makes a formula into a graph of ops, and one row of a small network into a graph of single numbers.
import {
  abs,
  add,
  cos,
  div,
  elu,
  erf,
  exp,
  gelu,
  input,
  leakyRelu,
  log,
  max,
  min,
  mul,
  neg,
  pow,
  relu,
  scalar,
  sigmoid,
  sign,
  silu,
  sin,
  softplus,
  sqrt,
  step,
  sub,
  tanh,
  tensor,
  type Tensor,
  type Value,
  type ValueLike,
} from "@shardgrad/core";
import { UsageError } from "../usage-error.js";
import { failure, type Expression, type Operator } from "./formula.js";

/** A graph of one number, with what its inputs are. */
export interface Circuit {
  readonly output: Value;
  readonly feeds: ReadonlyMap<Value, Tensor>;
  /** Names of values that are not inputs. */
  readonly names: ReadonlyMap<Value, string>;
}

type Unary = (x: ValueLike) => Value;
type Binary = (a: ValueLike, b: ValueLike) => Value;

const unary: Readonly<Record<string, Unary>> = {
  abs,
  cos,
  elu: (x) => elu(x),
  erf,
  exp,
  gelu,
  leakyRelu: (x) => leakyRelu(x),
  ln: log,
  log,
  relu,
  sigmoid,
  sign,
  silu,
  sin,
  softplus,
  sqrt,
  step,
  tanh,
  σ: sigmoid,
};

/** Functions of two or more arguments, taken two by two from the left. */
const folded: Readonly<Record<string, Binary>> = { max, min };

const operations: Readonly<Record<Operator, Binary>> = {
  "+": add,
  "-": sub,
  "*": mul,
  "/": div,
  "^": pow,
};

/** Constants by name, unless a variable has that name. */
const constants: Readonly<Record<string, () => number>> = {
  e: () => scalar.exp(1),
  pi: () => Math.PI,
  π: () => Math.PI,
};

/** The functions that a formula may call. */
export const functionNames: readonly string[] = [...Object.keys(unary), ...Object.keys(folded)];

/** The graph of a formula at a point. Throws UsageError for names without a value, and values without a name. */
export function formulaCircuit(expression: Expression, at: ReadonlyMap<string, number>): Circuit {
  const leaves = new Map<string, Value>();
  const build = (part: Expression): ValueLike => {
    switch (part.kind) {
      case "number":
        return part.value;
      case "name":
        return named(part.name, part.at);
      case "negative": {
        const inner = build(part.of);
        return typeof inner === "number" ? -inner : neg(inner);
      }
      case "operation":
        return operations[part.operator](build(part.left), build(part.right));
      case "call":
        return called(part.name, part.at, part.args.map(build));
    }
  };
  const named = (name: string, column: number): ValueLike => {
    const known = leaves.get(name);
    if (known !== undefined) return known;
    if (at.has(name)) {
      const leaf = input([], name);
      leaves.set(name, leaf);
      return leaf;
    }
    const fixed = Object.hasOwn(constants, name) ? constants[name] : undefined;
    if (fixed !== undefined) return fixed();
    if (functionNames.includes(name))
      throw failure(column, `${name} is a function; write ${name}(…)`);
    throw failure(column, `${name} has no value; add --at ${name}=1`);
  };
  const output = build(expression);
  const unused = [...at.keys()].find((name) => !leaves.has(name));
  if (unused !== undefined)
    throw new UsageError(`--at ${unused}: not in the formula`, {
      name: unused,
      known: [...leaves.keys()],
    });
  if (typeof output === "number" || !("op" in output))
    throw new UsageError(
      "FORMULA: a number alone has nothing to explain; give a formula such as x*2",
    );
  if (leaves.size === 0)
    throw new UsageError("FORMULA: nothing varies in it; use a name such as x, with --at x=1");
  const feeds = new Map(
    Array.from(leaves, ([name, leaf]): [Value, Tensor] => [leaf, tensor(at.get(name) ?? 0)]),
  );
  return { output, feeds, names: new Map([[output, freeName("f", [...leaves.keys()])]]) };
}

function called(name: string, column: number, args: readonly ValueLike[]): Value {
  const [first, ...rest] = args;
  const fold = Object.hasOwn(folded, name) ? folded[name] : undefined;
  if (fold !== undefined && first !== undefined) {
    if (rest.length === 0) throw failure(column, `${name} of one number; give two or more`);
    // There is at least one more argument, so the result is made by the function.
    return rest.reduce<ValueLike>((result, x) => fold(result, x), first) as Value;
  }
  const f = Object.hasOwn(unary, name) ? unary[name] : undefined;
  if (f === undefined) {
    const { message } = failure(column, `no function ${name}`);
    throw new UsageError(message, {
      name,
      known: functionNames,
      otherwise: `give one of ${functionNames.join(", ")}`,
    });
  }
  if (first === undefined || rest.length > 0)
    throw failure(column, `${name} takes one argument, not ${args.length}`);
  return f(first);
}

/** A name that none of the others has. */
export function freeName(wanted: string, taken: readonly string[]): string {
  return taken.includes(wanted) ? freeName(`${wanted}_`, taken) : wanted;
}
