// Learning rates over time, as pure functions of the step.
import { cos, pow } from "../scalar.js";
import type { Schedule } from "../nn/spec.js";

/** The learning rate of step 0, 1, 2, …. */
export function learningRate(schedule: Schedule, step: number): number {
  const rate = new Float64Array(1);
  storeLearningRate(schedule, step, rate);
  return rate[0] ?? Number.NaN;
}

/** rate[0] = the learning rate of a step. Stored, because a number that a function returns may be a new object. */
export function storeLearningRate(schedule: Schedule, step: number, rate: Float64Array): void {
  if (typeof schedule === "number") {
    rate[0] = schedule;
    return;
  }
  switch (schedule.name) {
    case "step":
      rate[0] = schedule.lr * pow(schedule.factor, Math.floor(step / schedule.every));
      break;
    case "exponential":
      rate[0] = schedule.lr * pow(schedule.rate, step);
      break;
    case "cosine": {
      const { lr, steps, floor = 0, warmup = 0 } = schedule;
      if (step < warmup) rate[0] = (lr * (step + 1)) / warmup;
      else {
        // η = floor + (lr − floor)·½(1 + cos πt), t from 0 to 1 (Loshchilov & Hutter 2017, without restarts)
        const t = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
        rate[0] = floor + (lr - floor) * 0.5 * (1 + cos(Math.PI * t));
      }
      break;
    }
  }
}
