// What went wrong when a step made a number that is not finite: which parameter, which rows.
import { createPredictor, outputWidth } from "@shardgrad/core";
import type { Dataset } from "./dataset/dataset.js";
import { isStream } from "./dataset/stream.js";
import { placedRows } from "./step/place.js";
import { stepsPerEpoch, type TrainingSpec } from "./step/job.js";
import type { TrainerOptions } from "./options.js";
import { readParameters } from "./step/parameters.js";
import type { Pool } from "./threads/pool.js";
import { batchSourceRows } from "./step/source-rows.js";
import { firstRowOf, rowsOfWindow, WINDOW_SLOTS, windowOfStep, windowsOf } from "./step/windows.js";

/** A step made NaN or ∞; it was not committed. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
  /** The step, from 1. */
  readonly step: number;
  /** The first parameter that would have become NaN or ∞, null when only the loss is. */
  readonly parameter: string | null;
  /** Rows of the training data, from 0, whose features, targets or outputs are not finite. */
  readonly rows: readonly number[];

  constructor(message: string, step: number, parameter: string | null, rows: readonly number[]) {
    super(message);
    this.step = step;
    this.parameter = parameter;
    this.rows = rows;
  }
}

const MOST_NAMED = 8;

/** Finds out what made step `step` (from 0) not finite. θ of the steps before is intact. */
export function nonFinite(
  pool: Pool,
  { model, data, ops }: TrainerOptions,
  training: TrainingSpec,
  step: number,
): NonFiniteError {
  const { layout, memory } = pool;
  const parity = (step & 1) as 0 | 1;
  const next = readParameters(layout, memory.buffer, layout.theta[(parity ^ 1) as 0 | 1]);
  const parameter =
    [...next].find(([, { data: numbers }]) => !numbers.every(Number.isFinite))?.[0] ?? null;
  const steps = stepsPerEpoch(training);
  const epoch = Math.floor(step / steps);
  const at = { epoch, inEpoch: step - epoch * steps };
  const batch = [...batchSourceRows(training, at)];
  const { there, before } = rowsInMemory(pool, data, training, at);
  let rows = batch.filter((row) => !rowIsFinite(there, row - before));
  if (rows.length === 0) {
    const predict = createPredictor(
      model,
      readParameters(layout, memory.buffer, layout.theta[parity]),
      ops?.ops,
    );
    const width = outputWidth(model);
    rows = batch.filter(
      (row) =>
        !predict(featuresOf(there, row - before), 1)
          .subarray(0, width)
          .every(Number.isFinite),
    );
    if (rows.length === batch.length) rows = []; // then it is the weights, not a row
  }
  const named = rows.slice(0, MOST_NAMED).join(", ") + (rows.length > MOST_NAMED ? ", …" : "");
  const where = parameter === null ? "the loss" : parameter;
  const cause =
    rows.length === 0
      ? "no single row is to blame; a smaller learning rate may help"
      : `it began with row ${named} of the training data`;
  return new NonFiniteError(
    `step ${step + 1}: ${where} would become NaN or infinite; ${cause}`,
    step + 1,
    parameter,
    rows,
  );
}

/** The rows that a step has read, and how many of its epoch come before them. */
function rowsInMemory(
  { layout, memory }: Pool,
  data: TrainerOptions["data"],
  training: TrainingSpec,
  { epoch, inEpoch }: { readonly epoch: number; readonly inEpoch: number },
): { readonly there: Dataset; readonly before: number } {
  if (!isStream(data)) return { there: data, before: 0 };
  const windows = windowsOf(training);
  const window = windowOfStep(windows, epoch, inEpoch);
  const places = layout.training?.windows[window % WINDOW_SLOTS];
  if (places === undefined) throw new RangeError(`non-finite: no place for window ${window}`);
  return {
    there: placedRows(memory.buffer, places, rowsOfWindow(training, windows, window)),
    before: firstRowOf(windows, window),
  };
}

function rowIsFinite(data: Dataset, row: number): boolean {
  if (!featuresOf(data, row).every(Number.isFinite)) return false;
  const { target } = data;
  return (
    target?.kind !== "number" ||
    target.values.subarray(row * target.width, (row + 1) * target.width).every(Number.isFinite)
  );
}

/** One row's features as the model sees them. */
function featuresOf(data: Dataset, row: number): Float32Array {
  return Float32Array.from(
    data.features.flatMap((block): number[] => {
      if (block.kind === "oneHot")
        return Array.from({ length: block.classes }, (_, j) => (block.codes[row] === j ? 1 : 0));
      const values = [...block.values.subarray(row * block.width, (row + 1) * block.width)];
      return block.kind === "u8"
        ? values.map((value) => (value - block.shift) * block.scale)
        : values;
    }),
  );
}
