// Runs the command line as users do: as a process of its own, in a folder of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../packages/cli/bin/shardgrad.js", import.meta.url));
const samples = fileURLToPath(
  new URL("../node_modules/@observablehq/sample-datasets/", import.meta.url),
);
const splits = fileURLToPath(new URL("../splits/", import.meta.url));

export const penguins: string = join(samples, "penguins.csv");
export const diamonds: string = join(samples, "diamonds.csv");

/** The committed 80/20 split of the penguins. */
export function penguinSplit(seed: number): string {
  return join(splits, `penguins-${seed}.json`);
}

/** What a finished process left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with which variables it runs. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with what stdout holds so far. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void;
}

/** Runs `shardgrad …args` to its end. */
export function run(
  args: readonly string[],
  { cwd, env, onOutput }: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      onOutput?.(stdout, child);
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Like run, and throws what stderr says unless the exit code is 0. */
export async function succeed(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(args, options);
  if (code !== 0) throw new Error(`shardgrad ${args.join(" ")}: exit code ${code}: ${stderr}`);
  return stdout;
}

/** An empty folder, and how to remove it. */
export function temporaryFolder(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "shardgrad-cli-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
