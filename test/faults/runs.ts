// Runs of the command line whose process is killed, and what they leave.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadState } from "@shardgrad/parallel";
import { expect } from "vitest";
import { stream } from "../parallel/numbers.js";

const program = fileURLToPath(new URL("../../packages/cli/bin/shardgrad.js", import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly milliseconds: number;
  /** From the signal that was sent to the end; 0 when none was. */
  readonly afterSignal: number;
}

/** Runs the command line in `cwd`; sends a signal after so many milliseconds, or when a promise says so. */
export function shardgrad(
  args: readonly string[],
  cwd: string,
  kill?: { readonly signal: NodeJS.Signals; readonly after: number | Promise<unknown> },
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    let sent = 0;
    const send = (): void => {
      if (kill !== undefined && child.kill(kill.signal)) sent = performance.now();
    };
    const after = kill?.after;
    const timer = typeof after === "number" ? setTimeout(send, after) : undefined;
    if (typeof after === "object") void after.then(send);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const now = performance.now();
      const afterSignal = sent === 0 ? 0 : now - sent;
      resolve({ code, signal, stderr, milliseconds: now - began, afterSignal });
    });
  });
}

/** A table that takes a moment to learn, and the command that learns it in so many epochs. */
export function writeTable(folder: string): (epochs: number) => readonly string[] {
  const random = stream(7);
  const rows = Array.from({ length: 3000 }, () => {
    const [a, b, c] = [random(), random(), random()];
    return [a, b, c, a * a + b > c ? "yes" : "no"].join();
  });
  writeFileSync(join(folder, "table.csv"), ["a,b,c,answer", ...rows, ""].join("\n"));
  const command =
    "train table.csv --target answer --hidden 48,48 --batch-size 32 --save-every 5 --keep 2";
  return (epochs) => [...command.split(" "), "--schedule", "constant", "--epochs", String(epochs)];
}

/** What two runs must have in common: the weights' hash, the model's bytes, every epoch and every logged hash once. */
export function leftBy(run: string): unknown {
  const manifest = JSON.parse(readFileSync(join(run, "manifest.json"), "utf8")) as {
    status: string;
    steps: number;
    weights: unknown;
    validation: unknown;
  };
  const epochs = readFileSync(join(run, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { epoch: number; loss: number; validation: unknown })
    .map(({ epoch, loss, validation }) => ({ epoch, loss, validation }));
  const { status, steps, weights, validation } = manifest;
  const model = readFileSync(join(run, "model.safetensors")).toString("base64");
  const hashes = readFileSync(join(run, "hashes.jsonl"), "utf8");
  return { status, steps, weights, validation, epochs, model, hashes };
}

function isFinished(run: string): boolean {
  const manifest = join(run, "manifest.json");
  return existsSync(manifest) && readFileSync(manifest, "utf8").includes('"status": "finished"');
}

/** Every checkpoint of a run can be read, whenever its process was killed. */
export async function expectReadable(run: string): Promise<void> {
  const folder = join(run, "checkpoints");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (name.endsWith(".safetensors")) await loadState(join(folder, name));
}

/**
 * Ends a run by `signal` at random moments, up to three times, and lets it go on with random numbers of workers.
 * @param clock milliseconds that a run takes which is not ended, as measured last: machines are not always as fast
 * @returns the processes that the signal ended
 */
export async function endAndGoOn(
  cwd: string,
  name: string,
  args: readonly string[],
  signal: NodeJS.Signals,
  clock: { span: number },
  random: () => number,
): Promise<Ended[]> {
  const ended: Ended[] = [];
  const times = 1 + Math.floor(random() * 3);
  for (let time = 0; ; time += 1) {
    const workers = ["--workers", String(1 + Math.floor(random() * 4))];
    const begun = existsSync(join(cwd, name, "config.yaml"));
    const call = begun
      ? ["train", "--resume", name, ...workers]
      : [...args, ...workers, "--out", name];
    const after = clock.span * (0.2 + 0.8 * random());
    const end = await shardgrad(call, cwd, time < times ? { signal, after } : undefined);
    await expectReadable(join(cwd, name));
    if (end.code === 0 && !begun) clock.span = end.milliseconds;
    if (end.code === 0) return ended;
    if (isFinished(join(cwd, name))) return [...ended, end]; // ended on its way out
    if (end.afterSignal === 0) throw new Error(`${call.join(" ")}: ${end.code}: ${end.stderr}`);
    expect(end.stderr).not.toContain("error");
    ended.push(end);
  }
}
