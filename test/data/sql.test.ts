// Tables from queries: values of every type, what is refused, and training on the same rows as from a file.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { penguins, run, succeed, temporaryFolder } from "../cli/support.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);
const packages = fileURLToPath(new URL("../../test-sql/node_modules", import.meta.url));
symlinkSync(packages, join(folder, "node_modules"), "junction");
const at = { cwd: folder, env: { SHARDGRAD_WORKERS: "1" } };
const reader = fileURLToPath(new URL("children/sql.mjs", import.meta.url));

interface Read {
  readonly rows?: number;
  readonly columns?: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
  readonly name?: string;
  readonly message?: string;
}

/** What a query gives, read in a process whose folder has DuckDB. */
const read = (query: string): Read =>
  JSON.parse(execFileSync(process.execPath, [reader, query], { cwd: folder, encoding: "utf8" }));

describe("a query", () => {
  it("gives numbers, texts, truth values, times and vectors, null where they are missing", () => {
    const { rows, columns = [] } = read(`
      SELECT * FROM (VALUES
        (1::TINYINT, 9007199254740992, 0.1::FLOAT, -12.345, 'a', true, DATE '2024-02-29',
         TIMESTAMP '2024-02-29 13:05:00.5', [1, 2], [1, 2]::UTINYINT[2], INTERVAL 1 DAY),
        (NULL, NULL, 'nan'::FLOAT, NULL, NULL, NULL, NULL, NULL, [3, 4], [3, 4]::UTINYINT[2], NULL)
      ) AS t(i, big, f, d, t, b, day, ts, list, bytes, gap)`);
    expect(rows).toBe(2);
    const by = Object.fromEntries(columns.map((column) => [column.name, column]));
    const valid = [1, 0];
    expect(by["i"]).toMatchObject({ kind: "number", values: [1, 0], valid });
    expect(by["big"]).toMatchObject({ values: [2 ** 53, 0], valid });
    expect(by["f"]).toMatchObject({ values: [Math.fround(0.1), 0], valid });
    expect(by["d"]).toMatchObject({ values: [-12.345, 0], valid });
    expect(by["t"]).toMatchObject({ kind: "text", codes: [0, -1], values: ["a"] });
    expect(by["b"]).toMatchObject({ kind: "text", codes: [0, -1], values: ["true"] });
    expect(by["day"]).toMatchObject({ codes: [0, -1], values: ["2024-02-29"] });
    expect(by["ts"]).toMatchObject({ codes: [0, -1], values: ["2024-02-29T13:05:00.500Z"] });
    expect(by["list"]).toMatchObject({ kind: "vector", width: 2, values: [1, 2, 3, 4] });
    expect(by["bytes"]).toMatchObject({ kind: "vector", width: 2, values: [1, 2, 3, 4] });
    expect(by["gap"]).toMatchObject({ kind: "opaque", type: "INTERVAL" });
  });

  it("gives more rows than a chunk holds, in their order", () => {
    const { columns = [] } = read("SELECT range AS i, sum(range) OVER () AS s FROM range(5000)");
    expect(columns[0]?.["values"]).toEqual(Array.from({ length: 5000 }, (_, i) => i));
    expect(columns[1]).toMatchObject({ kind: "number" }); // a HUGEINT
  });

  it.each([
    ["is not SQL", "SELEC 1", "syntax error"],
    ["has two statements", "SELECT 1; SELECT 2", "give one SELECT"],
    ["writes", "CREATE TABLE t AS SELECT 1", "give one SELECT"],
    ["names no file", "SELECT * FROM 'none.csv'", "none.csv"],
    ["gives no rows", "SELECT 1 AS a WHERE false", "no rows"],
    ["gives a name twice", "SELECT 1 AS a, 2 AS a", '"a"'],
    ["gives a number that is not exact", "SELECT 9007199254740993 AS a", "CAST it to DOUBLE"],
    ["gives an infinite number", "SELECT 'inf'::DOUBLE AS a", "row 1"],
  ])("that %s is refused in one line", (_, query, words) => {
    const { name, message = "" } = read(query);
    expect([name, message]).toEqual(["InputError", expect.stringContaining(words)]);
    expect(message).not.toContain("\n");
  });
});

describe("--sql", () => {
  const rows = `SELECT * FROM read_csv('${penguins}', nullstr = '')`;
  const train = ["train", "--target", "species", "--epochs", "2"];

  it("trains and predicts as with the same rows in a file", async () => {
    await Promise.all([
      succeed([...train, "--sql", rows, "--out", "query"], at),
      succeed([...train, penguins, "--out", "file"], at),
    ]);
    const weights = (run: string): unknown =>
      JSON.parse(readFileSync(join(folder, run, "manifest.json"), "utf8")).weights;
    expect(weights("query")).toEqual(weights("file"));
    const [query, file] = await Promise.all([
      succeed(["predict", "query", "--sql", rows], at),
      succeed(["predict", "file", penguins], at),
    ]);
    expect(query).toBe(file);
  });

  it("is scored and inspected as a table is", async () => {
    const few = `${rows} LIMIT 100`;
    await succeed([...train, "--sql", rows, "--out", "scored"], at);
    const [scores, profile] = await Promise.all([
      succeed(["evaluate", "scored", "--sql", few, "--json"], at),
      succeed(["inspect", "--sql", few, "--json"], at),
    ]);
    expect([JSON.parse(scores).rows, JSON.parse(profile).rows]).toEqual([100, 100]);
  });

  it("knows the query and its rows again: a run is done again or goes on with them alone", async () => {
    mkdirSync(join(folder, "data"), { recursive: true });
    const text = readFileSync(penguins, "utf8");
    const file = join(folder, "data", "p.csv");
    writeFileSync(file, text);
    await succeed([...train, "--sql", "FROM 'data/p.csv'", "--out", "again"], at);
    expect(await succeed(["verify", "again"], at)).toContain("the same weights");
    writeFileSync(file, text.replace("39.1", "39.2"));
    const { code, stderr } = await run(["verify", "again"], at);
    expect([code, stderr]).toEqual([2, expect.stringContaining("ORDER BY")]);
  });

  it("and a table together, and a folder without DuckDB, are refused with the remedy", async () => {
    const both = await run([...train, penguins, "--sql", rows], at);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("not both")]);
    const env = { NODE_PATH: "" }; // where the test runner adds packages of the workspace
    const bare = temporaryFolder();
    const without = await run([...train, "--sql", rows], { cwd: bare.folder, env });
    bare.remove();
    expect([without.code, without.stderr]).toEqual([
      2,
      expect.stringContaining("npm install @duckdb/node-api"),
    ]);
  });
});
