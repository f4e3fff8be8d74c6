// Runs whose worker threads fail at random moments, drawn by a seed, and what came of them.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { stream } from "../parallel/numbers.js";

/** What a training thread does in the middle of a kernel, and the reason that is told when it alone ended the thread. */
export const KINDS = {
  throw: /a fault/u,
  exit: /exit code 3$/u,
  terminate: /exit code 1$/u,
  stack: /call stack/u,
  heap: /memory limit/u,
  spin: /exit code 1$/u,
} as const;

type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];

/** What a watchdog is that somebody who spins is found by. A slow machine may so lose somebody who does not. */
const WATCHDOG_SECONDS = 0.5;

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
  /** The faults that took place. */
  readonly struck: readonly Kind[];
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
      const kind = kinds[turn++ % kinds.length]!;
      threads.set(thread, `${thread}:${kind}:${40 + below(thread < workers ? 1200 : 200)}`);
    }
    const drawn = [...threads.values()];
    return {
      workers,
      optimizer: below(2) === 0 ? "adam" : "momentum",
      faults: drawn.join(","),
      ...(drawn.some((fault) => fault.includes("spin")) && { watchdogSeconds: WATCHDOG_SECONDS }),
    };
  });
}

/**
 * A plan for each kind in which it takes place for certain, as thread after thread has the same fault; late enough for the
 * watchdog to know that steps are short, as it allows a hundred of them.
 */
export function certainPlans(): Plan[] {
  return kinds.map((kind) => ({
    workers: 2,
    optimizer: "adam",
    faults: [0, 2, 3].map((thread) => `${thread}:${kind}:300`).join(),
    ...(kind === "spin" && { watchdogSeconds: WATCHDOG_SECONDS }),
  }));
}

/**
 * Every fault that took place was told, and nothing else was. Whom something ends from outside may have been done before;
 * and where there is a watchdog a busy machine may have made it end somebody who was only slow.
 */
export function expectTold({ faults, watchdogSeconds }: Plan, { restarts, struck }: Outcome): void {
  const count = (kind: Kind): number => struck.filter((one) => one === kind).length;
  if (watchdogSeconds !== undefined) {
    expect(restarts.length, faults).toBeGreaterThanOrEqual(struck.length - count("terminate"));
    return;
  }
  for (const kind of kinds) {
    const told = restarts.filter(({ reason }) => KINDS[kind].test(reason)).length;
    if (kind === "terminate") expect(told, faults).toBeLessThanOrEqual(count(kind));
    else if (kind !== "spin") expect(told, `${faults}: ${kind}`).toBe(count(kind));
  }
  expect(restarts.length, faults).toBeLessThanOrEqual(struck.length);
}

/** A process that hangs must not outlive its test. */
const TIMEOUT_MS = 220_000;

/** Runs the plans in a process of their own, one after the other. */
export function runPlans(plans: readonly Plan[]): Promise<Outcome[]> {
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
        const ofRuns = errors.split(/^run$/mu).slice(1);
        const outcomes = output
          .trim()
          .split("\n")
          .map((line, i): Outcome => {
            const lines = (ofRuns[i] ?? "").matchAll(/^fault \d+ (?<kind>\w+) \w+$/gmu);
            const struck = [...lines].map(({ groups }) => groups!["kind"] as Kind);
            return { ...(JSON.parse(line) as Omit<Outcome, "struck">), struck };
          });
        resolve(outcomes);
      },
    );
  });
}
