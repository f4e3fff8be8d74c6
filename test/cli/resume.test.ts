// A run that was stopped goes on to the same bytes as one that was not.
import type { ChildProcess } from "node:child_process";
import { appendFileSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diamonds, type Finished, penguins, run, succeed, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
const train = [
  "train",
  "diamonds.csv",
  "--target",
  "price",
  "--hidden",
  "16",
  "--batch-size",
  "256",
  "--schedule",
  "constant",
  "--json",
];
const bytes = (...path: string[]): Buffer => readFileSync(join(folder, ...path));
const manifest = (out: string): { status: string; steps: number; epochs: number } =>
  JSON.parse(bytes(out, "manifest.json").toString()) as ReturnType<typeof manifest>;

beforeAll(() => {
  copyFileSync(diamonds, join(folder, "diamonds.csv"));
  copyFileSync(penguins, join(folder, "penguins.csv"));
});
afterAll(remove);

/** Starts a run that would not end by itself and sends it a signal once its output holds `when`. */
function interrupted(
  out: string,
  signal: NodeJS.Signals,
  extra: readonly string[] = [],
  when = '"progress"',
): Promise<Finished> {
  let sent = false;
  const onOutput = (stdout: string, child: ChildProcess): void => {
    if (!sent && stdout.includes(when)) sent = child.kill(signal);
  };
  return run([...train, "--epochs", "100000", "--out", out, ...extra], { cwd: folder, onOutput });
}

describe("stopping and going on", () => {
  it("SIGINT ends with 130, SIGTERM with 143, both with a state to go on from", async () => {
    const [int, term] = [await interrupted("int", "SIGINT"), await interrupted("term", "SIGTERM")];
    expect([int.code, term.code]).toEqual([130, 143]);
    expect([manifest("int").status, manifest("term").status]).toEqual(["stopped", "stopped"]);
    expect(int.stderr).toContain("stopping at the next step");
  });

  it.each([
    ["adam with dropout", ["--dropout", "0.2"]],
    ["sgd with momentum", ["--optimizer", "sgd", "--momentum", "0.9", "--lr", "0.01"]],
  ])(
    "gives the same weights, state and losses as a run that was not stopped: %s",
    async (name, options) => {
      const out = name.replaceAll(" ", "-");
      await interrupted(out, "SIGINT", [...options, "--workers", "2"]);
      const epochs = String(manifest(out).epochs + 2);
      await succeed(["train", "--resume", out, "--epochs", epochs, "--workers", "1"], {
        cwd: folder,
      });
      await succeed([...train, ...options, "--epochs", epochs, "--out", `${out}-whole`], {
        cwd: folder,
      });
      for (const file of ["model.safetensors", join("checkpoints", "last.safetensors")])
        expect(bytes(out, file).equals(bytes(`${out}-whole`, file)), file).toBe(true);
      const losses = (run: string): unknown[] =>
        bytes(run, "metrics.jsonl")
          .toString()
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as { epoch: number; loss: number; validation: unknown })
          .map(({ epoch, loss, validation }) => ({ epoch, loss, validation }));
      expect(losses(out)).toEqual(losses(`${out}-whole`));
    },
  );

  it("a run whose process was killed goes on from its last checkpoint to the same weights", async () => {
    const { code } = await interrupted("killed", "SIGKILL", ["--save-every", "10"], '"epoch":2,');
    expect([code, manifest("killed").status]).toEqual([null, "running"]);
    await succeed(["train", "--resume", "killed", "--epochs", "12"], { cwd: folder });
    await succeed([...train, "--epochs", "12", "--out", "unharmed"], { cwd: folder });
    expect(
      bytes("killed", "model.safetensors").equals(bytes("unharmed", "model.safetensors")),
    ).toBe(true);
    expect(bytes("killed", "metrics.jsonl").toString().trimEnd().split("\n")).toHaveLength(12);
  });

  it("a finished run at a constant rate goes on when it is given more epochs", async () => {
    const args = ["train", "penguins.csv", "--target", "species", "--schedule", "constant"];
    await succeed([...args, "--epochs", "3", "--out", "short"], { cwd: folder });
    await succeed(["train", "--resume", "short", "--epochs", "5"], { cwd: folder });
    await succeed([...args, "--epochs", "5", "--out", "long"], { cwd: folder });
    expect(bytes("short", "model.safetensors").equals(bytes("long", "model.safetensors"))).toBe(
      true,
    );
  });

  it("refuses another option that the weights depend on, naming both values", async () => {
    await succeed(
      ["train", "penguins.csv", "--target", "species", "--epochs", "2", "--out", "fixed"],
      { cwd: folder },
    );
    const { code, stderr } = await run(
      ["train", "--resume", "fixed", "--epochs", "4", "--lr", "0.5"],
      { cwd: folder },
    );
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--lr 0\.5.*0\.003/)]);
    const more = await run(["train", "--resume", "fixed", "--epochs", "4"], { cwd: folder });
    expect([more.code, more.stderr]).toEqual([
      2,
      expect.stringMatching(/--epochs 4: .*falls to 0 over its 2 epochs/),
    ]);
  });

  it("refuses to go on with data that have changed, and to go on when nothing is left to do", async () => {
    copyFileSync(penguins, join(folder, "changing.csv"));
    const args = "train changing.csv --target species --epochs 2 --schedule constant".split(" ");
    await succeed([...args, "--out", "changed"], { cwd: folder });
    const done = await run(["train", "--resume", "changed"], { cwd: folder });
    expect([done.code, done.stderr]).toEqual([2, expect.stringContaining("has done its 2 epochs")]);
    appendFileSync(join(folder, "changing.csv"), "Adelie,Dream,39.1,18.7,181,3750,MALE\n");
    const { code, stderr } = await run(["train", "--resume", "changed", "--epochs", "4"], {
      cwd: folder,
    });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("changing.csv: is not what the run began with"),
    ]);
  });
});
