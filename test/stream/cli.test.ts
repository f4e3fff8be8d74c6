// shardgrad train --stream, as users run it.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { run, temporaryFolder } from "../cli/support.js";
import { stream as numbers } from "../parallel/numbers.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

const random = numbers(2);
const rows = Array.from({ length: 3001 }, () => [random(), random() - 0.5] as const);
writeFileSync(
  join(folder, "table.csv"),
  ["a,b,kind,y", ...rows.map(([a, b]) => `${a},${b},${a > 0.5 ? "x" : "z"},${a * b}`)].join("\n"),
);
const train = ["train", "table.csv", "--target", "y", "--stream", "--shuffle-buffer", "500"];
const hashOf = (run: string): string =>
  (
    JSON.parse(readFileSync(join(folder, run, "manifest.json"), "utf8")) as {
      weights: { sha256: string };
    }
  ).weights.sha256;

describe("train --stream", () => {
  it("leaves a run that verifies, predicts and exports like any other", async () => {
    const done = await run([...train, "--epochs", "3", "--test", "0.1", "--out", "a"], {
      cwd: folder,
    });
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toContain("2,431 rows to train, 270 to validate, 300 to test");
    for (const args of [
      ["verify", "a"],
      ["predict", "a", "table.csv", "--out", "p.csv"],
      ["export", "a", "--format", "js", "--out", "m.mjs"],
    ]) {
      const ended = await run(args, { cwd: folder });
      expect(ended.code, ended.stderr).toBe(0);
    }
  });

  it("goes on after kill -9 to the same bytes, with another number of workers", async () => {
    const long = [...train, "--epochs", "40", "--save-every", "5", "--workers", "2"];
    expect((await run([...long, "--out", "whole"], { cwd: folder })).code).toBe(0);
    const state = join(folder, "killed/checkpoints/last.safetensors");
    const program = new URL("../../packages/cli/bin/shardgrad.js", import.meta.url).pathname;
    const child = spawn(process.execPath, [program, ...long, "--out", "killed"], { cwd: folder });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const look = setInterval(() => {
      if (existsSync(state)) child.kill("SIGKILL");
    }, 2);
    await ended;
    clearInterval(look);
    const { status } = JSON.parse(readFileSync(join(folder, "killed/manifest.json"), "utf8")) as {
      status: string;
    };
    if (status !== "finished") {
      const again = await run(["train", "--resume", "killed", "--workers", "3"], { cwd: folder });
      expect(again.code, again.stderr).toBe(0);
    }
    expect(hashOf("killed")).toBe(hashOf("whole"));
  });

  it.each([
    [["--folds", "3"], "--stream and --folds: streamed rows are not all there to be chosen"],
    [["--group", "kind"], "--stream and --group: streamed rows are not all there to be chosen"],
    [["--batch-size", "all"], "--stream and --batch-size all: streamed rows are not all there"],
  ])("refuses %j by name", async (more, message) => {
    const { code, stderr } = await run([...train, ...more], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("refuses standard input, and --shuffle-buffer without --stream", async () => {
    const input = await run(["train", "-", "--target", "y", "--stream"], { cwd: folder });
    expect([input.code, input.stderr]).toEqual([
      2,
      expect.stringContaining("standard input can be read once only"),
    ]);
    const buffer = await run(["train", "table.csv", "--target", "y", "--shuffle-buffer", "9"], {
      cwd: folder,
    });
    expect([buffer.code, buffer.stderr]).toEqual([2, expect.stringContaining("needs --stream")]);
  });
});
