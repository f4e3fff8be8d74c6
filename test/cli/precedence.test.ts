// Defaults < configuration file < SHARDGRAD_* < flags, seen in the configuration that a run writes down.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { penguins, succeed, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
const config = {
  data: "../penguins.csv",
  target: "species",
  epochs: 2,
  "batch-size": 40,
  lr: 0.01,
  hidden: [6, 5],
  bias: false,
};

beforeAll(() => {
  copyFileSync(penguins, join(folder, "penguins.csv"));
  mkdirSync(join(folder, "configs"));
  writeFileSync(join(folder, "configs", "run.json"), JSON.stringify(config));
});
afterAll(remove);

/** Trains and returns the lines of the configuration that the run wrote. */
async function effective(
  out: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  await succeed(["train", ...args, "--out", out, "--quiet"], { cwd: folder, env });
  return readFileSync(join(folder, out, "config.yaml"), "utf8").split("\n");
}

describe("precedence", () => {
  it("a file is stronger than defaults, the environment than the file, flags than the environment", async () => {
    const lines = await effective("all", ["-c", "configs/run.json", "--epochs", "3"], {
      SHARDGRAD_EPOCHS: "4",
      SHARDGRAD_LR: "0.02",
    });
    expect(lines).toEqual(
      expect.arrayContaining([
        "batch-size: 40",
        "bias: false",
        "lr: 0.02",
        "epochs: 3",
        "optimizer: adamw",
        "schedule: cosine",
      ]),
    );
  });

  it("a path in a file is relative to that file, and so are those that a run writes", async () => {
    const lines = await effective("paths", ["-c", "configs/run.json"]);
    expect(lines).toContain("data: ../penguins.csv");
  });

  it("the configuration of a run gives the same weights again, from another folder and with other workers", async () => {
    const args = [
      "penguins.csv",
      "--target",
      "species",
      "--hidden",
      "7",
      "--epochs",
      "2",
      "--dropout",
      "0.3",
      "--shards",
      "4",
    ];
    await effective("first", [...args, "--workers", "1"]);
    const path = join(folder, "first", "config.yaml");
    await succeed(["train", "-c", path, "--workers", "2", "--out", join(folder, "second")], {
      cwd: "/",
    });
    expect(readFileSync(join(folder, "second", "model.safetensors"))).toEqual(
      readFileSync(join(folder, "first", "model.safetensors")),
    );
  });

  it("the environment may name the configuration file", async () => {
    const lines = await effective("named", [], { SHARDGRAD_CONFIG: "configs/run.json" });
    expect(lines).toContain("epochs: 2");
  });
});
