// What the documentation shows works as it stands: its commands in their order, what they print where a page says so, and
// its programs.
import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { penguins, run, succeed } from "../cli/support.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const base = mkdtempSync(join(tmpdir(), "shardgrad-docs-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const env = { SHARDGRAD_WORKERS: "1" }; // enough here, and quicker to start
const PAGES = [
  "README.md",
  "docs/cli.md",
  "docs/data.md",
  "docs/explain.md",
  "docs/export.md",
  "packages/core/README.md",
  "packages/parallel/README.md",
];

/** The fenced blocks of a page in a language. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  const all = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  return all.flatMap(([, name, body = ""]) => (name === language ? [body] : []));
}

/** Commands of a page, each with the lines that it is said to print. */
function commandsOf(page: string): { words: string[]; printed: string }[] {
  return blocks(page, "")
    .filter((block) => /^(\$ )?npx shardgrad /.test(block))
    .flatMap((block) =>
      block.split(/^(?:\$ )?(?=npx shardgrad )/m).flatMap((part) => {
        const [line = "", ...printed] = part.split("\n");
        const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, a, b]) => a ?? b ?? "");
        return words.length === 0 ? [] : [{ words: words.slice(2), printed: printed.join("\n") }];
      }),
    );
}

/** The programs of a page: one begins with its imports and goes on in the blocks that have none. */
function programsOf(page: string): string[] {
  const programs: string[] = [];
  for (const block of blocks(page, "js"))
    if (block.startsWith("import ")) programs.push(block);
    else programs.push(`${programs.pop() ?? ""}${block}`);
  return programs;
}

const folderOf = (page: string): string => join(base, page.replaceAll(/\W/g, "-"));

beforeAll(async () => {
  const made = join(base, "made");
  mkdirSync(made);
  const table = readFileSync(penguins, "utf8");
  for (const name of ["penguins", "new-penguins", "more-penguins", "new"])
    writeFileSync(join(made, `${name}.csv`), table);
  writeFileSync(join(made, "config.yaml"), blocks("docs/cli.md", "yaml")[0] ?? "");
  const places = ["JFK", "LAX", "ORD"];
  const rows = Array.from({ length: 600 }, (_, i) => ({ from: i % 3, to: Math.floor(i / 3) % 3 }));
  const column = (name: string, data: readonly string[]) => ({
    name,
    data: [...data],
    type: "STRING" as const,
    nullable: false,
  });
  const flights = parquetWriteBuffer({
    columnData: [
      column(
        "origin",
        rows.map(({ from }) => places[from] ?? ""),
      ),
      column(
        "destination",
        rows.map(({ to }) => places[to] ?? ""),
      ),
      {
        name: "distance",
        data: Float64Array.from(rows, ({ from, to }) => 900 * Math.abs(from - to)),
        type: "DOUBLE",
        nullable: false,
      },
    ],
  });
  writeFileSync(join(made, "flights-1.parquet"), new Uint8Array(flights));
  symlinkSync(join(root, "test", "node_modules"), join(made, "node_modules"));
  for (const page of PAGES) cpSync(made, folderOf(page), { recursive: true });
  // Pages that train nothing speak of a run that is there.
  await succeed(["train", "penguins.csv", "--target", "species", "--quiet"], { cwd: made, env });
  for (const page of PAGES)
    if (!commandsOf(page).some(({ words }) => words[0] === "train"))
      cpSync(join(made, "runs"), join(folderOf(page), "runs"), { recursive: true });
}, 240_000);

describe.each(PAGES)("%s", (page) => {
  const commands = commandsOf(page);
  it.runIf(commands.length > 0)(
    "has commands that do what they say, in their order",
    async () => {
      for (const { words, printed } of commands) {
        const { code, stdout, stderr } = await run(words, { cwd: folderOf(page), env });
        const parts = words[0] === "diff"; // and says so by its exit code
        expect(code, `${words.join(" ")}: ${stderr}`).toBe(parts ? 1 : 0);
        if (printed.trim() !== "") expect(stdout.trim()).toBe(printed.trim());
      }
    },
    240_000,
  );

  const programs = programsOf(page);
  it.runIf(programs.length > 0)(
    "has programs that run to their end",
    async () => {
      for (const [i, program] of programs.entries()) {
        const path = join(folderOf(page), `program-${i}.mjs`);
        writeFileSync(path, program);
        const told = await outputOf(path, folderOf(page));
        for (const [, expected = ""] of program.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm))
          expect(told).toContain(expected);
      }
    },
    240_000,
  );
});

/** What a program prints; throws what it says when it fails. */
function outputOf(path: string, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [path], { cwd }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${path}: ${stderr}`));
    });
  });
}
