// What a run leaves on the disk and says on the way.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { hashParameters, loadModel } from "@shardgrad/parallel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { penguins, run, succeed, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
const train = ["train", "penguins.csv", "--target", "species", "--epochs", "2"];
const read = (...path: string[]): string => readFileSync(join(folder, ...path), "utf8");
const lines = (text: string): unknown[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));

beforeAll(() => copyFileSync(penguins, join(folder, "penguins.csv")));
afterAll(remove);

describe("the run folder", () => {
  it("is runs/<data>-<n> with the first free n unless named", async () => {
    mkdirSync(join(folder, "runs", "penguins-1"), { recursive: true });
    const stdout = await succeed(train, { cwd: folder });
    expect(readdirSync(join(folder, "runs"))).toEqual(["penguins-1", "penguins-2"]);
    expect(stdout).toContain(
      `next: npx shardgrad predict ${join("runs", "penguins-2")} penguins.csv --out predictions.csv`,
    );
  });

  it("holds its configuration before the first checkpoint, which is of no use without", async () => {
    await succeed([...train, "--save-every", "1", "--keep", "100", "--out", "early"], {
      cwd: folder,
    });
    const timeOf = (...path: string[]): number => statSync(join(folder, "early", ...path)).mtimeMs;
    const steps = readdirSync(join(folder, "early", "checkpoints")).filter((name) =>
      name.startsWith("step-"),
    );
    expect(steps.length).toBeGreaterThan(0);
    for (const name of steps)
      expect(timeOf("checkpoints", name)).toBeGreaterThanOrEqual(timeOf("config.yaml"));
  });

  it("holds model, configuration, metrics, manifest and state, and no temporary file", async () => {
    await succeed([...train, "--out", "complete"], { cwd: folder });
    expect(
      readdirSync(join(folder, "complete"), { recursive: true }).map(String).toSorted(),
    ).toEqual([
      "checkpoints",
      join("checkpoints", "last.safetensors"),
      "config.yaml",
      "hashes.jsonl",
      "manifest.json",
      "metrics.jsonl",
      "model.safetensors",
    ]);
  });

  it("has a manifest with the sha256 of the data and of the weights, versions, seed, splits and scores", async () => {
    await succeed(
      [...train, "--out", "manifest", "--seed", "3", "--test", "0.2", "--val", "0.25"],
      { cwd: folder },
    );
    const { version } = JSON.parse(
      readFileSync(new URL("../../packages/cli/package.json", import.meta.url), "utf8"),
    ) as { version: string };
    const { parameters } = await loadModel(join(folder, "manifest"));
    const bytes = readFileSync(penguins);
    expect(JSON.parse(read("manifest", "manifest.json"))).toMatchObject({
      shardgrad: version,
      node: process.version,
      status: "finished",
      seed: 3,
      epochs: 2,
      data: [
        {
          path: "penguins.csv",
          bytes: bytes.length,
          sha256: createHash("sha256").update(bytes).digest("hex"),
        },
      ],
      splits: { train: { rows: 206 }, validation: { rows: 69 }, test: { rows: 69 } },
      weights: { sha256: hashParameters(parameters) },
      validation: { accuracy: expect.any(Number) as number },
      test: { accuracy: expect.any(Number) as number },
    });
  });

  it("has one line of metrics for each epoch, the same as --json prints", async () => {
    const events = lines(
      await succeed([...train, "--out", "metrics", "--json"], { cwd: folder }),
    ) as { type: string }[];
    expect(lines(read("metrics", "metrics.jsonl"))).toEqual(
      events.filter(({ type }) => type === "epoch"),
    );
  });

  it("--json prints data first, then start, epochs, and end last", async () => {
    const events = lines(
      await succeed([...train, "--out", "events", "--json"], { cwd: folder }),
    ) as { type: string }[];
    expect(events.map(({ type }) => type).filter((type) => type !== "progress")).toEqual([
      "data",
      "start",
      "epoch",
      "epoch",
      "end",
    ]);
  });

  it("without a terminal the lines are plain and nothing is on stderr", async () => {
    const { stdout, stderr } = await run([...train, "--out", "plain"], {
      cwd: folder,
      env: { NO_COLOR: "", CI: "true" },
    });
    expect(stderr).toBe("");
    expect(stdout).toMatch(
      /^epoch 1\/2 {2}loss \d\.\d+ {2}\| {2}validation loss \d\.\d+ {2}accuracy \d+\.\d\d%/m,
    );
    expect(stdout).not.toContain("\u001b");
  });

  it("--quiet prints the last lines only", async () => {
    const stdout = await succeed([...train, "--out", "quiet", "--quiet"], { cwd: folder });
    expect(stdout.trimEnd().split("\n")).toEqual([
      expect.stringContaining("validation"),
      expect.stringContaining("done: 10 steps"),
      expect.stringContaining("next: npx shardgrad predict quiet penguins.csv"),
    ]);
  });

  it("--force replaces the run in a folder and leaves other files alone", async () => {
    mkdirSync(join(folder, "forced"));
    writeFileSync(join(folder, "forced", "notes.txt"), "mine");
    writeFileSync(join(folder, "forced", "metrics.jsonl"), "old\n");
    await succeed([...train, "--out", "forced", "--force"], { cwd: folder });
    expect([read("forced", "notes.txt"), read("forced", "metrics.jsonl").includes("old")]).toEqual([
      "mine",
      false,
    ]);
  });

  it("is not made when the data do not fit", async () => {
    await run(["train", "penguins.csv", "--target", "weight", "--out", "never"], { cwd: folder });
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  it("is described by inspect", async () => {
    await succeed([...train, "--out", "described", "--hidden", "12", "--test", "0.1"], {
      cwd: folder,
    });
    const text = await succeed(["inspect", "described"], { cwd: folder });
    for (const words of [
      "finished: 2 epochs",
      "12 units",
      "relu",
      "Adelie, Chinstrap, Gentoo",
      "culmen_length_mm",
      "test",
    ])
      expect(text).toContain(words);
    const { model, run: manifest } = JSON.parse(
      await succeed(["inspect", "described", "--json"], { cwd: folder }),
    ) as {
      model: { sha256: string };
      run: { weights: { sha256: string } };
    };
    expect(model.sha256).toBe(manifest.weights.sha256);
  });
});
