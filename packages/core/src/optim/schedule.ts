// Learning rates over time, as pure functions of the step.
import { cos, pow } from "../scalar.js";
import type { Schedule } from "../nn/spec.js";

/** The learning rate of step 0, 1, 2, …. */
export function learningRate(schedule: Schedule, step: number): number {
  if (typeof schedule === "number") return schedule;
  switch (schedule.name) {
    case "step":
      return schedule.lr * pow(schedule.factor, Math.floor(step / schedule.every));
    case "exponential":
      return schedule.lr * pow(schedule.rate, step);
    case "cosine": {
      const { lr, steps, floor = 0, warmup = 0 } = schedule;
      if (step < warmup) return (lr * (step + 1)) / warmup;
      // η = floor + (lr − floor)·½(1 + cos πt), t from 0 to 1 (Loshchilov & Hutter 2017, without restarts)
      const t = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
      return floor + (lr - floor) * 0.5 * (1 + cos(Math.PI * t));
    }
  }
}
