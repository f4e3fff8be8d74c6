// From the start of a process to its first step, in counts: what is loaded before what, and how often threads start. No times.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { type Finished, run } from "../cli/support.js";

const packages = fileURLToPath(new URL("../../packages/", import.meta.url));
const threads = join(packages, "parallel/dist/threads");

/** All that is loaded before the first line of a file runs: it, its imports and theirs; of packages the names. */
function loadedBefore(file: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const imports = readFileSync(file, "utf8").matchAll(
    /^(?:import|export)\s+(?:[\w\s{},*$]+\sfrom\s+)?["']([^"']+)["'];/gmu,
  );
  for (const [, name = ""] of imports)
    if (name.startsWith(".")) loadedBefore(resolve(dirname(file), name), found);
    else found.add(name);
  return found;
}

const namesOf = (found: Iterable<string>): string[] =>
  [...found].map((file) => file.replace(packages, "")).toSorted();

describe("before it starts its workers", () => {
  it("the supervisor loads what starts and calls them, and nothing of what they do", () => {
    expect(namesOf(loadedBefore(join(threads, "supervisor.js")))).toEqual(
      [
        "comlink",
        "node:worker_threads",
        ...["cpu-profile", "endpoint", "supervisor", "worker-thread"].map(
          (name) => `parallel/dist/threads/${name}.js`,
        ),
      ].toSorted(),
    );
  });

  it("train loads its options, and nothing of the packages that train", () => {
    const found = namesOf(loadedBefore(join(packages, "cli/dist/index.js")));
    expect(found.filter((name) => name.startsWith("@shardgrad/"))).toEqual([
      "@shardgrad/parallel/ahead",
    ]);
    const ahead = namesOf(loadedBefore(join(packages, "parallel/dist/ahead.js")));
    expect(ahead.filter((name) => name.includes("parallel/dist"))).toHaveLength(5);
    expect(ahead.filter((name) => name.startsWith("@"))).toEqual([]);
    const command = namesOf(loadedBefore(join(packages, "cli/dist/commands/train.js")));
    expect([...found, ...command].filter((name) => ["zod", "yaml"].includes(name))).toEqual([]);
  });
});

describe("the package that trains", () => {
  it("loads no library that reads or checks files before there is a file for it", () => {
    const found = namesOf(loadedBefore(join(packages, "parallel/dist/index.js")));
    const libraries = found.filter((name) => !/^(?:node:|parallel\/)/u.test(name));
    expect(libraries).toEqual(["@shardgrad/core", "comlink", "fzstd"]);
  });
});

describe("train", () => {
  const folder = mkdtempSync(join(tmpdir(), "shardgrad-start-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const table = join(folder, "table.csv");
  writeFileSync(
    table,
    ["x,y", ...Array.from({ length: 60 }, (_, i) => `${i},${2 * i}`)].join("\n"),
  );
  let turns = 0;

  /** What a run on the table says, and the notes of its threads. */
  async function noted(...args: string[]): Promise<Finished & { readonly notes: string[] }> {
    turns += 1;
    const notes = join(folder, `notes-${turns}`);
    writeFileSync(notes, "");
    const preload = new URL("children/note.mjs", import.meta.url).href;
    const finished = await run(
      ["train", table, "--epochs", "2", "--out", join(folder, `run-${turns}`), "--quiet", ...args],
      { env: { NODE_OPTIONS: `--import ${preload}`, NOTES: notes, TABLE: table } },
    );
    return { ...finished, notes: readFileSync(notes, "utf8").trim().split("\n") };
  }

  it("starts its threads once, and before it opens the table", async () => {
    const { code, stderr, notes } = await noted("--target", "y", "--workers", "2");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(notes.filter((note) => note.startsWith("main"))).toEqual([
      "main starts supervisor.js",
      "main opens the table",
    ]);
    expect(notes.filter((note) => note.includes("worker.js"))).toEqual([
      "supervisor.js starts worker.js",
      "supervisor.js starts worker.js",
    ]);
  });

  it("with --cpu-prof starts them when there is a job, to profile them from their start", async () => {
    const profiles = join(folder, "profiles");
    const { code, stderr, notes } = await noted(
      "--target",
      "y",
      "--workers",
      "2",
      "--cpu-prof",
      profiles,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(notes.filter((note) => note.startsWith("main"))).toEqual([
      "main opens the table",
      "main starts supervisor.js",
    ]);
    expect(readdirSync(profiles)).toHaveLength(4);
  });

  it("starts none for options that make no sense", async () => {
    const { code, stderr, notes } = await noted("--workers", "none");
    expect(code).toBe(2);
    expect(stderr).toContain("--workers");
    expect(notes).toEqual([""]);
  });

  it("that refuses the table ends with one line and code 2, threads or not", async () => {
    const { code, stderr, notes } = await noted("--target", "z", "--workers", "2");
    expect(code).toBe(2);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^error: .*"?z"?/u);
    expect(notes[0]).toBe("main starts supervisor.js");
  });
});
