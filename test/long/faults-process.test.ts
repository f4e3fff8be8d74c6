// A hundred processes killed at random moments: every run goes on to the same bytes, and every checkpoint can be read.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { endAndGoOn, leftBy, shardgrad, writeTable } from "../faults/runs.js";
import { stream } from "../parallel/numbers.js";

const SEED = 100;
const KILLS = 100;

it(`${KILLS} processes that are killed leave runs that go on to the same bytes (seed ${SEED})`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "shardgrad-kills-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const random = stream(SEED);
  const args = writeTable(folder)(30);
  const whole = await shardgrad([...args, "--out", "whole", "--workers", "2"], folder);
  expect(whole.code, whole.stderr).toBe(0);
  const clock = { span: whole.milliseconds };
  let [killed, runs] = [0, 0];
  for (; killed < KILLS; runs += 1) {
    const name = `killed-${runs}`;
    const ends = await endAndGoOn(folder, name, args, "SIGKILL", clock, random);
    killed += ends.length;
    expect(leftBy(join(folder, name)), name).toEqual(leftBy(join(folder, "whole")));
    rmSync(join(folder, name), { recursive: true });
  }
  console.log(`${killed} processes killed in ${runs} runs`);
});
