// Ops of the user's own on the command line: who names them, and what happens when nobody does.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { penguins, run, succeed, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
const example = fileURLToPath(new URL("../../examples/custom-op.mjs", import.meta.url));
const core = fileURLToPath(new URL("../../packages/core", import.meta.url));

const head = 'import { customOp } from "@shardgrad/core";\n';
const identity = (name: string): string =>
  `${head}export const op = customOp({ name: "${name}", shape: ([x]) => x, forward: (y, [x]) => y.set(x), vjp: [(dy) => dy] });\n`;

const modules: Readonly<Record<string, string>> = {
  "none.mjs": "export const answer = 42;\n",
  "throws.mjs": 'throw new Error("no luck\\ntoday");\n',
  "syntax.mjs": "export const = 1;\n",
  "same.mjs": identity("softsign"),
  "tanh.mjs": identity("tanh"),
  "wide.mjs": `${head}export const op = customOp({ name: "wide", shape: ([x]) => [x[0], 2 * x[1]], forward: (y) => y.fill(0) });\n`,
};

const train = "train penguins.csv --target species --hidden 6 --epochs 3 --schedule constant".split(
  " ",
);
const withOp = [...train, "--activation", "softsign", "--ops", "./my-op.mjs"];

beforeAll(async () => {
  copyFileSync(penguins, join(folder, "penguins.csv"));
  copyFileSync(example, join(folder, "my-op.mjs"));
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, "node_modules/@shardgrad"), { recursive: true });
  symlinkSync(core, join(folder, "node_modules/@shardgrad/core"));
  await succeed([...withOp, "--out", "run", "--workers", "1"], { cwd: folder });
});
afterAll(remove);

const read = (...path: string[]): string => readFileSync(join(folder, ...path), "utf8");
const weights = (name: string): string =>
  (JSON.parse(read(name, "manifest.json")) as { weights: { sha256: string } }).weights.sha256;

describe("an op of --ops as an activation", () => {
  it("trains to the same weights for 1 and 3 workers", async () => {
    await succeed([...withOp, "--out", "three", "--workers", "3"], { cwd: folder });
    expect(weights("three")).toBe(weights("run"));
  });

  it("has the gradient that central differences show", async () => {
    const args = ["gradcheck", "run", "--data", "penguins.csv", "--ops", "my-op.mjs", "--json"];
    expect(JSON.parse(await succeed(args, { cwd: folder }))).toMatchObject({
      passed: true,
      rows: 16,
    });
  });

  it.each([
    [["evaluate", "run", "penguins.csv"], "accuracy"],
    [["predict", "run", "penguins.csv"], "prediction"],
    [["explain", "run", "--data", "penguins.csv"], "a1    = softsign(z1)"],
    [["gradcheck", "run", "--data", "penguins.csv"], "4 parameters agree"],
  ])("%j needs the module again and says so; with it, it works", async (args, words) => {
    const without = await run(args, { cwd: folder });
    expect([without.code, without.stdout, without.stderr]).toEqual([
      2,
      "",
      expect.stringMatching(/^error: run\/model\.safetensors: .*"softsign".*--ops FILE.*\n$/),
    ]);
    const named = await succeed([...args, "--ops", "my-op.mjs"], { cwd: folder });
    expect(named).toContain(words);
  });

  it("export writes the weights without the module, and says what it cannot write", async () => {
    await succeed(["export", "run", "--out", "weights.safetensors"], { cwd: folder });
    const { code, stderr } = await run(["export", "run", "--out", "m.onnx"], { cwd: folder });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: run: .*softsign.*onnx.*\n$/),
    ]);
  });

  it("inspect shows the model without the module", async () => {
    expect(await succeed(["inspect", "run"], { cwd: folder })).toMatch(/1 {2}op softsign +6 units/);
  });

  it("is in the configuration, relative to it, and its module's sha256 in the manifest", () => {
    expect(read("run", "config.yaml")).toContain("ops:\n  - ../my-op.mjs\n");
    const { data } = JSON.parse(read("run", "manifest.json")) as { data: { path: string }[] };
    expect(data.map(({ path }) => path)).toEqual(["penguins.csv", "./my-op.mjs"]);
  });

  it("a configuration that the user names, and a variable, name it", async () => {
    await succeed(["train", "-c", "run/config.yaml", "--out", "again"], { cwd: folder });
    expect(weights("again")).toBe(weights("run"));
    expect(await succeed(["gradcheck", "run/config.yaml"], { cwd: folder })).toContain("ok:");
    const env = { SHARDGRAD_OPS: "my-op.mjs" };
    expect(await succeed(["evaluate", "run", "penguins.csv"], { cwd: folder, env })).toContain(
      "loss",
    );
    expect(await succeed(["verify", "run"], { cwd: folder })).toContain("the same weights");
  });

  it("a run goes on with the module that it began with, and runs no other", async () => {
    copyFileSync(join(folder, "my-op.mjs"), join(folder, "mine.mjs"));
    const args = [...train, "--activation", "softsign", "--ops", "mine.mjs"];
    await succeed([...args, "--out", "goes-on"], { cwd: folder });
    await succeed(["train", "--resume", "goes-on", "--epochs", "5"], { cwd: folder });
    await succeed([...withOp, "--epochs", "5", "--out", "whole"].toSpliced(6, 2), { cwd: folder });
    expect(weights("goes-on")).toBe(weights("whole"));
    writeFileSync(
      join(folder, "mine.mjs"),
      `import { writeFileSync } from "node:fs";\nwriteFileSync("ran", "");\n${identity("softsign")}`,
    );
    for (const again of [
      ["train", "--resume", "goes-on", "--epochs", "7"],
      ["verify", "goes-on"],
    ]) {
      const { code, stderr } = await run(again, { cwd: folder });
      expect([code, stderr, existsSync(join(folder, "ran"))]).toEqual([
        2,
        expect.stringContaining("mine.mjs: is not what the run began with"),
        false,
      ]);
    }
  });
});

describe("what cannot be is one line and exit code 2:", () => {
  it.each([
    [["--ops", "none.mjs"], "none.mjs: exports no op"],
    [["--ops", "throws.mjs"], "throws.mjs: cannot be loaded as a module: no luck"],
    [["--ops", "syntax.mjs"], "syntax.mjs: cannot be loaded as a module"],
    [["--ops", "missing.mjs"], "missing.mjs: cannot be loaded as a module"],
    [["--ops", "my-op.mjs,same.mjs"], "same.mjs: the op softsign exists already"],
    [["--ops", "tanh.mjs"], "--ops: the op tanh has the name of an activation"],
    [["--ops", "my-op.mjs", "--activation", "softsing"], "did you mean softsign?"],
    [["--activation", "softsign"], "an op of a module that --ops names"],
    [["--ops", "wide.mjs", "--activation", "wide"], "the op wide gives"],
  ])("%j", async (args, words) => {
    const { code, stdout, stderr } = await run([...train, ...args, "--out", "never"], {
      cwd: folder,
    });
    expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([2, "", 1]);
    expect(stderr).toContain(words);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });
});

describe("--tolerance", () => {
  const descend = [
    "train penguins.csv --target species --hidden none --init normal --init-sd 0.1 --batch-size all",
    "--optimizer sgd --lr 0.5 --quiet --epochs 5000 --tolerance 0.01",
  ].flatMap((words) => words.split(" "));

  it("ends full-batch descent when a step changes no more, at the same step for 1 and 3 workers", async () => {
    for (const workers of ["1", "3"]) {
      const name = `descent-${workers}`;
      const out = await succeed([...descend, "--out", name, "--workers", workers], { cwd: folder });
      expect(out).toMatch(/^converged: \d+ steps/m);
      expect(JSON.parse(read(name, "manifest.json"))).toMatchObject({
        status: "finished",
        converged: true,
      });
    }
    expect(weights("descent-3")).toBe(weights("descent-1"));
    const { code, stderr } = await run(["train", "--resume", "descent-1"], { cwd: folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining("the run has converged after")]);
  });

  it.each([
    [["--tolerance-on", "loss"], "--tolerance-on: needs --tolerance"],
    [["--tolerance", "-1"], "--tolerance -1: give a number from 0 on"],
    [["--init-sd", "1"], "--init-sd: needs --init normal"],
    [["--batch-size", "every"], "--batch-size every: give all or a whole number"],
  ])("%j is refused", async (args, words) => {
    const { code, stderr } = await run([...train, ...args], { cwd: folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });
});
