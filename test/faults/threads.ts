// Runs whose worker threads fail at random moments, drawn by a seed, and what came of them.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stream } from "../parallel/numbers.js";

/** What a training thread does in the middle of a kernel. */
const KINDS = ["throw", "exit", "terminate", "stack", "heap", "spin"] as const;

/** One run and its faults. */
export interface Plan {
  readonly workers: number;
  readonly optimizer: "adam" | "momentum";
  /** As children/fault.mjs reads them. */
  readonly faults: string;
  readonly watchdogSeconds?: number;
}

/** What a run left. */
export interface Outcome {
  readonly error: string | null;
  readonly restarts: readonly {
    readonly worker: number;
    readonly step: number;
    readonly reason: string;
  }[];
  readonly hash?: string;
  readonly epochs?: unknown;
}

/** A fault that took place. */
export interface Struck {
  readonly kind: string;
  readonly kernel: string;
}

/** `count` plans with 1 to 5 faults each; every kind comes in turn, at a random kernel call. */
export function drawPlans(count: number, seed: number): Plan[] {
  const random = stream(seed);
  const below = (n: number): number => Math.floor(random() * n);
  let turn = 0;
  return Array.from({ length: count }, (_, i) => {
    const workers = 1 + (i % 4);
    const threads = new Map<number, string>();
    const faults = 1 + below(5);
    for (let f = 0; f < faults; f += 1) {
      // The first of them are the workers that begin, the others those that take their places.
      const thread = f < workers && f % 2 === 0 ? below(workers) : workers + threads.size - 1;
      if (threads.has(thread)) continue;
      const kind = KINDS[turn++ % KINDS.length]!;
      threads.set(thread, `${thread}:${kind}:${40 + below(thread < workers ? 1200 : 200)}`);
    }
    const drawn = [...threads.values()];
    return {
      workers,
      optimizer: below(2) === 0 ? "adam" : "momentum",
      faults: drawn.join(","),
      ...(drawn.some((fault) => fault.includes("spin")) && { watchdogSeconds: 0.3 }),
    };
  });
}

/** A process that hangs must not outlive its test. */
const TIMEOUT_MS = 220_000;

/** Runs the plans in a process of their own. */
export function runPlans(
  plans: readonly Plan[],
): Promise<{ readonly outcomes: Outcome[]; readonly struck: Struck[] }> {
  const place = (name: string): string =>
    fileURLToPath(new URL(`children/${name}`, import.meta.url));
  const preload = new URL("children/fault.mjs", import.meta.url).href;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ["--import", preload, place("train.mjs"), JSON.stringify(plans)],
      { maxBuffer: 2 ** 26, timeout: TIMEOUT_MS, killSignal: "SIGKILL" },
      (error, output, errors) => {
        if (error) {
          reject(new Error(`the process ended with ${error.code}: ${errors}`));
          return;
        }
        const outcomes = output
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Outcome);
        const struck = [...errors.matchAll(/^fault \d+ (?<kind>\w+) (?<kernel>\w+)$/gm)].map(
          ({ groups }): Struck => ({ kind: groups!["kind"]!, kernel: groups!["kernel"]! }),
        );
        resolve({ outcomes, struck });
      },
    );
  });
}
