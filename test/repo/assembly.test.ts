// What the kernels' sources may not use: results would depend on the engine, or workers would overwrite each other.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/run.mjs";

const folder = join(root, "packages/core/assembly");
const sources = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    return { name, code: text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "") };
  });

/** Every place where a source matches, as "file: match". */
const places = (pattern: RegExp): string[] =>
  sources.flatMap(({ name, code }) =>
    (code.match(pattern) ?? []).map((found) => `${name}: ${found}`),
  );

describe("the kernels", () => {
  it("call nothing of Math, which would bring tables of static data", () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(places(/\b(?:Native)?Mathf?\s*\.\s*\w+/g)).toEqual([]);
  });

  it("use no relaxed instruction, whose results differ between CPUs", () => {
    expect(places(/\brelaxed_\w+/g)).toEqual([]);
  });
});
