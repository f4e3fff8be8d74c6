// shardgrad train --folds: trains once for each part of the rows, scored on that part, and sums the scores up.
import { featureWidth, Trainer, type Scores } from "@shardgrad/parallel";
import { short } from "../report/format.js";
import type { RawFlags } from "../settings.js";
import { watchSignals } from "../signals.js";
import { planTraining, type TrainingPlan } from "../training-plan.js";
import type { CommandResult } from "./run.js";

/** The mean of some scores and how far they are apart: the standard deviation of a sample (n − 1). */
interface Spread {
  readonly mean: number;
  readonly sd: number;
}

/** Trains and scores fold after fold; `first` is the plan of the first one. Writes no run folder. */
export async function crossValidate(flags: RawFlags, first: TrainingPlan): Promise<CommandResult> {
  const { folds = 0, json, quiet } = first.settings;
  const watch = watchSignals(() => process.stderr.write("\nstopping at the next step\n"));
  const all: Scores[] = [];
  try {
    for (let fold = 0; fold < folds; fold += 1) {
      const plan = fold === 0 ? first : await planTraining(flags, process.env, null, fold);
      const trainer = new Trainer(plan.options);
      try {
        const result = await trainer.run({ signal: watch.signal }).result;
        if (result.stopped) return watch.exitCode() ?? 0;
        const scores = result.epochs.at(-1)?.validation ?? {};
        all.push(scores);
        const rows = plan.data.validation?.rows ?? 0;
        if (fold === 0 && !quiet && !json) for (const note of plan.data.notes) say(`note: ${note}`);
        if (json && !quiet) say(JSON.stringify({ type: "fold", fold, rows, scores }));
        if (!json && !quiet) {
          if (fold === 0)
            say(
              `${featureWidth(plan.data.train)} inputs, ${folds} folds of ${plan.data.train.rows + rows} rows`,
            );
          say(`fold ${fold + 1} of ${folds}, ${rows} rows: ${words(scores)}`);
        }
      } finally {
        await trainer.close();
      }
    }
  } finally {
    watch.close();
  }
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
  return 0;
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
