// Which rows of the training data a step works on.
import { permutation } from "@shardgrad/core";
import type { TrainingSpec } from "./job.js";
import type { Position } from "./position.js";
import { shardRows } from "./shards.js";
import { firstRowOf, rowsOfWindow, windowOfStep, windowsOf } from "./windows.js";

/** Row numbers, from 0, of the batch of a step, in the batch's order. */
export function batchSourceRows(
  training: TrainingSpec,
  { epoch, inEpoch }: Pick<Position, "epoch" | "inEpoch">,
): Int32Array {
  const { data, batchSize, shuffle, seed } = training;
  const windows = windowsOf(training);
  const window = windowOfStep(windows, epoch, inEpoch);
  const before = firstRowOf(windows, window);
  const first = inEpoch * batchSize;
  const end = Math.min(data.rows, first + batchSize);
  if (!shuffle) return Int32Array.from({ length: end - first }, (_, i) => first + i);
  return permutation(rowsOfWindow(training, windows, window), seed, window)
    .slice(first - before, end - before)
    .map((row) => before + row);
}

/** Row numbers, from 0, of one shard of a step. */
export function shardSourceRows(
  training: TrainingSpec,
  at: Pick<Position, "epoch" | "inEpoch">,
  shard: number,
): Int32Array {
  const size = shardRows(training.batchSize, training.shards);
  return batchSourceRows(training, at).slice(shard * size, (shard + 1) * size);
}
