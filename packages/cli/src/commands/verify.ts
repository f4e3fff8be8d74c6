// shardgrad verify: does a run, or a part of it, again and compares the weights with those that it had.
import { hashParameters, loadModel, type ThetaHash } from "@shardgrad/parallel";
import { verifyOptions } from "../options/proof.js";
import { type DoneRun, openRun, planAgain, repeat, stateBefore } from "../replay.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { UsageError } from "../usage-error.js";
import type { CommandResult } from "./run.js";

/** A logged hash that the repetition does not have. */
interface Difference {
  readonly step: number;
  readonly logged: string;
  readonly repeated: string | null;
}

/** Exits with 1 when something is not as the manifest or the log of hashes says; leaves nothing behind. */
export async function verify(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(verifyOptions, flags, process.env, null);
  const { run: folder, steps, workers, json } = settings;
  if (folder === undefined)
    throw new UsageError("RUN: no run; give a folder that train has written");
  const run = await openRun(folder);
  const { report, lines } =
    steps === undefined ? await verifyAll(run, workers) : await verifySteps(run, steps, workers);
  const same = report["same"] === true;
  const versions = `the run was done by shardgrad ${run.manifest.shardgrad} on Node ${run.manifest.node} with --backend ${run.manifest.backend}`;
  const verdict = same ? "the same weights, byte for byte" : `not the same weights; ${versions}`;
  process.stdout.write(
    json
      ? `${JSON.stringify({ type: "verify", ...report })}\n`
      : [...lines, verdict, ""].join("\n"),
  );
  return same ? 0 : 1;
}

interface Findings {
  readonly report: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

/** The whole run: the manifest, the model file, and every logged hash. */
async function verifyAll(run: DoneRun, workers: number | "auto"): Promise<Findings> {
  const { folder, manifest, hashes: logged } = run;
  const { weights, status } = manifest;
  if (status !== "finished" || weights === undefined)
    throw new UsageError(
      `${folder}: the run is ${status}, and only a finished one can be verified as a whole; shardgrad train --resume ${folder} finishes it, --steps verifies a part`,
    );
  const plan = await planAgain(run, workers);
  const stored = hashParameters((await loadModel(folder, { ops: null })).parameters);
  const { result, hashes } = await repeat(plan, null, undefined, everyOf(logged));
  const first = firstDifference(logged, hashes);
  const same = stored === weights.sha256 && result.hash === weights.sha256 && first === null;
  return {
    report: {
      same,
      manifest: weights.sha256,
      stored,
      repeated: result.hash,
      hashes: logged.length,
      first,
    },
    lines: [
      `manifest    ${weights.sha256}`,
      `model file  ${stored}`,
      `repeated    ${result.hash}`,
      ...told(logged.length, first),
    ],
  };
}

/** The logged hashes of some steps, from the nearest checkpoint before them. */
async function verifySteps(
  run: DoneRun,
  { from, to }: { readonly from: number; readonly to: number },
  workers: number | "auto",
): Promise<Findings> {
  const { folder, hashes: all, steps } = run;
  const place = `--steps ${from}..${to}`;
  if (to > steps)
    throw new UsageError(`${place}: ${folder} has done ${steps} steps; give a part of them`);
  const logged = [...all, ...(await finalHash(run))].filter(
    ({ step }) => step >= from && step <= to,
  );
  if (logged.length === 0) {
    const some = all.slice(0, 3).map(({ step }) => step);
    throw new UsageError(
      `${place}: ${folder} has logged no hash there; ${some.length === 0 ? "its --hash-every was never" : `it has them at ${some.join(", ")}, …`}`,
    );
  }
  const plan = await planAgain(run, workers);
  const state = await stateBefore(run, from);
  const start = state?.step ?? 0;
  const { hashes } = await repeat(plan, state, to, everyOf(all)); // the last step's is always there
  const first = firstDifference(logged, hashes);
  return {
    report: { same: first === null, steps: [from, to], start, hashes: logged.length, first },
    lines: [
      start === 0 ? "repeated from the start" : `repeated from the checkpoint of step ${start}`,
      ...told(logged.length, first),
    ],
  };
}

/** Where the run stands now, from its newest checkpoint. */
async function finalHash(run: DoneRun): Promise<ThetaHash[]> {
  const state = await stateBefore(run, run.steps);
  return state?.step === run.steps && run.hashes.at(-1)?.step !== run.steps
    ? [{ step: run.steps, hash: hashParameters(state.parameters) }]
    : [];
}

/** The largest number of which all logged steps are multiples. */
function everyOf(logged: readonly ThetaHash[]): number {
  const divisor = logged.reduce((gcd, { step }) => greatestDivisor(step, gcd), 0);
  return divisor === 0 ? 1e9 : divisor; // nothing but the start is logged
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

function firstDifference(
  logged: readonly ThetaHash[],
  repeated: readonly ThetaHash[],
): Difference | null {
  const found = new Map(repeated.map(({ step, hash }) => [step, hash]));
  for (const { step, hash } of logged)
    if (found.get(step) !== hash) return { step, logged: hash, repeated: found.get(step) ?? null };
  return null;
}

function told(count: number, first: Difference | null): readonly string[] {
  if (count === 0) return ["the run has logged no hashes"];
  if (first === null)
    return [count === 1 ? "the logged hash is the same" : `${count} logged hashes are the same`];
  return [
    `step ${first.step} is the first that differs`,
    `  logged    ${first.logged}`,
    `  repeated  ${first.repeated ?? "none: the repetition ended before"}`,
  ];
}
