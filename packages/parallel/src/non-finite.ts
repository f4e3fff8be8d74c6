// What went wrong when a step made a number that is not finite: which parameter, which rows.
import { createPredictor, parameterSpecs, type Predictor } from "@shardgrad/core";
import type { Dataset } from "./dataset/table/dataset.js";
import { isStream } from "./dataset/stream/stream.js";
import { placedRows } from "./step/place.js";
import { stepsPerEpoch, type TrainingSpec } from "./step/job.js";
import type { TrainerOptions } from "./options.js";
import { readParameters } from "./step/parameters.js";
import type { Pool } from "./threads/pool.js";
import { batchSourceRows } from "./step/source-rows.js";
import { firstRowOf, rowsOfWindow, WINDOW_SLOTS, windowOfStep, windowsOf } from "./step/windows.js";

/** A number that is not finite, or whose square is not. */
export interface NonFiniteValue {
  /** Row of the training data, from 0. */
  readonly row: number;
  readonly what: "feature" | "target" | "output";
  /** Which of them, from 0, as the model sees them. */
  readonly index: number;
  readonly value: number;
}

/** A step made NaN or ∞; it was not committed. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
  /** The step, from 1. */
  readonly step: number;
  /** The first parameter that would have become NaN or ∞, null when only the loss is. */
  readonly parameter: string | null;
  /** The first layer, from 1, whose output is not finite for the first of the rows; null when none is. */
  readonly layer: number | null;
  /** Rows of the training data, from 0, whose features, targets or outputs, or else their squares, are not finite. */
  readonly rows: readonly number[];
  /** For each of these rows, the first such number. */
  readonly values: readonly NonFiniteValue[];

  constructor(
    message: string,
    found: Pick<NonFiniteError, "step" | "parameter" | "layer" | "values">,
  ) {
    super(message);
    this.step = found.step;
    this.parameter = found.parameter;
    this.layer = found.layer;
    this.values = found.values;
    this.rows = found.values.map(({ row }) => row);
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
  const { layout, memory, control } = pool;
  const steps = stepsPerEpoch(training);
  // A run that skips such steps ends after the last of them, another one before it.
  const inRow = training.onNonFinite === "skip" ? control.skippedInRow(step + 1) : 0;
  const commits =
    inRow > 0 ? step + 1 - control.skippedBefore(step + 1) : step - control.skippedBefore(step);
  const parity = (commits & 1) as 0 | 1;
  const next = readParameters(layout, memory.buffer, layout.theta[(parity ^ 1) as 0 | 1]);
  const parameter =
    [...next].find(([, { data: numbers }]) => !numbers.every(Number.isFinite))?.[0] ?? null;
  const epoch = Math.floor(step / steps);
  const at = { epoch, inEpoch: step - epoch * steps };
  const batch = [...batchSourceRows(training, at)];
  const { there, before } = rowsInMemory(pool, data, training, at);
  const parameters = readParameters(layout, memory.buffer, layout.theta[parity]);
  const predictor = (layers: number): Predictor => {
    const part = { ...model, layers: model.layers.slice(0, layers) };
    const names = new Set(parameterSpecs(part).map(({ name }) => name));
    const some = new Map([...parameters].filter(([name]) => names.has(name)));
    return createPredictor(part, some, ops?.ops);
  };
  let values = batch.flatMap((row) => inputBeyond(there, row, before, Number.isFinite) ?? []);
  if (values.length === 0) {
    const predict = predictor(model.layers.length);
    values = batch.flatMap(
      (row) =>
        beyond(row, "output", predict(featuresOf(there, row - before), 1), Number.isFinite) ?? [],
    );
    if (values.length === batch.length) values = []; // then it is the weights, not a row
  }
  if (values.length === 0) {
    const predict = predictor(model.layers.length);
    values = batch.flatMap(
      (row) =>
        inputBeyond(there, row, before, hasSquare) ??
        beyond(row, "output", predict(featuresOf(there, row - before), 1), hasSquare) ??
        [],
    );
    if (values.length === batch.length) values = [];
  }
  const [first] = values;
  const layer =
    first === undefined
      ? null
      : model.layers.findIndex(
          (_, i) =>
            !predictor(i + 1)(featuresOf(there, first.row - before), 1).every(Number.isFinite),
        ) + 1 || null;
  const named = values
    .slice(0, MOST_NAMED)
    .map(({ row, what, index, value }) => `row ${row} (${what} ${index} is ${value})`);
  const where = parameter === null ? "the loss" : parameter;
  const cause =
    first === undefined
      ? "no single row is to blame; a smaller learning rate may help"
      : `it began${layer === null ? "" : ` in layer ${layer} of ${model.layers.length}`} with ${named.join(", ")}${values.length > MOST_NAMED ? ", …" : ""} of the training data`;
  const all =
    inRow > 0
      ? `all of the last ${inRow} steps, as many as an epoch has, were skipped; the last: `
      : "";
  return new NonFiniteError(
    `${all}step ${step + 1}: ${where} would become NaN or infinite; ${cause}`,
    { step: step + 1, parameter, layer, values },
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

/** Whether a number's square is finite in f32: losses and gradients multiply numbers of a row with each other. */
const hasSquare = (value: number): boolean => Number.isFinite(Math.fround(value * value));

function beyond(
  row: number,
  what: NonFiniteValue["what"],
  numbers: Float32Array,
  isFine: (value: number) => boolean,
): NonFiniteValue | null {
  const index = numbers.findIndex((value) => !isFine(value));
  return index < 0 ? null : { row, what, index, value: numbers[index] ?? Number.NaN };
}

/** @param before how many rows of the training data come before those of `data` */
function inputBeyond(
  data: Dataset,
  row: number,
  before: number,
  isFine: (value: number) => boolean,
): NonFiniteValue | null {
  const { target } = data;
  const at = row - before;
  return (
    beyond(row, "feature", featuresOf(data, at), isFine) ??
    (target?.kind === "number"
      ? beyond(
          row,
          "target",
          target.values.subarray(at * target.width, (at + 1) * target.width),
          isFine,
        )
      : null)
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
