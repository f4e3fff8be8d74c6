// shardgrad diff: what went into two runs, and the first step at which their weights part.
import { InputError } from "@shardgrad/parallel";
import { differencesBetween, type Difference } from "../diff/manifests.js";
import { findParting, intervalOf, type Interval, type Parting } from "../diff/parting.js";
import { diffOptions } from "../options/proof.js";
import { openRun } from "../replay.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { UsageError } from "../usage-error.js";
import type { CommandResult } from "./run.js";

/** What diff found. */
interface Report {
  readonly same: boolean;
  /** What went into the runs and is not the same in both. */
  readonly inputs: readonly Difference[];
  /** The steps between which the logs part, null when they do not. */
  readonly interval: Interval | null;
  readonly parting: Parting | null;
  /** Why the runs could not be done again inside the interval. */
  readonly unknown: string | null;
  /** The run that ends first, and where, when both are the same up to there. */
  readonly ends: { readonly run: string; readonly step: number } | null;
}

/** Exits with 0 when both runs came to the same weights by the same steps, with 1 when they part. */
export async function diff(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(diffOptions, flags, process.env, null);
  const { a, b, workers, json } = settings;
  if (a === undefined || b === undefined)
    throw new UsageError(
      `${a === undefined ? "A" : "B"}: no run; give two folders that train has written`,
    );
  const runs = [await openRun(a), await openRun(b)] as const;
  const inputs = await differencesBetween(...runs);
  const interval = intervalOf(...runs);
  let parting: Parting | null = null;
  let unknown: string | null = null;
  if (interval !== null) {
    try {
      parting = await findParting(...runs, interval, workers);
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof InputError)) throw error;
      unknown = error.message;
    }
  }
  const [shorter, longer] = runs[0].steps <= runs[1].steps ? runs : [runs[1], runs[0]];
  const ends =
    parting === null && unknown === null && shorter.steps < longer.steps
      ? { run: shorter.folder, step: shorter.steps }
      : null;
  const same = parting === null && unknown === null && ends === null;
  const report: Report = {
    same,
    inputs,
    interval: parting !== null || unknown !== null ? interval : null,
    parting,
    unknown,
    ends,
  };
  process.stdout.write(
    json ? `${JSON.stringify({ type: "diff", a, b, ...report })}\n` : textOf(a, b, report),
  );
  return same ? 0 : 1;
}

function textOf(
  a: string,
  b: string,
  { inputs, interval, parting, unknown, ends }: Report,
): string {
  const lines = inputs.flatMap(({ what, a: first, b: second }) => [
    what,
    `  ${a}  ${first}`,
    `  ${b}  ${second}`,
  ]);
  if (inputs.length === 0) lines.push("the same data, settings, seed and versions");
  if (ends !== null) lines.push(`the same weights up to step ${ends.step}, where ${ends.run} ends`);
  else if (parting !== null) lines.push(...partingLines(parting));
  else if (unknown !== null && interval !== null)
    lines.push(
      interval.to === 0
        ? "they part at the start"
        : `they part after step ${interval.from}, at step ${interval.to} at the latest`,
      `doing them again to find the step is not possible: ${unknown}`,
    );
  else lines.push("the same weights, byte for byte, at every step that is known");
  return `${lines.join("\n")}\n`;
}

function partingLines({ step, parameters }: Parting): readonly string[] {
  const [first, ...rest] = parameters;
  const others = rest.map(({ name }) => name);
  const where =
    step === 0 ? "they part at the start: the initial weights differ" : `they part at step ${step}`;
  if (first === undefined) return [where];
  const { name } = first;
  return [
    where,
    first.kind === "numbers"
      ? `first in ${name}: ${first.differing} of ${first.count} numbers, by at most ${first.largest}`
      : `first in ${name}: ${first.a} and ${first.b}`,
    ...(others.length > 0 ? [`also in ${others.join(", ")}`] : []),
  ];
}
