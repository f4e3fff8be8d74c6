// Runs the fuzzing child, whose heap is bounded, and hands back what it tells of each format.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What became of the inputs of one format. */
export interface Told {
  readonly name: string;
  readonly inputs: number;
  readonly refused: number;
  readonly failed: number; // batches with an input that broke something
  readonly slowestCpuMs: number;
  readonly peakMiB: number;
}

const child = fileURLToPath(new URL("child.mjs", import.meta.url));

/** Fuzzes so many inputs of each format. Throws, and keeps the folder with the input, when the process breaks. */
export function fuzz(seed: number, inputs: Readonly<Record<string, number>>): Promise<Told[]> {
  const folder = mkdtempSync(join(tmpdir(), "shardgrad-fuzz-"));
  const parts = Object.entries(inputs).map(([name, count]) => `${name}=${count}`);
  const args = ["--max-old-space-size=700", child, String(seed), folder, ...parts];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { maxBuffer: 2 ** 26 }, (error, output, errors) => {
      if (error !== null) {
        reject(new Error(`the process ended with ${error.code ?? error.signal}: ${errors}`));
        return;
      }
      rmSync(folder, { recursive: true, force: true });
      const lines = output.trim().split("\n");
      resolve(lines.map((line) => JSON.parse(line) as Told));
    });
  });
}
