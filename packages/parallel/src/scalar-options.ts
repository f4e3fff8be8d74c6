// The options of a trainer that are numbers, words and switches: their defaults, and what they may be.
import { shown } from "./dataset/table/input-error.js";
import type { TrainerOptions } from "./options.js";

/** Options that are absent have their default; these have none. */
type Optional = "shards" | "maxWorkers" | "shuffleBuffer" | "until" | "tolerance";

type Defaulted =
  | "l1"
  | "l2"
  | "batchSize"
  | "epochs"
  | "workers"
  | "onNonFinite"
  | "seed"
  | "shuffle"
  | "backend"
  | "toleranceOn";

/** Scalar options that have been checked. */
export type ScalarOptions = {
  readonly [Name in Defaulted]: NonNullable<TrainerOptions[Name]>;
} & Pick<TrainerOptions, Optional>;

const MOST_WORKERS = 1024;
const MOST_SEED = 0xffffffff;

/** The scalar options with their defaults. Throws RangeError naming the option, its value and what is allowed. */
export function scalarOptions({
  l1 = 0,
  l2 = 0,
  batchSize = 64,
  shards,
  epochs = 10,
  workers = "auto",
  maxWorkers,
  polite = false,
  keepThreads = false,
  shuffleBuffer,
  onNonFinite = "stop",
  seed = 0,
  shuffle = true,
  backend = "wasm",
  until,
  tolerance,
  toleranceOn = "weights",
}: TrainerOptions): ScalarOptions {
  for (const [name, value] of Object.entries({ l1, l2, tolerance }))
    check(name, value, isNotNegative, "a number from 0 on");
  for (const [name, value] of Object.entries({ batchSize, shards, epochs, shuffleBuffer }))
    check(name, value, wholeFrom(1), "a whole number from 1 on");
  check("until", until, wholeFrom(0), "a whole number from 0 on");
  check("seed", seed, wholeFrom(0, MOST_SEED), `a whole number from 0 to ${MOST_SEED}`);
  const threads = wholeFrom(1, MOST_WORKERS);
  check("maxWorkers", maxWorkers, threads, `a whole number from 1 to ${MOST_WORKERS}`);
  if (workers !== "auto")
    check("workers", workers, threads, `"auto" or a whole number from 1 to ${MOST_WORKERS}`);
  for (const [name, value] of Object.entries({ polite, keepThreads, shuffle }))
    check(name, value, (found) => typeof found === "boolean", "true or false");
  check("onNonFinite", onNonFinite, oneOf("stop", "skip"), '"stop" or "skip"');
  check("backend", backend, oneOf("wasm", "blas"), '"wasm" or "blas"');
  check("toleranceOn", toleranceOn, oneOf("weights", "loss"), '"weights" or "loss"');
  return {
    l1,
    l2,
    batchSize,
    shards,
    epochs,
    workers,
    maxWorkers,
    shuffleBuffer,
    onNonFinite,
    seed,
    shuffle,
    backend,
    until,
    tolerance,
    toleranceOn,
  };
}

/** Programs in JavaScript may give anything, whatever the types say. */
function check(
  name: string,
  value: unknown,
  isAllowed: (value: unknown) => boolean,
  allowed: string,
): void {
  if (value !== undefined && !isAllowed(value))
    throw new RangeError(
      `Trainer: ${name} ${typeof value === "number" ? value : shown(value)}: give ${allowed}`,
    );
}

const isNotNegative = (value: unknown): boolean =>
  typeof value === "number" && value >= 0 && value < Infinity;

const wholeFrom =
  (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  (value: unknown): boolean =>
    typeof value === "number" && Number.isInteger(value) && least <= value && value <= most;

const oneOf =
  (...words: readonly string[]) =>
  (value: unknown): boolean =>
    words.some((word) => word === value);
