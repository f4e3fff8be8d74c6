// --threshold: chosen, stored, and used by every command.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stream } from "../parallel/numbers.js";
import { run, succeed, temporaryFolder } from "./support.js";

const program = fileURLToPath(new URL("../../packages/cli/bin/shardgrad.js", import.meta.url));
const { folder, remove } = temporaryFolder();
const at = { cwd: folder, env: { SHARDGRAD_WORKERS: "1" } }; // enough here, and quicker to start

beforeAll(() => {
  const random = stream(11);
  // One row in seven is "yes", and rarely for certain.
  const lines = Array.from({ length: 900 }, () => {
    const [a, b] = [random(), random()];
    const isRare = random() < 0.5 * a * a;
    return `${a},${b},${isRare ? "yes" : "no"},${b > 0.5 ? "left" : a > 0.5 ? "right" : "none"},${a + b}`;
  });
  writeFileSync(join(folder, "d.csv"), `a,b,rare,side,sum\n${lines.join("\n")}\n`);
});
afterAll(remove);

const words = ["train", "d.csv", "--features", "a,b", "--epochs", "15", "--lr", "0.01"];
const rare = [...words, "--target", "rare", "--val", "0.3", "--test", "0.2"];

describe("--threshold f1", () => {
  it("finds more of a rare class, in the scores of train, evaluate, predict and exports alike", async () => {
    await succeed([...rare, "--out", "plain"], at);
    const told = await succeed([...rare, "--threshold", "f1", "--out", "best"], at);
    expect(told).toMatch(/\nthreshold {3}yes from a probability of 0\.\d+ on\n/);
    const manifest = (name: string) =>
      JSON.parse(readFileSync(join(folder, name, "manifest.json"), "utf8"));
    expect(manifest("best").weights).toEqual(manifest("plain").weights); // the same network
    const scores = async (name: string) =>
      JSON.parse(await succeed(["evaluate", name, "d.csv", "--json"], at)).scores;
    expect((await scores("best")).f1).toBeGreaterThan((await scores("plain")).f1);
    const threshold = Number(/threshold":([\d.]+)/.exec(await inspected("best"))?.[1]);
    const csv = await succeed(["predict", "best", "d.csv", "--probabilities"], at);
    const rows = csv.trim().split("\n").slice(1);
    for (const [label, , p] of rows.map((line) => line.split(",")))
      expect(label).toBe(Number(p) >= threshold ? "yes" : "no");
    const streamed = spawnSync(
      process.execPath,
      [program, "predict", "best", "-", "--probabilities"],
      {
        cwd: folder,
        input: readFileSync(join(folder, "d.csv")),
      },
    );
    expect(streamed.stdout.toString()).toBe(csv);
    expect(await succeed(["export", "best", "--out", "best.mjs"], at)).toContain(
      "all labels equal",
    );
    expect(await succeed(["verify", "best"], at)).toContain("the same weights");
  });

  it("is refused without validation rows, without rows of both classes, and with folds", async () => {
    const refusal = async (...more: readonly string[]): Promise<string> => {
      const { code, stderr } = await run([...words, "--threshold", "f1", ...more], at);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refusal("--target", "rare", "--val", "0")).toContain("needs validation rows");
    expect(await refusal("--target", "rare", "--folds", "3")).toContain("give one of them");
    expect(await refusal("--target", "side")).toContain("3 classes are predicted");
    expect(await refusal("--target", "sum")).toContain("no class is predicted");
    writeFileSync(join(folder, "one.json"), "[0]");
    expect(await refusal("--target", "rare", "--val-rows", "one.json")).toContain(
      "no validation row is",
    );
  });
});

describe("--threshold with a number", () => {
  it("is stored as it is, and needs no validation rows", async () => {
    const given = ["--threshold", "0.2", "--val", "0", "--out", "given"];
    await succeed([...words, "--target", "rare", ...given], at);
    expect(await inspected("given")).toContain('"threshold":0.2');
    const { code, stderr } = await run([...rare, "--threshold", "1"], at);
    expect(code).toBe(2);
    expect(stderr).toContain("a number above 0 and below 1");
  });
});

const inspected = (name: string): Promise<string> => succeed(["inspect", name, "--json"], at);
