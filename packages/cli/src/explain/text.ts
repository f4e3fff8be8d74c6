// An explained graph as text: every node with value and gradient, then every gate's upstream × local = downstream.
import { columns } from "../report/format.js";
import type { DescribedNode } from "./describe.js";

/** The whole explanation, the output's gate last in the table and first in the backward pass. */
export function formatExplanation(nodes: readonly DescribedNode[]): string {
  return [table(nodes), ...backward(nodes)].join("\n\n");
}

function table(nodes: readonly DescribedNode[]): string {
  const rows = nodes.map(({ kind, name, formula, value, gradient }) => [
    name,
    kind === "input" ? "" : `= ${formula}`,
    value,
    gradient ?? "",
  ]);
  return columns([["node", "", "value", "gradient"], ...rows], [false, false, true, true]);
}

/** A block for each gate, in the order in which the backward pass reaches them. */
function backward(nodes: readonly DescribedNode[]): string[] {
  const gates = nodes.filter(({ edges }) => edges.length > 0).toReversed();
  return gates.map(({ name, formula, pattern, edges }) => {
    const lines = edges.map((edge) => [
      `  to ${edge.name}`,
      edge.local === null
        ? edge.downstream
        : `${edge.upstream} × ${edge.local} = ${edge.downstream}`,
      ...meeting(nodes, edge.from, name),
    ]);
    return [`${name} = ${formula}${pattern === null ? "" : `: ${pattern}`}`, columns(lines)].join(
      "\n",
    );
  });
}

/** Where gradients meet: said beside the last part that arrives at a value used more than once. */
function meeting(nodes: readonly DescribedNode[], to: number, gate: string): string[] {
  const parts = nodes
    .toReversed()
    .flatMap(({ name, edges }) =>
      edges.filter(({ from }) => from === to).map(({ downstream }) => ({ name, downstream })),
    );
  const value = nodes.find(({ index }) => index === to);
  if (parts.length < 2 || value === undefined || parts.at(-1)?.name !== gate) return [];
  return [
    `${value.name} in all: ${parts.map(({ downstream }) => downstream).join(" + ")} = ${value.gradient ?? "0"}`,
  ];
}
