// An explained graph as a picture: SVG that needs nothing else, with values above the gates and gradients below.
import type { DescribedNode } from "./describe.js";
import { BOX_HEIGHT, place, type Picture, type PlacedEdge, type PlacedNode } from "./layout.js";

/** The picture of a graph; `title` is what assistive programs read out. */
export function formatSvg(nodes: readonly DescribedNode[], title: string): string {
  const picture = place(nodes);
  const { width, height } = picture;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" width="${px(width)}" height="${px(height)}" viewBox="0 0 ${px(width)} ${px(height)}">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>`,
    `<rect class="paper" width="100%" height="100%"/>`,
    ...drawn(picture),
    "</svg>",
  ].join("\n");
}

const STYLE = `
.graph { --paper: #fff; --ink: #1b1f24; --line: #8c959f; --box: #f6f8fa; --input: #ddf4ff; --value: #116329; --gradient: #b3261e; font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
@media (prefers-color-scheme: dark) { .graph { --paper: #0d1117; --ink: #e6edf3; --line: #768390; --box: #21262d; --input: #10304a; --value: #6fdd8b; --gradient: #ff8b80; } }
.graph .paper { fill: var(--paper); }
.graph text { fill: var(--ink); text-anchor: middle; dominant-baseline: central; }
.graph .box { fill: var(--box); stroke: var(--line); }
.graph .input .box { fill: var(--input); }
.graph .edge { fill: none; stroke: var(--line); stroke-width: 1.3; }
.graph .tip { fill: var(--line); }
.graph text.value { fill: var(--value); }
.graph text.gradient { fill: var(--gradient); }
.graph text.value, .graph text.gradient { stroke: var(--paper); stroke-width: 3px; paint-order: stroke; }
.graph text.part { fill: var(--gradient); font-size: 11px; stroke: var(--paper); stroke-width: 4px; paint-order: stroke; }
`;

function drawn({ nodes, edges }: Picture): string[] {
  return [...edges.map(edgePath), ...nodes.map(nodeGroup), ...edges.flatMap(edgeLabel)];
}

function nodeGroup({ node, value, x, y, width }: PlacedNode): string {
  const { kind, name, symbol, formula, pattern, gradient } = node;
  const about =
    kind === "input" ? name : `${name} = ${formula}${pattern === null ? "" : ` (${pattern})`}`;
  const half = BOX_HEIGHT / 2;
  return [
    `<g class="${kind}" transform="translate(${px(x)} ${px(y)})"><title>${escapeText(about)}</title>`,
    `<rect class="box" x="${px(-width / 2)}" y="${-half}" width="${px(width)}" height="${BOX_HEIGHT}" rx="${kind === "gate" ? half : 4}"/>`,
    `<text>${escapeText(symbol)}</text>`,
    `<text class="value" y="${-half - 9}">${escapeText(value)}</text>`,
    gradient === null
      ? ""
      : `<text class="gradient" y="${half + 10}">${escapeText(gradient)}</text>`,
    "</g>",
  ].join("");
}

/** A curve through the points that leaves and reaches each of them level, so that it keeps clear of the texts. */
function edgePath({ points }: PlacedEdge): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let from = first;
  const curves = rest.map((to) => {
    const middle = px((from.x + to.x) / 2);
    const curve = `C${middle} ${px(from.y)} ${middle} ${px(to.y)} ${px(to.x)} ${px(to.y)}`;
    from = to;
    return curve;
  });
  return `<path class="edge" marker-end="url(#arrow)" d="M${px(first.x)} ${px(first.y)}${curves.join("")}"/>`;
}

function edgeLabel({ label }: PlacedEdge): string[] {
  return label === null
    ? []
    : [`<text class="part" x="${px(label.x)}" y="${px(label.y)}">${escapeText(label.text)}</text>`];
}

/** A length without digits that nobody sees. */
function px(length: number): string {
  return String(Math.round(length * 10) / 10);
}

/** Text as it may stand in XML. */
export function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
