// One worker's scoring: forward passes over its chunks of the scored rows, and their sums of scores.
import {
  bind,
  outputWidth,
  type BoundPlan,
  type Kernels,
  type Place,
  type Scratch,
  type Value,
  type Work,
} from "@shardgrad/core";
import { gatherer, type Gather } from "./gather.js";
import { jobScorer } from "./job.js";
import {
  parameterPlaces,
  SCORED_CHUNK,
  type DataPlaces,
  type Layout,
  type ScoringLayout,
  type WorkerPlaces,
} from "./layout.js";
import { foldSums, type Scorer, type TargetRows } from "../metrics/metrics.js";

/** One worker's part of scoring. */
export interface Scoring {
  /** Scores this worker's chunks with θ of even (0) or odd (1) steps. */
  run(parity: 0 | 1): void;
  /** Adds the sums of all chunks, in chunk order. */
  fold(into: Float64Array): void;
}

/** Binds the scoring of one worker. */
export function createScoring(
  layout: Layout,
  scoring: ScoringLayout,
  kernels: Kernels & Scratch,
  places: WorkerPlaces,
  index: number,
): Scoring {
  const { job } = layout;
  const { graph, chunks, sumSize, data } = scoring;
  const { buffer } = kernels.memory;
  const bindWith = (parity: 0 | 1): BoundPlan => {
    const map = new Map<Value, Place>([
      [graph.x, { address: places.x }],
      [graph.outputs, { address: places.outputs }],
      ...parameterPlaces(layout, graph.parameters, parity),
    ]);
    if (graph.target !== null) map.set(graph.target, { address: places.target });
    if (graph.perRow !== null) map.set(graph.perRow, { address: places.perRow });
    return bind(kernels, scoring.plan, places.scoring, map);
  };
  const bound = [bindWith(0), bindWith(1)] as const;
  const gather: Gather = gatherer(kernels, data, places);
  const scorer: Scorer | null = sumSize === 0 ? null : jobScorer(job);
  const width = outputWidth(job.model);
  const outputs = new Float32Array(buffer, places.outputs, SCORED_CHUNK * width);
  const perRow = new Float32Array(buffer, places.perRow, SCORED_CHUNK);
  const kept =
    scoring.outputs === 0
      ? null
      : new Float32Array(buffer, scoring.outputs, data.spec.rows * width);
  const sums = new Float64Array(buffer, scoring.sums, chunks * sumSize);
  const targets = targetViews(buffer, data);
  const first = Math.floor((chunks * index) / job.workers);
  const end = Math.floor((chunks * (index + 1)) / job.workers);
  const work: { -readonly [K in keyof Work]: Work[K] } = {
    rows: 0,
    firstRow: 0,
    step: 0,
    seed: 0,
    subtrees: [],
  };
  return {
    run: (parity) => {
      for (let chunk = first; chunk < end; chunk += 1) {
        const row = chunk * SCORED_CHUNK;
        work.rows = Math.min(SCORED_CHUNK, data.spec.rows - row);
        gather.inOrder(row, work.rows);
        bound[parity].run(work);
        kept?.set(outputs.subarray(0, work.rows * width), row * width);
        if (scorer === null || targets === null) continue;
        const slot = sums.subarray(chunk * sumSize, (chunk + 1) * sumSize).fill(0);
        scorer.add(slot, outputs, perRow, targets(row, work.rows), work.rows);
      }
    },
    fold: (into) => {
      for (let chunk = 0; chunk < chunks; chunk += 1)
        foldSums(into, sums.subarray(chunk * sumSize, (chunk + 1) * sumSize));
    },
  };
}

/** Views of some rows' targets in the data, null when there are none. */
function targetViews(
  buffer: ArrayBufferLike,
  { target: address, spec: { target } }: DataPlaces,
): ((row: number, rows: number) => TargetRows) | null {
  if (target === null) return null;
  if (target.kind === "class")
    return (row, rows) => ({
      kind: "class",
      labels: new Int32Array(buffer, address + 4 * row, rows),
    });
  const { kind, width } = target;
  return (row, rows) => ({
    kind,
    values: new Float32Array(buffer, address + 4 * row * width, rows * width),
  });
}
