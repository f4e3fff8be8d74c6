// One worker's part of a training step: gather, forward, backward; then reduce and update; and what the leader records.
import {
  bind,
  lossesPerRow,
  outputWidth,
  realView,
  rehearse,
  writeProgram,
  type BoundPlan,
  type Kernels,
  type Place,
  type Products,
  type Scratch,
  type Subtree,
  type Value,
  type Work,
} from "@shardgrad/core";
import { CHUNK_SUMS, SUM_OF_MAGNITUDES, SUM_OF_SQUARES, treeStack, treeSum } from "./chunk-sums.js";
import { createConvergence, meanLoss } from "./convergence.js";
import { Control } from "./control.js";
import { createEndEpoch } from "./early-stopping.js";
import { Fed } from "./feed-word.js";
import { gatherer } from "./gather.js";
import { stepsPerEpoch } from "./job.js";
import {
  EPOCH_RECORDS,
  parameterPlaces,
  THETA_CHUNK,
  type Layout,
  type TrainingLayout,
  type WorkerPlaces,
} from "./layout.js";
import type { Scoring } from "./scoring.js";
import type { Skipped } from "./control.js";
import { shardRows, type BatchPart } from "./shards.js";
import { createSnapshot } from "./snapshot.js";
import { BACKWARD, FORWARD, GATHER, type Tracer } from "./trace.js";
import { createUpdate, sliceOf } from "./update.js";
import { firstRowOf, rowsOfWindow, windowOfStep, windowsOf } from "./windows.js";

/**
 * One worker's training phases. `step` counts the steps of the run, `commits` those of them that changed θ: its parity
 * says which copy of θ holds. Each can be run again from its start: none overwrites what it reads. */
export interface TrainingStep {
  /** Gathers this worker's rows and leaves their summed gradients and loss in its subtree buffers. */
  gradients(epoch: number, inEpoch: number, step: number, commits: number): void;
  /** Shards of this worker in a step. */
  shardsOf(inEpoch: number): number[];
  /** Runs one shard alone, to see whether it can be run; what it leaves is overwritten by `gradients`. */
  tryShard(epoch: number, inEpoch: number, step: number, commits: number, shard: number): void;
  /** Reduces and updates this worker's slice: reads θ of the step's parity, writes the other. False when a number is not finite. */
  update(epoch: number, inEpoch: number, step: number, commits: number): boolean;
  /** Copies this worker's slice of θ and slots after `step` committed steps. */
  snapshot(epoch: number, inEpoch: number, commits: number, skipped: Skipped): void;
  /** Leader, after the commit of a step: stores its loss with the regularisation terms. */
  recordStep(epoch: number, inEpoch: number, skipped: boolean): void;
  /** Leader, after the scores of an epoch: stores its mean loss, end time and scores. */
  recordEpoch(epoch: number, scoring: Scoring | null): void;
  /** After the scores of an epoch: keeps this worker's slice of the best weights. True when the run ends here for want of better ones. */
  endEpoch(epoch: number, commits: number, scoring: Scoring | null): boolean;
  /** After the commit of the last of `step` steps: whether the run ends here, as nothing changes any more. */
  hasConverged(step: number, skipped: boolean): boolean;
}

/** What training may be watched with. */
export interface TrainingExtras {
  /** Where snapshots go. */
  readonly snapshot: SharedArrayBuffer | null;
  readonly tracer: Tracer | null;
}

/** θ of at most so many numbers is fetched before the forward pass: half a MiB, which a core's own cache holds. */
const FETCHED_COUNT = 1 << 17;

/** Binds the training phases of one worker. */
export function createTrainingStep(
  layout: Layout,
  training: TrainingLayout,
  kernels: Kernels & Scratch & Partial<Products>,
  places: WorkerPlaces,
  index: number,
  { snapshot, tracer }: TrainingExtras,
): TrainingStep {
  const { job } = layout;
  const spec = job.training;
  if (spec === null) throw new RangeError("training: the job has none");
  const { cuts } = training;
  const { buffer } = kernels.memory;
  const steps = stepsPerEpoch(spec);
  const bound = [bindWith(0), bindWith(1)].map((plan) => plan.splitAfter(training.graph.loss));
  const parts = writePrograms(layout, training, new Int32Array(buffer), index);
  const windows = windowsOf(spec);
  const gathers = training.windows.map((place) => gatherer(kernels, place, places));
  const fed = spec.window === null ? null : new Fed(buffer, training);
  const control = new Control(buffer);
  const awaitRows = (epoch: number, inEpoch: number): void =>
    fed?.awaitWindow(windowOfStep(windows, epoch, inEpoch), control);
  const perRow = lossesPerRow(job.loss, outputWidth(job.model));
  // Summed first, divided once by the rows of the whole batch: uneven shards are exact.
  const scales = cuts.map(({ rows }) => (job.loss.reduction === "mean" ? 1 / (rows * perRow) : 1));
  const update = createUpdate(layout, training, kernels, places, index, scales, tracer);
  const { lo, hi } = sliceOf(layout, index);
  const takeSnapshot =
    snapshot === null
      ? null
      : createSnapshot(layout, training, kernels.memory, snapshot, lo, hi, index === 0);
  const endEpoch = createEndEpoch(layout, training, buffer, lo, hi, index === 0);
  const work: { -readonly [K in keyof Work]: Work[K] } = {
    rows: 0,
    firstRow: 0,
    step: 0,
    seed: spec.seed,
    subtrees: [],
  };

  const doubles = (address: number, n: number): Float64Array =>
    new Float64Array(buffer, address, n);
  const dataLosses = [0, 1].map((parity) =>
    doubles(training.dataLosses + parity * steps * 8, steps),
  );
  const losses = [0, 1].map((parity) => doubles(training.losses + parity * steps * 8, steps));
  const chunkSums = doubles(
    training.chunkSums,
    Math.ceil(layout.thetaCount / THETA_CHUNK) * CHUNK_SUMS,
  );
  const stack = treeStack();
  const reducedLoss = realView(kernels, places.gradient, 1);
  const cutOf = (inEpoch: number): 0 | 1 => (inEpoch + 1 === steps ? 1 : 0);

  function bindWith(parity: 0 | 1): BoundPlan {
    return bind(kernels, training.plan, places.training, placesWith(parity));
  }

  function placesWith(parity: 0 | 1): ReadonlyMap<Value, Place> {
    const { graph, extraUses, gradientBytes: stride } = training;
    const map = new Map<Value, Place>([
      [graph.x, { address: places.x }],
      [graph.target, { address: places.target }],
      ...parameterPlaces(layout, graph.parameters, parity),
    ]);
    graph.uses.forEach((uses, i) =>
      uses.forEach((value, use) => {
        const extra = extraUses.find((e) => e.parameter === layout.parameters[i] && e.use === use);
        map.set(value, {
          address: places.subtrees + 4 * (extra?.offset ?? layout.parameters[i]?.offset ?? 0),
          stride,
        });
      }),
    );
    map.set(graph.loss, { address: places.subtrees + 4 * training.lossOffset, stride });
    return map;
  }

  // Before the run, since in a step the other workers would wait for them.
  const { trials } = kernels;
  if (trials !== undefined)
    for (const { part, subtrees } of parts)
      for (const parity of [0, 1] as const)
        rehearse(kernels, { trials }, training.plan, places.training, placesWith(parity), {
          ...work,
          rows: part.rows,
          subtrees,
        });

  const { thetaCount } = layout;
  const fetches = hi - lo < thetaCount && thetaCount <= FETCHED_COUNT;
  /** Fetches the slices of θ that the other workers have just written: line beside line, where a product waits for each. */
  const fetchTheta = (parity: 0 | 1): void => {
    if (!fetches) return;
    const theta = layout.theta[parity];
    kernels.touch(lo, theta);
    kernels.touch(thetaCount - hi, theta + 4 * hi);
  };

  const run = (
    epoch: number,
    inEpoch: number,
    step: number,
    commits: number,
    firstRow: number,
    rows: number,
    subtrees: readonly Subtree[],
  ): void => {
    work.rows = rows;
    work.firstRow = firstRow;
    work.step = step;
    work.subtrees = subtrees;
    const window = windowOfStep(windows, epoch, inEpoch);
    const first = inEpoch * spec.batchSize + firstRow - firstRowOf(windows, window);
    tracer?.turn(GATHER, step);
    const gather = gathers[window % gathers.length];
    if (spec.shuffle)
      gather?.shuffled(first, rows, rowsOfWindow(spec, windows, window), spec.seed, window);
    else gather?.inOrder(first, rows);
    const passes = bound[commits & 1];
    if (passes === undefined) return;
    const [forward, backward] = passes;
    tracer?.turn(FORWARD, step);
    fetchTheta((commits & 1) as 0 | 1);
    forward(work);
    tracer?.turn(BACKWARD, step);
    backward(work);
  };

  const recordStep = (epoch: number, inEpoch: number, skipped: boolean): void => {
    const slot = losses[epoch & 1];
    const dataLoss = dataLosses[epoch & 1];
    if (slot === undefined || dataLoss === undefined) return;
    let loss = skipped ? Number.NaN : (dataLoss[inEpoch] ?? Number.NaN);
    // C = data loss + λ₁Σ|w| + λ₂Σw²: the terms enter once, after the data term, whatever the shards.
    if (spec.l1 !== 0 || spec.l2 !== 0) {
      treeSum(chunkSums, SUM_OF_MAGNITUDES, stack);
      loss += spec.l1 * (stack[0] ?? Number.NaN);
      treeSum(chunkSums, SUM_OF_SQUARES, stack);
      loss += spec.l2 * (stack[0] ?? Number.NaN);
    }
    slot[inEpoch] = loss;
  };
  const convergence = createConvergence(layout, training, buffer, recordStep);

  return {
    gradients: (epoch, inEpoch, step, commits) => {
      const current = parts[cutOf(inEpoch)];
      if (current === undefined || current.part.rows === 0) return;
      awaitRows(epoch, inEpoch);
      const { part, subtrees } = current;
      run(epoch, inEpoch, step, commits, part.firstRow, part.rows, subtrees);
    },
    shardsOf: (inEpoch) =>
      (parts[cutOf(inEpoch)]?.part.subtrees ?? []).flatMap(({ span }) =>
        Array.from({ length: span.hi - span.lo }, (_, i) => span.lo + i),
      ),
    tryShard: (epoch, inEpoch, step, commits, shard) => {
      awaitRows(epoch, inEpoch);
      const size = shardRows(spec.batchSize, spec.shards);
      const rows = Math.min(size, cuts[cutOf(inEpoch)].rows - shard * size);
      writeProgram(new Int32Array(buffer), places.probe >> 2, [rows], [0]);
      run(epoch, inEpoch, step, commits, shard * size, rows, [
        { firstRow: 0, program: places.probe, slot: 0 },
      ]);
    },
    update: (epoch, inEpoch, step, commits) => {
      const cut = cutOf(inEpoch);
      const finite = update(step, commits, cut);
      if (index !== 0) return finite;
      kernels.reduceTree(
        1,
        training.reduceTables[cut] ?? 0,
        training.lossOffset * 4,
        places.gradient,
        kernels.scratch,
      );
      const slot = dataLosses[epoch & 1];
      const loss = (reducedLoss[0] ?? Number.NaN) * (scales[cut] ?? 1);
      if (slot !== undefined) slot[inEpoch] = loss;
      return finite && Number.isFinite(loss);
    },
    snapshot: (epoch, inEpoch, commits, skipped) =>
      takeSnapshot?.((commits & 1) as 0 | 1, epoch, inEpoch, skipped),
    recordStep,
    recordEpoch: (epoch, scoring) => {
      const slot = losses[epoch & 1];
      if (slot === undefined) return;
      const record = doubles(
        training.records + (epoch % EPOCH_RECORDS) * training.recordSize * 8,
        training.recordSize,
      );
      record.fill(0);
      record[0] = meanLoss(slot, steps);
      record[1] = performance.timeOrigin + performance.now();
      scoring?.fold(record.subarray(2));
    },
    endEpoch: (epoch, commits, scoring) =>
      endEpoch !== null && scoring !== null && endEpoch(epoch, (commits & 1) as 0 | 1, scoring),
    hasConverged: (step, skipped) => convergence?.reached(step, skipped) === true,
  };
}

/** A worker's part of a full batch and of the last one, with the addresses of its row programs. */
function writePrograms(
  layout: Layout,
  training: TrainingLayout,
  words: Int32Array,
  index: number,
): { part: BatchPart; subtrees: Subtree[] }[] {
  return training.cuts.map(({ parts, merges }, cut) => {
    const part = parts[index];
    if (part === undefined) throw new RangeError(`training: the batch has no part ${index}`);
    const subtrees = part.subtrees.map(({ firstRow, rows, merges: after }, i): Subtree => {
      const program = training.programs[cut]?.[index]?.[i] ?? 0;
      writeProgram(words, program >> 2, rows, after);
      return { firstRow, program, slot: i };
    });
    // Every worker writes the same words, so it does not matter who is first.
    const addresses = parts.flatMap((other, w) =>
      other.subtrees.map((_, i) => (layout.workers[w]?.subtrees ?? 0) + i * training.gradientBytes),
    );
    writeProgram(words, (training.reduceTables[cut] ?? 0) >> 2, addresses, merges);
    return { part, subtrees };
  });
}
