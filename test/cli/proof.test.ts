// Runs that are done again: verify finds the step that is not as it was logged, diff the step at which two runs part.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { permutation } from "@shardgrad/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, succeed, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

const ROWS = 200;
const BATCH = 10; // 20 steps an epoch
const STEP = 13;
// All rows train, in the order of a permutation keyed by the seed and the epoch, both 0 here: one of that step's rows.
const CHANGED = permutation(ROWS, 0, 0)[STEP * BATCH - 5] ?? 0;

/** A table; the label of one row can be another. */
function writeTable(name: string, changed: number | null): void {
  const rows = Array.from({ length: ROWS }, (_, r) => {
    const [a, b] = [(r * 37) % 64, (r * 101) % 50];
    return `${a},${b},${a > b === (r !== changed) ? "yes" : "no"}`;
  });
  writeFileSync(join(folder, name), ["a,b,answer", ...rows, ""].join("\n"));
}

const defaults = { hidden: 5, epochs: 4, schedule: "constant", lr: 0.001, "hash-every": 7 };

function train(data: string, out: string, options: object = {}): Promise<string> {
  const given = Object.entries({ ...defaults, ...options });
  const words = given.flatMap(([name, value]) => [`--${name}`, String(value)]);
  const fixed = `--target answer --val 0 --batch-size ${BATCH} --quiet --keep 9 --out ${out}`;
  return succeed(["train", data, ...fixed.split(" "), ...words], { cwd: folder });
}

const hashes = (out: string): { step: number; hash: string }[] =>
  readFileSync(join(folder, out, "hashes.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { step: number; hash: string });

async function json(...args: readonly string[]): Promise<{ code: number | null; report: Report }> {
  const { code, stdout, stderr } = await run([...args, "--json"], { cwd: folder });
  if (stderr !== "") throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as Report };
}

type Report = Readonly<Record<string, unknown>>;

beforeAll(async () => {
  writeTable("table.csv", null);
  writeTable("changed.csv", CHANGED);
  await train("table.csv", "a", { workers: 2, epochs: 2 });
  await succeed(["train", "--resume", "a", "--epochs", "4"], { cwd: folder }); // one checkpoint is at step 40 for sure
  await train("table.csv", "again", { workers: 1, "hash-every": 5 });
  await train("changed.csv", "changed");
}, 120_000);

describe("the log of hashes", () => {
  it("has the start and every so many steps", () => {
    expect(hashes("a").map(({ step }) => step)).toEqual(
      Array.from({ length: 12 }, (_, i) => 7 * i),
    );
  });
});

describe("verify", () => {
  /** A copy of run a with another hash at a step of its log. */
  function forged(step: number): string {
    const name = `forged-${step}`;
    rmSync(join(folder, name), { recursive: true, force: true });
    mkdirSync(join(folder, name, "checkpoints"), { recursive: true });
    for (const file of ["config.yaml", "manifest.json", "model.safetensors"])
      copyFileSync(join(folder, "a", file), join(folder, name, file));
    for (const checkpoint of readdirSync(join(folder, "a", "checkpoints")))
      copyFileSync(
        join(folder, "a", "checkpoints", checkpoint),
        join(folder, name, "checkpoints", checkpoint),
      );
    const lines = hashes("a").map((entry) =>
      JSON.stringify(entry.step === step ? { ...entry, hash: "0".repeat(64) } : entry),
    );
    writeFileSync(join(folder, name, "hashes.jsonl"), `${lines.join("\n")}\n`);
    return name;
  }

  it("does a whole run again and finds the logged hashes", async () => {
    const { code, report } = await json("verify", "a");
    expect([code, report]).toEqual([0, expect.objectContaining({ same: true, hashes: 12 })]);
  });

  it("does some steps again, from the checkpoint before them", async () => {
    const { code, report } = await json("verify", "a", "--steps", "45..80", "--workers", "3");
    expect([code, report]).toEqual([
      0,
      { type: "verify", same: true, steps: [45, 80], start: 40, hashes: 6, first: null },
    ]);
  });

  it("exits with 1 and names the first step that differs", async () => {
    const { code, report } = await json("verify", forged(42), "--steps", "41..60");
    const found = { step: 42, logged: "0".repeat(64), repeated: hashes("a")[6]!.hash };
    expect([code, report]).toEqual([1, expect.objectContaining({ same: false, first: found })]);
    const whole = await json("verify", forged(42));
    expect([whole.code, whole.report["first"]]).toEqual([1, found]);
  });

  it.each([
    ["50..40", "--steps 50..40: give two numbers of finished steps, the smaller first"],
    ["0..900", "--steps 0..900: a has done 80 steps; give a part of them"],
    ["1..6", "--steps 1..6: a has logged no hash there; it has them at 0, 7, 14, …"],
  ])("exits with 2 for --steps %s", async (steps, message) => {
    const { code, stderr } = await run(["verify", "a", "--steps", steps], { cwd: folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe("diff", () => {
  it("exits with 0 for runs with the same weights, whatever their workers and logs", async () => {
    const { code, report } = await json("diff", "a", "again");
    expect([code, report]).toEqual([0, expect.objectContaining({ same: true, inputs: [] })]);
  });

  it("names the step that first uses a row that differs, and the first parameter", async () => {
    const { code, report } = await json("diff", "a", "changed");
    expect(code).toBe(1);
    expect(report["inputs"]).toEqual([expect.objectContaining({ what: "file 1" })]);
    const parting = report["parting"] as { step: number; parameters: readonly Report[] };
    expect(parting.step).toBe(STEP);
    expect(parting.parameters[0]!["name"]).toBe("layer0.weight");
    expect(parting.parameters[0]!["largest"]).toBeGreaterThan(0);
  });

  it("tells the settings that differ", async () => {
    await train("table.csv", "rate", { lr: 0.002 });
    const { code, report } = await json("diff", "a", "rate");
    expect(code).toBe(1);
    expect(report["inputs"]).toEqual([{ what: "--lr", a: "0.001", b: "0.002" }]);
    expect(report["parting"]).toEqual(expect.objectContaining({ step: 1 }));
  });

  it("tells shapes that differ from the start", async () => {
    await train("table.csv", "wide", { hidden: 6 });
    const { code, stdout } = await run(["diff", "a", "wide"], { cwd: folder });
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining("first in layer0.weight: [2,5] and [2,6]"),
    ]);
  });

  it("exits with 1 where one run ends before the other, and says so", async () => {
    await train("table.csv", "short", { epochs: 2 });
    const { code, report } = await json("diff", "a", "short");
    expect([code, report["parting"], report["ends"]]).toEqual([
      1,
      null,
      { run: "short", step: 40 },
    ]);
  });

  it("tells the steps between which runs part when the data of one are gone", async () => {
    writeTable("moved.csv", CHANGED);
    await train("moved.csv", "moved");
    rmSync(join(folder, "moved.csv"));
    const { code, stdout } = await run(["diff", "a", "moved"], { cwd: folder });
    expect(code).toBe(1);
    expect(stdout).toMatch(/they part after step \d+, at step \d+ at the latest/);
    expect(stdout).toMatch(/moved\.csv: no such file/);
  });

  it("exits with 2 for a folder that is no run", async () => {
    const { code, stderr } = await run(["diff", "a", "nowhere"], { cwd: folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining("nowhere: not a run folder")]);
  });
});
