// shardgrad predict: its output formats, and rows that come and go as a stream.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTable } from "@shardgrad/parallel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { penguins, succeed, temporaryFolder } from "../cli/support.js";

const { folder, remove } = temporaryFolder();
const at = { cwd: folder, env: { SHARDGRAD_WORKERS: "1" } };
const program = fileURLToPath(new URL("../../packages/cli/bin/shardgrad.js", import.meta.url));

beforeAll(async () => {
  await succeed(["train", penguins, "--target", "species", "--epochs", "5", "--out", "model"], at);
});
afterAll(remove);

/** A predict that reads standard input, and what it has written so far. */
function predict(flags: readonly string[], nodeFlags: readonly string[] = []) {
  const child = spawn(
    process.execPath,
    [...nodeFlags, program, "predict", "model", "-", ...flags],
    {
      cwd: folder,
    },
  );
  const result = { child, stdout: "", stderr: "", ended: Promise.resolve<number | null>(null) };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (result.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (result.stderr += text));
  child.stdin.on("error", () => undefined); // a process that refuses a row reads no further
  result.ended = new Promise((resolve) => child.on("close", resolve));
  return result;
}

/** The rows of the penguins as JSON lines. */
function jsonLines(): string {
  const [head = [], ...rows] = readFileSync(penguins, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
  const cell = (text: string): string | number | null =>
    text === "" || text === "NaN" ? null : Number.isNaN(Number(text)) ? text : Number(text);
  return rows
    .map((row) => JSON.stringify(Object.fromEntries(head.map((name, i) => [name, cell(row[i]!)]))))
    .join("\n");
}

describe("predict --out", () => {
  it("writes Parquet with the numbers of CSV", async () => {
    const words = ["predict", "model", penguins, "--probabilities", "--out"];
    await succeed([...words, "p.parquet"], at);
    await succeed([...words, "p.csv"], at);
    const [parquet, csv] = [
      await readTable(join(folder, "p.parquet")),
      await readTable(join(folder, "p.csv")),
    ];
    expect(parquet.columns).toEqual(csv.columns);
  });
});

describe("predict from standard input", () => {
  it.each([
    ["CSV", () => readFileSync(penguins, "utf8"), "csv"],
    ["JSON lines", jsonLines, "jsonl"],
  ])("gives the bytes that the file gives, for %s", async (_, rows, format) => {
    const words = ["--probabilities", "--format", format];
    const stream = predict(words);
    stream.child.stdin.end(rows());
    expect([await stream.ended, stream.stderr]).toEqual([0, ""]);
    expect(stream.stdout).toBe(await succeed(["predict", "model", penguins, ...words], at));
  });

  it("answers a row before the next one is sent", async () => {
    const [first, second] = jsonLines().split("\n");
    const { child, ended, ...rest } = predict([]);
    const answers: string[] = [];
    const answered = (): Promise<void> =>
      new Promise((resolve) => {
        child.stdout.once("data", (text: string) => {
          answers.push(text);
          resolve();
        });
      });
    child.stdin.write(`${first}\n`);
    await answered();
    child.stdin.write(`${second}\n`);
    await answered();
    child.stdin.end();
    expect([await ended, rest.stderr]).toEqual([0, ""]);
    expect(answers).toEqual(["prediction\nAdelie\n", "Adelie\n"]);
  });

  it("takes 40 MB in a heap of 40 MB", async () => {
    const rows = jsonLines();
    const stream = predict([], ["--max-old-space-size=40"]);
    const copies = Math.ceil(40e6 / rows.length / 10);
    const piece = Buffer.from(`${rows}\n`.repeat(10));
    let lines = 0;
    stream.child.stdout.on("data", (text: string) => {
      lines += text.split("\n").length - 1;
      stream.stdout = "";
    });
    for (let i = 0; i < copies; i += 1)
      if (!stream.child.stdin.write(piece))
        await new Promise((resolve) => stream.child.stdin.once("drain", resolve));
    stream.child.stdin.end();
    expect([await stream.ended, stream.stderr]).toEqual([0, ""]);
    expect(lines).toBe(1 + copies * 10 * 344);
  });

  it.each([
    ["a,b\n1,2\n", 'there is no column "'],
    ["a,b\n1,2\n", 'the columns are "a", "b"'],
    ["island,culmen_length_mm\nDream\n", "line 2 has 1 cells, where the header has 2"],
    ['{"island":"Dream"}\n{"island"\n', "line 2: not JSON"],
    ['island,sex\n"Dream,MALE\n', "line 2: Quote Not Closed"],
    ["island,sex\n", "there are no rows"],
  ])("refuses %j in one line", async (rows, message) => {
    const stream = predict([]);
    stream.child.stdin.end(rows);
    expect(await stream.ended).toBe(2);
    expect(stream.stderr).toContain(message);
    expect(stream.stderr.trimEnd()).not.toContain("\n");
  });
});
