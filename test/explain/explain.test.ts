// shardgrad explain and the function behind it: values, gradients and flows, as text and as JSON.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  add,
  explain,
  exp,
  input,
  matmul,
  mul,
  relu,
  sigmoid,
  sin,
  square,
  sub,
  sum,
  tensor,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { explainGraph } from "../../packages/cli/dist/commands/explain.js";
import { run, succeed, temporaryFolder } from "../cli/support.js";

const docs = readFileSync(new URL("../../docs/explain.md", import.meta.url), "utf8");

interface Json {
  readonly nodes: readonly {
    readonly name: string;
    readonly value: number;
    readonly gradient: number;
    readonly pattern?: string;
    readonly inputs?: readonly {
      readonly to: string;
      readonly local: number;
      readonly downstream: number;
    }[];
  }[];
}

describe("the text", () => {
  it("of (x+y)*z is the one in docs/explain.md", async () => {
    const text = await succeed(["explain", "(x+y)*z", "--at", "x=-2,y=5,z=-4"]);
    expect(docs).toContain(text);
  });

  it("says where gradients meet", async () => {
    expect(await succeed(["explain", "x*y + x", "--at", "x=3,y=-4"])).toContain(
      "x in all: 1 + -4 = -3",
    );
  });

  it("shows as many digits as wanted", async () => {
    expect(await succeed(["explain", "1/x", "--at", "x=3", "--digits", "10"])).toContain(
      "0.3333333333",
    );
  });

  it("takes a formula that begins with a sign after --", async () => {
    expect(await succeed(["explain", "--at", "x=3", "--", "-x*2"])).toContain("-6");
  });
});

it("the program in docs/explain.md runs and prints what its comment says", () => {
  const { folder, remove } = temporaryFolder();
  try {
    const program = /```js\n([\s\S]*?)```/
      .exec(docs)![1]!
      .replace(
        '"@shardgrad/core"',
        JSON.stringify(
          pathToFileURL(join(import.meta.dirname, "../../packages/core/dist/index.js")).href,
        ),
      );
    const file = join(folder, "program.mjs");
    writeFileSync(file, program);
    expect(execFileSync(process.execPath, [file], { encoding: "utf8" })).toMatch(/\n3 54\n$/);
  } finally {
    remove();
  }
});

describe("the JSON", () => {
  it("holds the numbers in full", async () => {
    const { nodes } = JSON.parse(
      await succeed(["explain", "sigmoid(x)*y", "--at", "x=1,y=2", "--json"]),
    ) as Json;
    const s = 1 / (1 + Math.exp(-1));
    expect(nodes.map(({ name }) => name)).toEqual(["x", "q", "y", "f"]);
    expect(nodes[1]!.value).toBeCloseTo(s, 15);
    expect(nodes[0]!.gradient).toBeCloseTo(2 * s * (1 - s), 15);
    expect(nodes[3]).toMatchObject({
      pattern: "swap multiplier",
      inputs: [{ to: "q", local: 2, downstream: 2 }, { to: "y" }],
    });
  });

  it("leaves out gates of constants alone", async () => {
    const { nodes } = JSON.parse(
      await succeed(["explain", "exp(0)*x + max(1,2)", "--at", "x=1", "--json"]),
    ) as Json;
    expect(nodes.map(({ name }) => name)).toEqual(["x", "q", "f"]);
  });
});

describe("input that cannot be used is refused in one line", () => {
  it.each([
    [{}, "FORMULA: nothing to explain; give a formula such as '(x+y)*z' with --at x=-2,y=5,z=-4"],
    [{ formula: "x*y", at: "x=1" }, "FORMULA, column 3: y has no value; add --at y=1"],
    [
      { formula: "x", at: "x=one" },
      "--at x=one: give a number for each name, once, such as x=-2,y=5",
    ],
    [
      { formula: "x", at: "x=1,x=2" },
      "--at x=1,x=2: give a number for each name, once, such as x=-2,y=5",
    ],
    [
      { formula: "x", at: "x=1e999" },
      "--at x=1e999: give a number for each name, once, such as x=-2,y=5",
    ],
    [{ formula: "x", at: "x=1,y=2" }, "--at y: not in the formula"],
    [
      { formula: "x", at: "x=1", out: "graph.png" },
      "--out graph.png: give a name that ends in .html or .svg",
    ],
    [{ formula: "x", at: "x=1", row: "3" }, "--row: needs a model and --data"],
    [
      { formula: "x", at: "x=1", data: "d.csv" },
      "--at and --data: a formula has a point, a model has a table; give one of them",
    ],
    [{ formula: "x", at: "x=1", digits: "99" }, "--digits 99: give a whole number from 1 to 17"],
  ])("%j", async (flags, message) => {
    await expect(explainGraph(new Map(Object.entries(flags)))).rejects.toMatchObject({
      name: "UsageError",
      message,
    });
  });

  it("ends with code 2 and suggests the nearest function", async () => {
    expect(await run(["explain", "sigmod(x)", "--at", "x=1"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: FORMULA, column 1: no function sigmod; did you mean sigmoid?\n",
    });
  });
});

describe("explain, the function", () => {
  const leaf = (shape: readonly number[], name: string): Value => input(shape, name);

  it("adds up what the gates pass back: each gradient is the sum of the downstream parts", () => {
    const [x, W, b] = [leaf([2, 3], "x"), leaf([3, 4], "W"), leaf([4], "b")];
    const h = relu(add(matmul(x, W), b));
    const y = sum(mul(square(h), sigmoid(sub(h, 1))));
    const feeds = new Map<Value, Tensor>([
      [
        x,
        tensor([
          [1, -2, 0.5],
          [0.1, 0.7, -1],
        ]),
      ],
      [
        W,
        tensor([
          [0.3, -0.2, 0.9, 1],
          [0.2, 0.4, -0.7, 0.1],
          [-1, 0.6, 0.8, 0.2],
        ]),
      ],
      [b, tensor([0.1, 0.2, -0.3, 0.4])],
    ]);
    const { nodes } = explain(y, feeds);
    nodes.forEach((node, at) => {
      if (node.gradient === null || at === nodes.length - 1) return;
      const parts = nodes.flatMap(({ inputs }) =>
        inputs.filter(({ from }) => from === at).map(({ downstream }) => downstream!),
      );
      for (let i = 0; i < node.gradient.data.length; i += 1)
        expect(node.gradient.data[i]).toBeCloseTo(
          parts.reduce((total, { data }) => total + data[i]!, 0),
          12,
        );
    });
  });

  it("gives a gate that uses one value twice one flow for each use", () => {
    const x = leaf([], "x");
    const { nodes } = explain(mul(x, x), new Map([[x, tensor(3)]]));
    expect(nodes[1]!.inputs.map(({ from, local }) => [from, local])).toEqual([
      [0, 3],
      [0, 3],
    ]);
    expect(nodes[0]!.gradient!.data[0]).toBe(6);
  });

  it("gives a value that the output does not vary with the gradient 0", () => {
    const [x, y] = [leaf([], "x"), leaf([], "y")];
    const { nodes } = explain(
      add(sin(x), mul(y, 0)),
      new Map([
        [x, tensor(1)],
        [y, tensor(1)],
      ]),
    );
    expect(nodes.find(({ name }) => name === "y")!.gradient!.data[0]).toBe(0);
  });

  it("shows no gradient for constants and what is made of them", () => {
    const x = leaf([], "x");
    const { nodes } = explain(mul(x, exp(2)), new Map([[x, tensor(1)]]));
    expect(nodes.filter(({ gradient }) => gradient === null).map(({ name }) => name)).toEqual([
      "constant",
      "exp",
    ]);
  });

  it("refuses an output that is not a single number", () => {
    expect(() => explain(leaf([3], "x"))).toThrow(
      "explain: the output [3] is not a single number; sum it",
    );
  });
});
