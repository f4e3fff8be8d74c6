// shardgrad export, as users run it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { penguins, run, succeed, temporaryFolder } from "../cli/support.js";

const { folder, remove } = temporaryFolder();
const env = { SHARDGRAD_WORKERS: "1" };
const at = { cwd: folder, env };
// Where onnxruntime-node is installed.
const besideRuntime = { cwd: fileURLToPath(new URL("../../test-onnx/", import.meta.url)), env };

beforeAll(async () => {
  const flags = ["--epochs", "5", "--val", "0.2"];
  await succeed(["train", penguins, "--target", "species", ...flags, "--out", "species"], at);
  const lines = readFileSync(penguins, "utf8").split("\n");
  const weighed = lines.filter((line) => line.split(",")[5] !== "NaN");
  writeFileSync(join(folder, "weighed.csv"), weighed.join("\n"));
  await succeed(["train", "weighed.csv", "--target", "body_mass_g", ...flags, "--out", "mass"], at);
});
afterAll(remove);

/** The difference that the last line tells. */
const difference = (stdout: string): number =>
  Number(/differs? by at most (\S+)/.exec(stdout)?.[1] ?? Number.NaN);

describe("shardgrad export", () => {
  it("writes ONNX and tells how far it is from the model on the run's validation rows", async () => {
    const out = join(folder, "species.onnx");
    const stdout = await succeed(["export", join(folder, "species"), "--out", out], besideRuntime);
    expect(stdout).toContain("ONNX opset 17, IR version 8");
    expect(stdout).toContain("on 69 rows: all labels equal");
    expect(difference(stdout)).toBeLessThan(1e-5);
  });

  it("writes a number's model as ONNX, within 1e-4 of the target's deviation", async () => {
    const mass = join(folder, "mass");
    const words = ["export", mass, "--out", join(folder, "mass.onnx")];
    expect(difference(await succeed(words, besideRuntime))).toBeLessThan(1e-4);
  });

  it("writes what the encoders do, as ONNX and as JavaScript", async () => {
    const encoders =
      "culmen_length_mm=minmax,culmen_depth_mm=robust,body_mass_g=log1p,island=embedding:2,sex=ordinal";
    const words = ["--target", "species", "--epochs", "2", "--encode", encoders];
    await succeed(["train", penguins, ...words, "--out", "encoded"], at);
    const encoded = join(folder, "encoded");
    for (const name of ["encoded.onnx", "encoded.mjs"]) {
      const out = ["--out", join(folder, name)];
      const stdout = await succeed(["export", encoded, penguins, ...out], besideRuntime);
      expect(stdout).toContain("on 344 rows: all labels equal");
      expect(difference(stdout)).toBeLessThan(1e-6);
    }
  });

  it("says how to have ONNX compared when its runtime is not installed", async () => {
    // A package manager's wrapper may have set NODE_PATH, by which every package is found.
    const alone = { ...at, env: { ...env, NODE_PATH: "" } };
    const stdout = await succeed(["export", "species", "--out", "alone.onnx"], alone);
    expect(stdout).toContain("not compared with the model: npm install onnxruntime-node");
  });

  it("writes a JavaScript module with its types, and compares it", async () => {
    const stdout = await succeed(["export", "species", "--out", "species.mjs"], at);
    expect(stdout).toContain("all labels equal");
    expect(difference(stdout)).toBeLessThan(1e-6);
    expect(readFileSync(join(folder, "species.d.mts"), "utf8")).toContain('"Adelie" | "Chinstrap"');
    const module = (await import(pathToFileURL(join(folder, "species.mjs")).href)) as {
      columns: string[];
    };
    expect(module.columns).toContain("culmen_length_mm");
  });

  it("compares on a table that is named", async () => {
    const stdout = await succeed(["export", "mass", penguins, "--out", "mass.js"], at);
    expect(stdout).toContain("compared with the model on 344 rows");
    expect(difference(stdout)).toBeLessThan(1e-6);
    expect(existsSync(join(folder, "mass.d.ts"))).toBe(true);
  });

  it("refuses a name that says no format, before anything is written", async () => {
    writeFileSync(join(folder, "kept.txt"), "kept");
    const { code, stderr } = await run(["export", "species", "--out", "kept.txt"], at);
    expect([code, readFileSync(join(folder, "kept.txt"), "utf8")]).toEqual([2, "kept"]);
    expect(stderr).toContain("end it in .onnx, .js, .mjs or .safetensors");
  });
});
