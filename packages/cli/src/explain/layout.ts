// Places the nodes and edges of an explained graph from left to right.
import { Graph, layout } from "@dagrejs/dagre";
import type { DescribedEdge, DescribedNode } from "./describe.js";

/** A placed node: its centre and size in pixels. */
export interface PlacedNode {
  readonly node: DescribedNode;
  /** What is written above the gate. */
  readonly value: string;
  readonly x: number;
  readonly y: number;
  /** Of the box; the texts above and below may be wider. */
  readonly width: number;
}

/** A placed edge: the points that it goes through, from the input's box to the gate's. */
export interface PlacedEdge {
  readonly points: readonly Point[];
  /** The part of the gradient that comes back along it, said where the input's gradient has several parts. */
  readonly label: { readonly text: string; readonly x: number; readonly y: number } | null;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

/** Pixels of a character of the picture's fixed-width font, and of the parts of a node. */
const CHARACTER = 7.9;
export const BOX_HEIGHT = 30;
/** Room above and below the box, for the value and the gradient. */
const LINE = 18;

/** What the layout library adds to a node and an edge; its own types do not load under `nodenext`. */
type Placed = Readonly<Record<"x" | "y", number>>;
interface PlacedPath extends Placed {
  readonly points: readonly Point[];
}

/** Lays a graph out. */
export function place(nodes: readonly DescribedNode[]): Picture {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir: "LR",
    nodesep: 14,
    ranksep: 44,
    edgesep: 10,
    marginx: 16,
    marginy: 16,
  });
  const uses = new Map<number, number>();
  for (const { edges } of nodes)
    for (const { from } of edges) uses.set(from, (uses.get(from) ?? 0) + 1);
  const sized = nodes.map((node) => {
    const value = node.kind === "gate" ? `${node.name} = ${node.value}` : node.value;
    return { node, value, width: Math.max(BOX_HEIGHT, textWidth(node.symbol) + 16) };
  });
  for (const { node, value, width } of sized)
    graph.setNode(String(node.index), {
      width: Math.max(width, textWidth(value), textWidth(node.gradient ?? "")) + 4,
      height: BOX_HEIGHT + 2 * LINE,
    });
  const labelOf = ({ from, downstream }: DescribedEdge): string | null =>
    (uses.get(from) ?? 0) > 1 ? downstream : null;
  for (const { index, edges } of nodes)
    edges.forEach((edge, i) => {
      const text = labelOf(edge);
      const size = text === null ? {} : { width: textWidth(text), height: 14, labelpos: "c" };
      graph.setEdge(String(edge.from), String(index), size, String(i));
    });
  layout(graph);
  const { width, height }: { width: number; height: number } = graph.graph();
  const centre = (index: number): Placed => graph.node(String(index));
  // Upside down crosses as few edges: the side is chosen on which a gate's first input tends to be above its second.
  let rising = 0;
  for (const { edges } of nodes)
    edges.forEach(({ from }, i) => {
      const above = edges[i - 1];
      if (above !== undefined) rising += Math.sign(centre(above.from).y - centre(from).y);
    });
  const turned = <P extends Placed>(point: P): P =>
    rising > 0 ? { ...point, y: height - point.y } : point;
  const placed = new Map(
    sized.map(({ node, value, width: box }): [number, PlacedNode] => {
      const { x, y } = turned(centre(node.index));
      return [node.index, { node, value, x, y, width: box }];
    }),
  );
  return {
    width,
    height,
    nodes: [...placed.values()],
    edges: nodes.flatMap(({ index, edges }) =>
      edges.map((edge, i): PlacedEdge => {
        const path: PlacedPath = graph.edge(String(edge.from), String(index), String(i));
        const text = labelOf(edge);
        const points = path.points.map(turned);
        return {
          points: between(placed.get(edge.from), placed.get(index), points, text !== null),
          label: text === null ? null : { text, x: path.x, y: turned(path).y },
        };
      }),
    ),
  };
}

/** From the right of one box to the left of another, by way of the bends; a short edge without a label needs none. */
function between(
  from: PlacedNode | undefined,
  to: PlacedNode | undefined,
  points: readonly Point[],
  keepBends: boolean,
): Point[] {
  if (from === undefined || to === undefined) return [...points];
  const bends = points.length > 3 || keepBends ? points.slice(1, -1) : [];
  return [{ x: from.x + from.width / 2, y: from.y }, ...bends, { x: to.x - to.width / 2, y: to.y }];
}

function textWidth(text: string): number {
  return text.length * CHARACTER;
}
