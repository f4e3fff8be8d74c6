// Weights alone: out of a trained model, and into a new training.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors, encodeSafetensors } from "@shardgrad/core";
import { loadModel } from "@shardgrad/parallel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { penguins, run, succeed, temporaryFolder } from "../cli/support.js";

const { folder, remove } = temporaryFolder();
const at = { cwd: folder, env: { SHARDGRAD_WORKERS: "1" } };
const train = ["train", penguins, "--target", "species", "--epochs", "3", "--hidden", "8"];

beforeAll(async () => {
  await succeed([...train, "--out", "first"], at);
  await succeed(["export", "first", "--out", "weights.safetensors"], at);
});
afterAll(remove);

describe("weights alone", () => {
  it("are the model's parameters, without metadata", async () => {
    const { tensors, metadata } = decodeSafetensors(
      readFileSync(join(folder, "weights.safetensors")),
    );
    expect(metadata).toEqual({});
    expect(new Map(tensors)).toEqual((await loadModel(join(folder, "first"))).parameters);
  });

  it("begin a training: with a rate of almost 0 they are what it ends with", async () => {
    const flags = ["--optimizer", "sgd", "--lr", "1e-30", "--init-from", "weights.safetensors"];
    await succeed([...train, ...flags, "--out", "same"], at);
    const [first, same] = [
      await loadModel(join(folder, "first")),
      await loadModel(join(folder, "same")),
    ];
    expect(same.parameters).toEqual(first.parameters);
  });

  it("go on to other weights than a random start does, to the same bytes each time", async () => {
    const weights = async (out: string, flags: readonly string[]): Promise<string> => {
      await succeed([...train, ...flags, "--out", out], at);
      const manifest = readFileSync(join(folder, out, "manifest.json"), "utf8");
      return (JSON.parse(manifest) as { weights: { sha256: string } }).weights.sha256;
    };
    const from = ["--init-from", "weights.safetensors"];
    const [a, b, c] = [
      await weights("a", from),
      await weights("b", [...from, "--workers", "2"]),
      await weights("c", []),
    ];
    expect(b).toBe(a);
    expect(c).not.toBe(a);
  });

  it("are refused with the name of every mismatch, in one line", async () => {
    const { tensors } = decodeSafetensors(readFileSync(join(folder, "weights.safetensors")));
    const changed = new Map(tensors);
    changed.delete("layer0.bias");
    changed.set("head.weight", { shape: [1], data: Float32Array.of(1) });
    changed.set("layer1.bias", { shape: [3], data: Float32Array.of(1, Number.NaN, 2) });
    changed.set("layer1.weight", { shape: [3, 8], data: new Float32Array(24) });
    writeFileSync(join(folder, "changed.safetensors"), encodeSafetensors(changed));
    const flags = ["--init-from", "changed.safetensors", "--out", "none"];
    const { code, stderr } = await run([...train, ...flags], at);
    expect(code).toBe(2);
    for (const part of [
      "layer0.bias [8] is missing",
      "layer1.weight is [3,8], not [8,3]",
      "layer1.bias holds numbers that are not finite",
      'the model has no "head.weight"',
    ])
      expect(stderr).toContain(part);
    expect(stderr.trimEnd()).not.toContain("\n");
  });
});
