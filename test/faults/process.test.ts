// Processes that are killed, stopped, or lose their disk: the run goes on to the bytes of one that was left in peace.
import { randomUUID } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { loadState } from "@shardgrad/parallel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stream } from "../parallel/numbers.js";
import { endAndGoOn, leftBy, shardgrad, writeTable } from "./runs.js";

const SEED = 3;
const KILLS = 8;
const folder = mkdtempSync(join(tmpdir(), "shardgrad-faults-"));
const random = stream(SEED);
const disk = new URL("children/disk.mjs", import.meta.url).href;
const trains = writeTable(folder);
const args = trains(30);
const clock = { span: 0 };

beforeAll(async () => {
  const whole = await shardgrad([...args, "--out", "whole", "--workers", "2"], folder);
  if (whole.code !== 0) throw new Error(whole.stderr);
  clock.span = whole.milliseconds;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Waits for a file. */
async function appears(file: string): Promise<void> {
  while (!existsSync(file)) await setTimeout(2);
}

describe(`a process that ends at random moments (seed ${SEED})`, () => {
  it(`by kill -9, at least ${KILLS} times, leaves a run that goes on to the same bytes`, async () => {
    for (let killed = 0, run = 0; killed < KILLS; run += 1) {
      const name = `killed-${run}`;
      killed += (await endAndGoOn(folder, name, args, "SIGKILL", clock, random)).length;
      expect(leftBy(join(folder, name))).toEqual(leftBy(join(folder, "whole")));
      expect(readdirSync(join(folder, name), { recursive: true }).join()).not.toContain(".tmp");
    }
  }, 240_000);

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "by %s ends within two seconds with code %d, and goes on to the same bytes",
    async (signal, code) => {
      const ends = await endAndGoOn(folder, signal, args, signal, clock, random);
      for (const end of ends) {
        // Before the run has begun the signal itself ends the process, which shells report as the same code.
        expect(end.signal ?? end.code).toBe(end.signal === null ? code : signal);
        // On a machine that has much else to do, a run takes longer, and so does its end.
        expect(end.afterSignal).toBeLessThan(Math.max(2000, 2 * clock.span));
      }
      expect(leftBy(join(folder, signal))).toEqual(leftBy(join(folder, "whole")));
    },
    120_000,
  );

  it("before its first checkpoint leaves a run that begins again", async () => {
    const name = "early";
    const after = appears(join(folder, name, "config.yaml"));
    await shardgrad([...args, "--out", name], folder, { signal: "SIGKILL", after });
    rmSync(join(folder, name, "checkpoints"), { recursive: true });
    const end = await shardgrad(["train", "--resume", name], folder);
    expect(end.code, end.stderr).toBe(0);
    expect(leftBy(join(folder, name))).toEqual(leftBy(join(folder, "whole")));
  }, 60_000);

  it("before its configuration was written leaves a folder that a run can have", async () => {
    mkdirSync(join(folder, "bare", "checkpoints"), { recursive: true });
    writeFileSync(join(folder, "bare", `.config.yaml.${randomUUID()}.tmp`), "data: tab");
    const end = await shardgrad([...trains(1), "--out", "bare"], folder);
    expect(end.code, end.stderr).toBe(0);
    expect(readdirSync(join(folder, "bare")).join()).not.toContain(".tmp");
  }, 60_000);

  it("after its last step leaves a run that is finished without training", async () => {
    const end = await shardgrad([...args, "--out", "last"], folder, undefined, {
      NODE_OPTIONS: `--import=${disk}`,
      DISK_PATH: ".model.safetensors",
      DISK_ERROR: "ENOSPC",
    });
    expect([end.code, end.stderr]).toEqual([1, expect.stringContaining("--resume last")]);
    expect(existsSync(join(folder, "last", "model.safetensors"))).toBe(false);
    const resumed = await shardgrad(["train", "--resume", "last"], folder);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(leftBy(join(folder, "last"))).toEqual(leftBy(join(folder, "whole")));
  }, 60_000);
});

describe("a run", () => {
  it.each([
    ["ENOSPC", "the disk is full"],
    ["EROFS", "the file system is read-only"],
    ["EACCES", "permission denied"],
  ])(
    "whose folder fails with %s ends with code 1, one line and its last checkpoint",
    async (code, words) => {
      // Far more epochs than there is time for: the run must end by the third checkpoint, not before it.
      const end = await shardgrad([...trains(5000), "--out", code], folder, undefined, {
        NODE_OPTIONS: `--import=${disk}`,
        DISK_PATH: ".last.safetensors",
        DISK_ERROR: code,
        DISK_AFTER: "3",
      });
      expect(end.code, end.stderr).toBe(1);
      expect(end.stderr.trimEnd().split("\n")).toEqual([
        `error: ${code}: cannot be written: ${words}; the last checkpoint is intact: once that is mended, shardgrad train --resume ${code} goes on from it`,
      ]);
      const { state } = await loadState(join(folder, code, "checkpoints", "last.safetensors"));
      expect(state.step).toBeGreaterThan(0);
    },
    60_000,
  );

  it("whose data vanish says so in one line, when it goes on too", async () => {
    const env = { NODE_OPTIONS: `--import=${disk}`, DISK_PATH: "table.csv", DISK_ERROR: "ENOENT" };
    const during = await shardgrad([...args, "--out", "gone"], folder, undefined, {
      ...env,
      DISK_SINCE: "config.yaml",
    });
    expect([during.code, during.stderr]).toEqual([
      2,
      expect.stringMatching(/^error: table\.csv: .*ENOENT.*\n$/),
    ]);
    renameSync(join(folder, "table.csv"), join(folder, "moved.csv"));
    const after = await shardgrad(["train", "--resume", "whole", "--epochs", "40"], folder);
    renameSync(join(folder, "moved.csv"), join(folder, "table.csv"));
    expect([after.code, after.stderr]).toEqual([
      2,
      expect.stringMatching(/^error: table\.csv: .*\n$/),
    ]);
  }, 60_000);

  it("is locked while its process lives, and no longer", async () => {
    let end = (): void => {};
    const after = new Promise<void>((resolve) => (end = resolve));
    const long = [...trains(100_000), "--out", "locked"];
    const first = shardgrad(long, folder, { signal: "SIGKILL", after });
    await appears(join(folder, "locked", "manifest.json"));
    for (const call of [
      ["train", "--resume", "locked"],
      [...args, "--out", "locked", "--force"],
    ]) {
      const second = await shardgrad(call, folder);
      expect([second.code, second.stderr]).toEqual([
        2,
        "error: locked: another process is training this run; wait for it, or end it first\n",
      ]);
    }
    end();
    expect((await first).signal).toBe("SIGKILL");
    const third = await shardgrad([...args, "--out", "locked", "--force"], folder);
    expect(third.code, third.stderr).toBe(0);
  }, 60_000);

  it("is verified by verify, and one whose model was changed is not", async () => {
    expect((await shardgrad(["verify", "whole", "--workers", "3"], folder)).code).toBe(0);
    const other = await shardgrad([...trains(2), "--seed", "1", "--out", "other"], folder);
    expect(other.code, other.stderr).toBe(0);
    const model = (run: string): string => join(folder, run, "model.safetensors");
    copyFileSync(model("whole"), model("other"));
    expect((await shardgrad(["verify", "other"], folder)).code).toBe(1);
  }, 60_000);
});
