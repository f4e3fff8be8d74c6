// What the lint rules refuse and allow: every line of the tables is linted as a file of its own in a copy of the layout.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeOutput, root, tool } from "../../scripts/run.mjs";

const core = "packages/core/src";
const parallel = "packages/parallel/src";
const cli = "packages/cli/src";

const refused: readonly (readonly [folder: string, source: string, rule: string])[] = [
  ...[
    "export const x = (v: number): number => Math.exp(v);",
    "export const x = (v: number): number => Math.pow(v, 2);",
    "export const x = (): number => Math.random();",
    'export const x = (v: number): number => Math["sin"](v);',
    "export const x = (name: string, v: number): number => Math[name](v);",
    "export const { tanh } = Math;",
    "const m = Math; export const x = (v: number): number => m.log(v);",
    "export const x = (v: number): number => globalThis.Math.cosh(v);",
    "export const x = (v: number, n: number): number => v ** n;",
    "export const x = (v: number): number => { v **= 3; return v; };",
    "export const x = 1.5 ** 2;",
    "export const x = 10 ** -3;",
    "export const x = (a: string, b: string): number => a.localeCompare(b);",
    "export const x = (v: number): string => v.toLocaleString();",
    "export const x = new Intl.Collator();",
    'export const x = new Date("2024-01-01T00:00");',
    "export const x = new Date(2024, 0, 1);",
    'export const x = Date.parse("2024-01-01T00:00");',
    "export const x = (date: Date): number => date.getHours();",
    "export const x = /\\p{Letter}/u;",
  ].map((source) => [core, source, "determinism"] as const),
  [parallel, "export const x = (v: number): number => Math.log2(v);", "determinism"],
  [cli, "export const x = (v: number): number => Math.log10(v);", "determinism"],
  [core, 'export * from "@shardgrad/parallel";', "no-restricted-imports"],
  [core, 'export * from "shardgrad";', "no-restricted-imports"],
  [core, 'export * from "../../parallel/src/trainer.js";', "no-restricted-imports"],
  [core, 'export { Worker } from "node:worker_threads";', "no-restricted-imports"],
  [parallel, 'export * from "shardgrad";', "no-restricted-imports"],
  [parallel, 'export * from "@shardgrad/core/dist/tree.js";', "no-restricted-imports"],
  [parallel, 'export * from "../../core/src/tree.js";', "no-restricted-imports"],
  [cli, 'export * from "@shardgrad/core/dist/tree.js";', "no-restricted-imports"],
  [cli, 'export * from "../../../parallel/src/trainer.js";', "no-restricted-imports"],
  [core, "export default 1;", "no-default-export"],
  [core, "export const x = (v: any): number => v;", "no-explicit-any"],
];

const allowed: readonly (readonly [folder: string, source: string])[] = [
  [core, "export const x = [2 ** 27, 2 ** -140, 2n ** 64n, 1000 ** 3];"],
  [core, "export const x = (v: number): number => Math.sqrt(Math.fround(Math.abs(v)) * Math.PI);"],
  [core, "export const x = (Math: { exp(v: number): number }): number => Math.exp(1);"],
  [core, "export const x = (k: { exp(v: number): number }): number => k.exp(1);"],
  [core, "export const x = new Date().toISOString();"],
  [core, "export const x = (ms: number): Date => new Date(ms);"],
  [core, "export const x = new Date(Date.UTC(2024, 0, 1));"],
  [core, 'export const x = { Math: 1, Intl: "text" };'],
  [parallel, 'export * from "@shardgrad/core";'],
  [parallel, 'export { Worker } from "node:worker_threads";'],
  [cli, 'export * from "@shardgrad/parallel"; export { writeProgram } from "@shardgrad/core";'],
];

describe("the lint rules", () => {
  let folder: string;
  let diagnostics: readonly { code: string; filename: string }[];
  const file = (place: string, kind: string, index: number): string =>
    `${place}/${kind}-${index}.ts`;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "shardgrad-lint-"));
    const put = (name: string, text: string): void => {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    };
    // Without one of its own, the folder would be read by whatever tsconfig.json lies above it.
    put("tsconfig.json", "{}\n");
    const plugin = "./scripts/lint/determinism.mjs";
    const config = readFileSync(join(root, ".oxlintrc.json"), "utf8");
    put(
      ".oxlintrc.json",
      config.replace(plugin, () => JSON.stringify(join(root, plugin)).slice(1, -1)),
    );
    refused.forEach(([place, source], i) => put(file(place, "refused", i), `${source}\n`));
    allowed.forEach(([place, source], i) => put(file(place, "allowed", i), `${source}\n`));
    put(
      `${core}/cycle-a.ts`,
      'import { b } from "./cycle-b.js";\nexport const a = (): number => b();\n',
    );
    put(
      `${core}/cycle-b.ts`,
      'import { a } from "./cycle-a.js";\nexport const b = (): number => a();\n',
    );
    const { output } = await nodeOutput(tool("test", "oxlint"), ["--format=json"], { cwd: folder });
    ({ diagnostics } = JSON.parse(output) as { diagnostics: typeof diagnostics });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const codes = (name: string): readonly string[] =>
    diagnostics
      .filter(({ filename }) => filename.replaceAll("\\", "/") === name)
      .map(({ code }) => code);

  it.each(refused.map((row, i) => [...row, i] as const))("in %s refuse %s", (place, _, rule, i) => {
    expect(codes(file(place, "refused", i)).join()).toContain(`(${rule})`);
  });

  it.each(allowed.map((row, i) => [...row, i] as const))("in %s allow %s", (place, _, i) => {
    expect(codes(file(place, "allowed", i))).toEqual([]);
  });

  it("refuse a cycle of imports", () => {
    expect(codes(`${core}/cycle-a.ts`).join()).toContain("(no-cycle)");
  });
});
