// An explained graph as one web page that loads nothing: the picture, then every gate written out.
import type { DescribedNode } from "./describe.js";
import { escapeText, formatSvg } from "./svg.js";

/** The page. `title` says what is explained; `notes` are lines of text below it. */
export function formatPage(
  nodes: readonly DescribedNode[],
  title: string,
  notes: readonly string[],
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeText(title)}</h1>
${notes.map((note) => `<p>${escapeText(note)}</p>`).join("\n")}
<p><span class="value">Values</span> flow from left to right and stand above each node; <span class="gradient">gradients</span> flow back and stand below.
At each gate, upstream × local = downstream.</p>
<div class="picture">
${formatSvg(nodes, title)}
</div>
<h2>Backward, gate by gate</h2>
<div class="wide"><table>
<thead><tr><th>gate</th><th>pattern</th><th>to</th><th class="number">upstream</th><th class="number">local</th><th class="number">downstream</th></tr></thead>
<tbody>
${nodes.toReversed().flatMap(gateRows).join("\n")}
</tbody>
</table></div>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.picture, .wide { overflow-x: auto; }
.picture { border: 1px solid #8c959f66; border-radius: 6px; }
.picture svg { display: block; margin: 0 auto; }
table { border-collapse: collapse; font: 14px/1.6 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
th, td { padding: 0 1rem 0 0; text-align: left; white-space: nowrap; } th { font-weight: 600; border-bottom: 1px solid #8c959f; }
.number { text-align: right; }
tr.first td { border-top: 1px solid #8c959f55; }
.value { color: light-dark(#116329, #6fdd8b); } .gradient { color: light-dark(#b3261e, #ff8b80); }
`;

function gateRows({ name, formula, pattern, edges }: DescribedNode): string[] {
  return edges.map(({ name: to, upstream, local, downstream }, i) => {
    const cells = [i === 0 ? `${name} = ${formula}` : "", i === 0 ? (pattern ?? "") : "", to].map(
      (text) => `<td>${escapeText(text)}</td>`,
    );
    const numbers = [upstream, local ?? "", downstream].map(
      (text) => `<td class="number">${escapeText(text)}</td>`,
    );
    return `<tr${i === 0 ? ' class="first"' : ""}>${cells.join("")}${numbers.join("")}</tr>`;
  });
}
