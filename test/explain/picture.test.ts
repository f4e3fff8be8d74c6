// Pictures of graphs: complete, within their frame, and safe to open.
import { explain } from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import {
  describe as describeNodes,
  type DescribedNode,
} from "../../packages/cli/dist/explain/describe.js";
import { parseFormula } from "../../packages/cli/dist/explain/formula.js";
import { formulaCircuit } from "../../packages/cli/dist/explain/gates.js";
import { formatPage } from "../../packages/cli/dist/explain/html.js";
import { place } from "../../packages/cli/dist/explain/layout.js";
import { formatSvg } from "../../packages/cli/dist/explain/svg.js";

function nodesOf(formula: string, at: Readonly<Record<string, number>>): DescribedNode[] {
  const { output, feeds, names } = formulaCircuit(
    parseFormula(formula),
    new Map(Object.entries(at)),
  );
  return describeNodes(explain(output, feeds), names, 4);
}

const fanOut = nodesOf("max(x,y,0)*x + x^2 - 3*sin(x/2)", { x: 3, y: -4 });
const sigmoid = nodesOf("1/(1+exp(-(w0*x0+w1*x1+w2)))", { w0: 2, x0: -1, w1: -3, x1: -2, w2: -3 });

describe("the layout", () => {
  it.each([
    ["with fan-out", fanOut],
    ["of a chain", sigmoid],
  ])("%s keeps every node inside and no two boxes on each other", (_, nodes) => {
    const { width, height, nodes: placed } = place(nodes);
    expect(placed).toHaveLength(nodes.length);
    for (const a of placed) {
      expect(a.x - a.width / 2).toBeGreaterThanOrEqual(0);
      expect(a.x + a.width / 2).toBeLessThanOrEqual(width);
      expect(a.y - 33).toBeGreaterThanOrEqual(0);
      expect(a.y + 33).toBeLessThanOrEqual(height);
      for (const b of placed)
        if (a !== b)
          expect(Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= 66).toBe(
            true,
          );
    }
  });

  it("goes from left to right: each edge ends right of where it starts", () => {
    for (const { points } of place(fanOut).edges)
      expect(points.at(-1)!.x).toBeGreaterThan(points[0]!.x);
  });

  it("labels the edges of a value with several uses, and no others", () => {
    const labels = place(fanOut).edges.flatMap(({ label }) => (label === null ? [] : [label.text]));
    expect(labels.sort()).toEqual(["-0.1061", "3", "3", "6"]);
    expect(place(sigmoid).edges.every(({ label }) => label === null)).toBe(true);
  });

  it("is the same every time", () => {
    expect(place(fanOut)).toEqual(place(fanOut));
  });

  it("puts a gate's first input above its second", () => {
    const { nodes } = place(nodesOf("x-y", { x: 1, y: 2 }));
    const y = (name: string): number => nodes.find(({ node }) => node.name === name)!.y;
    expect(y("x")).toBeLessThan(y("y"));
  });
});

describe("the gates' symbols take constants in", () => {
  it.each([
    ["x+1", "+ 1"],
    ["1+x", "+ 1"],
    ["x-1", "− 1"],
    ["1-x", "1 − x"],
    ["x*3", "× 3"],
    ["1/x", "1/x"],
    ["x/2", "÷ 2"],
    ["x^2", "x^2"],
    ["2^x", "2^x"],
    ["-x", "× −1"],
    ["max(x,0)", "max(x, 0)"],
    ["exp(x)", "exp"],
    ["x+y", "+"],
    ["x*y", "×"],
    ["x/y", "÷"],
  ])("%s is drawn as %s", (formula, symbol) => {
    expect(nodesOf(formula, formula.includes("y") ? { x: 3, y: 2 } : { x: 3 }).at(-1)!.symbol).toBe(
      symbol,
    );
  });
});

describe("SVG and page", () => {
  const page = formatPage(fanOut, "<script>alert(1)</script> & co", ["a < b"]);

  it("write text so that it stays text", () => {
    expect(page).not.toContain("<script");
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; co");
    expect(page).toContain("<p>a &lt; b</p>");
  });

  it("refer to nothing outside of themselves", () => {
    const addresses = page.match(/(?:href|src|url)\s*[=(]\s*["']?[^"')\s>]+/g) ?? [];
    expect(addresses.every((address) => address.startsWith("url(#"))).toBe(true);
    expect(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:/);
  });

  it("hold every value and gradient", () => {
    const svg = formatSvg(fanOut, "f");
    for (const { name, kind, value, gradient } of fanOut) {
      expect(svg).toContain(`>${kind === "gate" ? `${name} = ` : ""}${value}</text>`);
      expect(svg).toContain(`>${gradient}</text>`);
    }
  });
});
