// Runs a script of this folder in a process of its own.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a process left. */
export interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  readonly seconds: number;
}

const place = (name: string): string => fileURLToPath(new URL(`children/${name}`, import.meta.url));

/**
 * Runs children/<script> with this Node and waits until it ends by itself.
 * @param preloads scripts of the same folder that every thread loads first
 */
export function runChild(
  script: string,
  args: readonly string[] = [],
  preloads: readonly string[] = [],
  timeout = 60_000,
): Promise<Ended> {
  const started = performance.now();
  const imports = preloads.flatMap((preload) => [
    "--import",
    new URL(`children/${preload}`, import.meta.url).href,
  ]);
  return new Promise((resolve) => {
    // A timeout kills the process: its code is then none of its own.
    execFile(
      process.execPath,
      ["--expose-gc", ...imports, place(script), ...args],
      { timeout, maxBuffer: 1 << 26 },
      (error, output, errors) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, output, errors, seconds: (performance.now() - started) / 1000 });
      },
    );
  });
}

/** The JSON values that a process printed, one a line. */
export function jsonLines({ output, errors, code }: Ended): unknown[] {
  try {
    return output
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
  } catch (cause) {
    throw new Error(`the process (code ${code}) printed\n${output}\n${errors}`, { cause });
  }
}
