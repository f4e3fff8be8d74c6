// The first step at which the weights of two runs part: from their logs of hashes, then by doing both again.
import type { Parameters } from "@shardgrad/core";
import { hashParameters, type TrainingState } from "@shardgrad/parallel";
import { type DoneRun, planAgain, repeat, stateBefore } from "../replay.js";
import type { TrainingPlan } from "../training-plan.js";
import { UsageError } from "../usage-error.js";

/** Finished steps between which two runs part: the same after `from` (−1: not even at the start), not after `to`. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** A parameter that differs. */
export type ParameterDifference =
  | {
      readonly kind: "numbers";
      readonly name: string;
      readonly count: number;
      readonly differing: number;
      readonly largest: number; // of |a − b|
    }
  | { readonly kind: "shape"; readonly name: string; readonly a: string; readonly b: string };

/** Where two runs part. */
export interface Parting {
  /** The finished steps after which the weights differ for the first time; 0: the initial ones. */
  readonly step: number;
  /** In the order of the model's layers. */
  readonly parameters: readonly ParameterDifference[];
}

/**
 * From what the runs have logged: null when they have the same weights in the end, and at every step that both have
 * logged. Up to the last common step when the logs say nothing against it, but not that both are the same.
 */
export function intervalOf(a: DoneRun, b: DoneRun): Interval | null {
  const other = new Map(b.hashes.map(({ step, hash }) => [step, hash]));
  let from = -1;
  for (const { step, hash } of a.hashes) {
    const found = other.get(step);
    if (found === undefined) continue;
    if (found !== hash) return { from, to: step };
    from = step;
  }
  const [left, right] = [a.manifest.weights, b.manifest.weights];
  const end = Math.min(a.steps, b.steps);
  return a.steps === b.steps && left !== undefined && left.sha256 === right?.sha256
    ? null
    : { from, to: end };
}

/**
 * Does both runs again inside the interval. Null when they are the same to its end.
 * Throws UsageError when a run cannot be done again, or does not come to what it has logged.
 */
export async function findParting(
  a: DoneRun,
  b: DoneRun,
  { from, to }: Interval,
  workers: number | "auto",
): Promise<Parting | null> {
  const sides = await Promise.all(
    [a, b].map(async (run) => ({ run, plan: await planAgain(run, workers) })),
  );
  const starts: (TrainingState | null)[] = [];
  for (const { run, plan } of sides) starts.push(await stateAt(run, plan, from));
  const hashes: (readonly string[])[] = [];
  const first = Math.max(0, from);
  for (const [i, { run, plan }] of sides.entries()) {
    const repeated = (await repeat(plan, starts[i] ?? null, to, 1)).hashes;
    checkAgainstLog(run, repeated);
    hashes.push(repeated.filter(({ step }) => step >= first && step <= to).map(({ hash }) => hash));
  }
  const [left = [], right = []] = hashes;
  const at = left.findIndex((hash, i) => hash !== right[i]);
  if (at < 0) return null;
  const step = first + at;
  const ends: Parameters[] = [];
  for (const [i, { plan }] of sides.entries())
    ends.push((await repeat(plan, starts[i] ?? null, step, NEVER)).result.state.parameters);
  const [p, q] = ends;
  return { step, parameters: p === undefined || q === undefined ? [] : compare(p, q) };
}

/** More steps than any run has: no hashes but the last. */
const NEVER = 1e9;

/** The state after so many steps, null: the start. */
async function stateAt(
  run: DoneRun,
  plan: TrainingPlan,
  step: number,
): Promise<TrainingState | null> {
  if (step <= 0) return null;
  const near = await stateBefore(run, step);
  if (near?.step === step) return near;
  const { state } = (await repeat(plan, near, step, NEVER)).result;
  checkAgainstLog(run, [{ step: state.step, hash: hashParameters(state.parameters) }]);
  return state;
}

/** What is found must be what the run has logged, or it says nothing about that run. */
function checkAgainstLog(
  { folder, hashes, manifest }: DoneRun,
  repeated: readonly { readonly step: number; readonly hash: string }[],
): void {
  const logged = new Map(hashes.map(({ step, hash }) => [step, hash]));
  for (const { step, hash } of repeated)
    if ((logged.get(step) ?? hash) !== hash)
      throw new UsageError(
        `${folder} does not come to the weights that it has logged at step ${step}; it was done by shardgrad ${manifest.shardgrad} on Node ${manifest.node} with --backend ${manifest.backend}`,
      );
}

/** The parameters that differ. */
export function compare(a: Parameters, b: Parameters): readonly ParameterDifference[] {
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name): ParameterDifference[] => {
    const [p, q] = [a.get(name), b.get(name)];
    const [left, right] = [p, q].map((tensor) =>
      tensor === undefined ? "none" : `[${tensor.shape.join()}]`,
    );
    if (p === undefined || q === undefined || left !== right)
      return [{ kind: "shape", name, a: left ?? "none", b: right ?? "none" }];
    let [differing, largest] = [0, 0];
    p.data.forEach((value, i) => {
      const other = q.data[i] ?? Number.NaN;
      if (Object.is(value, other)) return;
      differing += 1;
      largest = Math.max(largest, Math.abs(value - other));
    });
    return differing === 0
      ? []
      : [{ kind: "numbers", name, count: p.data.length, differing, largest }];
  });
}
