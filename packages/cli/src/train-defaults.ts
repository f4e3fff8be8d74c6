// Defaults of a training run that depend on its other options.
import type { TrainSettings } from "./options/train.js";

/** Settings in which what was left open is decided, as a run's configuration names it. */
export interface DecidedSettings extends TrainSettings {
  readonly lr: number;
  readonly schedule: "constant" | "cosine";
  readonly restoreBest: boolean;
}

/**
 * Fills in the learning rate, its schedule, the weight decay and whether the best weights are kept. docs/scores.md has
 * the scores that chose them.
 */
export function withDefaults(settings: TrainSettings): DecidedSettings {
  const { optimizer, tolerance, folds } = settings;
  const isOpenEnded = tolerance !== undefined; // a rate that falls to 0 would end it in any case
  const validates = settings.val !== 0 || settings.valRows !== undefined;
  return {
    ...settings,
    lr: settings.lr ?? (optimizer === "sgd" ? 0.01 : 0.003),
    schedule: settings.schedule ?? (isOpenEnded ? "constant" : "cosine"),
    weightDecay: settings.weightDecay ?? (optimizer === "adamw" ? ADAMW_DECAY : undefined),
    // Folds are scored by the rows that would choose the epoch; their scores would be too good.
    restoreBest:
      settings.restoreBest ??
      (settings.patience !== undefined || (validates && !isOpenEnded && folds === undefined)),
  };
}

const ADAMW_DECAY = 0.3;
