// An explained graph in words: a name, a symbol and a formula for every node, with numbers as text.
import {
  formatShape,
  type ExplainedNode,
  type Explanation,
  type Tensor,
  type Value,
} from "@shardgrad/core";

/**
 * A node as it is shown. Constants, and gates of constants alone, are not nodes here: they are part of the gates that
 * use them.
 */
export interface DescribedNode {
  /** Its place in the explanation. */
  readonly index: number;
  readonly name: string;
  readonly kind: "input" | "gate";
  /** What stands in the gate's circle: `×`, `+ 1`, `exp`. */
  readonly symbol: string;
  /** The gate in terms of its inputs' names: `x + y`. The name of an input. */
  readonly formula: string;
  readonly pattern: string | null;
  readonly value: string;
  readonly gradient: string | null;
  readonly edges: readonly DescribedEdge[];
}

/** What flows from an input into a gate and back. */
export interface DescribedEdge {
  /** Which of the gate's inputs it is. */
  readonly input: number;
  /** Place of the input's node in the explanation. */
  readonly from: number;
  readonly name: string;
  readonly upstream: string;
  /** Null where the local derivative is a matrix. */
  readonly local: string | null;
  readonly downstream: string;
}

/** The number with so many significant digits, without trailing zeros. */
export function formatNumber(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

/** A tensor in a few characters: its number, its few numbers, or its shape and length. */
export function formatTensor({ shape, data }: Tensor, digits: number): string {
  if (data.length === 1) return formatNumber(data[0] ?? 0, digits);
  if (data.length <= 4)
    return `(${Array.from(data, (value) => formatNumber(value, digits)).join(", ")})`;
  let squares = 0;
  for (const value of data) squares += value * value;
  return `${formatShape(shape)} ‖${formatNumber(Math.sqrt(squares), digits)}‖`;
}

/** Describes every node. Gates without a name are called q, or q1, q2, … when there are several. */
export function describe(
  { nodes }: Explanation,
  names: ReadonlyMap<Value, string>,
  digits: number,
): DescribedNode[] {
  const unnamed = nodes.filter(
    (node) => node.kind === "gate" && !isConstant(node) && !names.has(node.value),
  );
  const taken = new Set([
    ...names.values(),
    ...nodes.filter(({ kind }) => kind === "input").map(({ name }) => name),
  ]);
  let letter = "q";
  while ([...taken].some((name) => name.startsWith(letter))) letter += "_";
  const order = new Map(
    unnamed.map(({ value }, i) => [value, unnamed.length === 1 ? letter : `${letter}${i + 1}`]),
  );
  const nameOf = (node: ExplainedNode | undefined): string => {
    if (node === undefined) return "?";
    if (isConstant(node)) return formatTensor(node.result, digits);
    return node.kind === "input"
      ? node.name
      : (names.get(node.value) ?? order.get(node.value) ?? node.name);
  };
  return nodes.flatMap((node, index): DescribedNode[] => {
    if (node.kind === "constant" || isConstant(node)) return [];
    const inputs = node.inputs.map(({ from }) => nodes[from]);
    const upstream = node.gradient === null ? "0" : formatTensor(node.gradient, digits);
    return [
      {
        index,
        name: nameOf(node),
        kind: node.kind,
        symbol:
          node.kind === "input"
            ? node.name
            : symbolOf(
                node.name,
                inputs.map((x) => (x !== undefined && isConstant(x) ? nameOf(x) : null)),
              ),
        formula: node.kind === "input" ? node.name : formulaOf(node.name, inputs.map(nameOf)),
        pattern: node.pattern,
        value: formatTensor(node.result, digits),
        gradient: node.gradient === null ? null : formatTensor(node.gradient, digits),
        edges: node.inputs.flatMap(({ from, local, downstream }, i): DescribedEdge[] =>
          downstream === null
            ? []
            : [
                {
                  input: i,
                  from,
                  name: nameOf(inputs[i]),
                  upstream,
                  local: local === null ? null : formatNumber(local, digits),
                  downstream: formatTensor(downstream, digits),
                },
              ],
        ),
      },
    ];
  });
}

/** Whether nothing that varies goes into the node. */
function isConstant({ kind, gradient }: ExplainedNode): boolean {
  return kind === "constant" || (kind === "gate" && gradient === null);
}

const INFIX: Readonly<Record<string, string>> = {
  add: "+",
  sub: "−",
  mul: "×",
  div: "÷",
  pow: "^",
  matmul: "·",
};

/** The gate written with its inputs' names. */
function formulaOf(op: string, inputs: readonly string[]): string {
  const infix = INFIX[op];
  const [a = "", b = ""] = inputs;
  if (infix !== undefined && inputs.length === 2) return `${a} ${infix === "÷" ? "/" : infix} ${b}`;
  if (op === "neg") return `−${a}`;
  return `${op}(${inputs.join(", ")})`;
}

/** What to write into the gate; `constants` has the text of each input that is a constant, else null. */
function symbolOf(op: string, constants: readonly (string | null)[]): string {
  const infix = INFIX[op];
  const [a = null, b = null] = constants;
  if (op === "neg") return "× −1";
  if (infix === undefined)
    return constants.some((text) => text !== null)
      ? formulaOf(
          op,
          constants.map((text) => text ?? "x"),
        )
      : op;
  if (op === "matmul") return op;
  if (a === null && b === null) return infix;
  if (op === "add" || op === "mul") return `${infix} ${a ?? b}`;
  if (op === "div" && a !== null) return `${a}/x`;
  if (op === "pow") return `${a ?? "x"}^${b ?? "x"}`;
  return b === null ? `${a} ${infix} x` : `${infix} ${b}`;
}
