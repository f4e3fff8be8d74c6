// Optimizers: functions over a flat range of θ. They know no tensor, layer or thread.
import type { Address, Kernels } from "../kernels.js";
import { pow } from "../scalar.js";
import type { OptimizerSpec } from "../nn/spec.js";
import { storeLearningRate } from "./schedule.js";

/** A range of n numbers: where θ and the slots are before the step, and where they go. */
export interface UpdateRange {
  n: number;
  w: Address;
  wNext: Address;
  g: Address; // the sum of the gradient over the batch
  slots: Address[]; // in the order of Optimizer.slots
  slotsNext: Address[];
  /** g is multiplied by this first: 1/(rows of the batch) for a mean. */
  scale: number;
  /** λ₁ and 2λ₂ of the terms λ₁Σ|w| + λ₂Σw²; 0 where they do not apply. */
  l1: number;
  l2: number;
  /** Whether weight decay applies to this range. */
  decays: boolean;
}

/** An optimizer bound to kernels. */
export interface Optimizer {
  /** Names of what it remembers of every number of θ. */
  readonly slots: readonly string[];
  /**
   * Prepares the numbers of a step: learning rate and bias corrections.
   * @param updates how many updates came before; fewer than `step` where steps were skipped
   */
  begin(step: number, updates?: number): void;
  /** Writes wNext and slotsNext of a range; reads nothing that it writes. False when a number of wNext is not finite. */
  update(range: UpdateRange): boolean;
}

/** Default optimizer of a Trainer. */
export const DEFAULT_OPTIMIZER: OptimizerSpec = { name: "adam", lr: 0.001 };

/** The names of an optimizer's slots. */
export function slotNames(spec: OptimizerSpec): readonly string[] {
  if (spec.name !== "sgd") return ["mean", "variance"];
  return (spec.momentum ?? 0) === 0 ? [] : ["momentum"];
}

/** Makes the optimizer of a spec. The numbers of a step are kept in a typed array, so that a step allocates nothing. */
export function createOptimizer(spec: OptimizerSpec, kernels: Kernels): Optimizer {
  const slots = slotNames(spec);
  if (spec.name === "sgd") {
    const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = spec;
    const now = new Float64Array(1); // learning rate
    const begin = (step: number): void => {
      storeLearningRate(spec.lr, step, now);
    };
    if (momentum === 0)
      return {
        slots,
        begin,
        update: (r) =>
          kernels.sgd(
            r.n,
            r.w,
            r.g,
            r.wNext,
            r.scale,
            now[0] ?? 0,
            r.l1,
            r.l2 + (r.decays ? weightDecay : 0),
          ) === 0,
      };
    return {
      slots,
      begin,
      update: (r) =>
        kernels.momentum(
          r.n,
          r.w,
          r.slots[0] ?? 0,
          r.g,
          r.wNext,
          r.slotsNext[0] ?? 0,
          r.scale,
          now[0] ?? 0,
          r.l1,
          r.l2 + (r.decays ? weightDecay : 0),
          momentum,
          dampening,
          nesterov ? 1 : 0,
        ) === 0,
    };
  }
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = spec;
  const decoupled = spec.name === "adamw";
  const weightDecay = spec.weightDecay ?? (decoupled ? 0.01 : 0);
  const now = new Float64Array(3); // learning rate, 1/(1 − β₁ᵗ), 1/(1 − β₂ᵗ)
  return {
    slots,
    begin: (step, updates = step) => {
      storeLearningRate(spec.lr, step, now);
      now[1] = 1 / (1 - pow(beta1, updates + 1));
      now[2] = 1 / (1 - pow(beta2, updates + 1));
    },
    update: (r) =>
      kernels.adam(
        r.n,
        r.w,
        r.slots[0] ?? 0,
        r.slots[1] ?? 0,
        r.g,
        r.wNext,
        r.slotsNext[0] ?? 0,
        r.slotsNext[1] ?? 0,
        r.scale,
        now[0] ?? 0,
        r.l1,
        r.l2 + (r.decays && !decoupled ? weightDecay : 0),
        beta1,
        beta2,
        epsilon,
        now[1] ?? 0,
        now[2] ?? 0,
        r.decays && decoupled ? weightDecay : 0,
      ) === 0,
  };
}
