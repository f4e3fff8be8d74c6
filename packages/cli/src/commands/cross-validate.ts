// shardgrad train --folds: trains once for each part of the rows, several runs side by side, and sums the scores up.
import { cores, featureWidth, Trainer, type RunResult, type Scores } from "@shardgrad/parallel";
import { createFoldBar, type FoldBar } from "../report/fold-bar.js";
import { count, short } from "../report/format.js";
import type { RawFlags } from "../settings.js";
import { watchSignals } from "../signals.js";
import { planTraining, type TrainingPlan } from "../training-plan.js";
import type { CommandResult } from "./run.js";

/** The mean of some scores and how far they are apart: the standard deviation of a sample (n − 1). */
interface Spread {
  readonly mean: number;
  readonly sd: number;
}

/** A fold that was trained and scored. */
interface FoldScores {
  readonly rows: number;
  readonly scores: Scores;
}

/**
 * Trains and scores every fold, as many at once as there are workers, with the scores that they have one after the other;
 * `first` is the plan of the first one, whose table all share. Writes no run folder.
 */
export async function crossValidate(flags: RawFlags, first: TrainingPlan): Promise<CommandResult> {
  const { folds = 0, json, quiet, workers } = first.settings;
  const threads = workers === "auto" ? cores().count : workers;
  const together = Math.min(folds, threads);
  const eachWorkers = Math.floor(threads / together);
  const bar = quiet || json || !process.stderr.isTTY ? null : await createFoldBar(folds);
  const watch = watchSignals(() => {
    bar?.clear();
    process.stderr.write("\nstopping at the next step; once more ends at once\n");
  });
  const failure = new AbortController(); // one that fails ends the others
  const signal = AbortSignal.any([watch.signal, failure.signal]);
  let running = 0;
  let isHeadTold = quiet || json;
  // Looking for faults in the rows can wait until threads train on them.
  const tellHead = (): void => {
    if (isHeadTold) return;
    isHeadTold = true;
    bar?.clear();
    for (const line of headLines(first, folds, together, eachWorkers)) say(line);
  };
  const all: (FoldScores | undefined)[] = [];
  let told = 0; // folds are told in their order, whichever ends first
  const done = (fold: number, scores: FoldScores): void => {
    all[fold] = scores;
    for (let next = all[told]; next !== undefined; next = all[told]) {
      tellHead();
      bar?.clear();
      if (!quiet) say(foldLine(told, folds, next, json));
      told += 1;
    }
  };
  const plans = new Map([[0, Promise.resolve(first)]]); // of folds that do not train yet
  const planOf = (fold: number): Promise<TrainingPlan> => {
    const plan =
      plans.get(fold) ?? planTraining(flags, process.env, null, { index: fold, first: first.data });
    plans.set(fold, plan);
    return plan;
  };
  let next = 0;
  // The rows of a fold are encoded by this thread while the workers train on those before.
  const prepareNext = (): void => {
    if (next < folds) planOf(next).catch(() => {}); // whoever takes the fold sees it
  };
  const begun = (): void => {
    running += 1;
    if (running === together) tellHead();
    prepareNext();
  };
  const lane = async (): Promise<void> => {
    while (next < folds && !signal.aborted) {
      const fold = next;
      next += 1;
      const plan = await planOf(fold);
      plans.delete(fold);
      const result = await trainFold(plan, eachWorkers, signal, fold, bar, begun);
      if (result.stopped) return;
      const rows = plan.data.validation?.rows ?? 0;
      done(fold, { rows, scores: result.epochs.at(-1)?.validation ?? {} });
    }
  };
  try {
    const lanes = Array.from({ length: together }, () =>
      lane().catch((error: unknown) => {
        failure.abort();
        throw error;
      }),
    );
    const ends = await Promise.allSettled(lanes);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  } finally {
    bar?.clear();
    watch.close();
  }
  if (told < folds) return watch.exitCode() ?? 0;
  sayMeans(
    folds,
    all.flatMap((fold) => (fold === undefined ? [] : [fold.scores])),
    json,
  );
  return 0;
}

/** Trains one fold with so many workers. */
async function trainFold(
  { options }: TrainingPlan,
  workers: number,
  signal: AbortSignal,
  fold: number,
  bar: FoldBar | null,
  begun: () => void,
): Promise<RunResult> {
  const trainer = new Trainer({ ...options, workers, keepThreads: true }); // for the folds that follow
  try {
    const run = trainer.run({ signal });
    for await (const event of run) {
      if (event.type === "start") begun();
      if (event.type === "progress") bar?.show(fold, event, options);
    }
    return await run.result;
  } finally {
    bar?.done(fold);
    await trainer.close();
  }
}

function headLines(
  { data }: TrainingPlan,
  folds: number,
  together: number,
  workers: number,
): readonly string[] {
  const rows = data.train.rows + (data.validation?.rows ?? 0);
  const threads = `${workers} ${workers === 1 ? "worker" : "workers"} each`;
  return [
    ...[...data.notes, ...data.lint()].map((note) => `note: ${note}`),
    `${featureWidth(data.train)} inputs, ${folds} folds of ${count(rows)} rows, ${together} at once, ${threads}`,
  ];
}

function foldLine(
  fold: number,
  folds: number,
  { rows, scores }: FoldScores,
  json: boolean,
): string {
  if (json) return JSON.stringify({ type: "fold", fold, rows, scores });
  const number = String(fold + 1).padStart(String(folds).length);
  return `fold ${number} of ${folds}, ${rows} rows: ${words(scores)}`;
}

/** Tells the mean and the spread of each score over the folds. */
function sayMeans(folds: number, all: readonly Scores[], json: boolean): void {
  const spreads = Object.fromEntries(
    Object.keys(all[0] ?? {}).map((name) => [
      name,
      spreadOf(all.map((scores) => valueOf(scores, name))),
    ]),
  );
  if (json) say(JSON.stringify({ type: "folds", folds, scores: spreads }));
  else
    for (const [name, { mean, sd }] of Object.entries(spreads))
      say(`${name.padEnd(10)} ${short(mean)} ± ${short(sd)}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function words(scores: Scores): string {
  return Object.keys(scores)
    .map((name) => `${name} ${short(valueOf(scores, name))}`)
    .join("  ");
}

function valueOf(scores: Scores, name: string): number {
  const value = new Map<string, number | null | undefined>(Object.entries(scores)).get(name);
  return value ?? Number.NaN;
}

function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) };
}
