// One worker's straight line through a run: no messages, no allocation, nothing here knows a thread.
//
// every step: gather rows → forward → backward into own gradients → ‖ → for my slice of θ: sum over shards,
// ÷ rows of the batch, optimizer: θ[step+1] from θ[step] → ‖ (the commit) → next step
import {
  bind, createOptimizer, lossesPerRow, loadKernels, outputWidth, realView, split, writeProgram,
  type BoundPlan, type Kernels, type Optimizer, type Place, type Scratch, type Subtree, type UpdateRange, type Value, type Work,
} from "@shardgrad/core";
import { Barrier, Control } from "./control.js";
import { gatherer, type Gather } from "./gather.js";
import { jobScorer, stepsPerEpoch } from "./job.js";
import { EPOCH_RECORDS, SCORED_CHUNK, THETA_CHUNK, type DataPlaces, type Layout, type ScoringLayout, type TrainingLayout, type WorkerPlaces } from "./layout.js";
import { foldSums, type Scorer, type TargetRows } from "./metrics.js";
import type { BatchPart } from "./shards.js";

/** What a worker is given besides the layout. */
export interface ReplicaOptions {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly index: number;
  /** Whether there is a core for every worker, so that waiting may spin. */
  readonly spin: boolean;
}

/** One worker's part of a job. */
export interface Replica {
  /** Trains from the step in the control words until the last epoch or a stop. Throws Aborted when another worker died. */
  train(): void;
  /** Scores this worker's chunks of the scored rows with the weights of even steps. */
  score(): void;
}

/** A mutable Work, so that a step allocates nothing. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Makes the replica of one worker over a memory that holds the job's data. */
export function createReplica(layout: Layout, { memory, module, index, spin }: ReplicaOptions): Replica {
  const places = layout.workers[index];
  if (places === undefined) throw new RangeError(`replica: worker ${index} of ${layout.workers.length}`);
  const kernels: Kernels & Scratch = { ...loadKernels("f32", memory, module), scratch: places.kernels };
  const buffer = memory.buffer;
  const control = new Control(buffer);
  const scoring = layout.scoring === null ? null : createScoring(layout, layout.scoring, kernels, places, index);
  const training = layout.training === null ? null : createTraining(layout, layout.training, kernels, places, index);
  return {
    score: () => scoring?.run(0),
    train: () => {
      if (training === null || layout.job.training === null) return;
      const barrier = new Barrier(control, layout.job.workers, index, spin);
      const { epochs } = layout.job.training;
      const steps = stepsPerEpoch(layout.job.training);
      const leader = index === 0;
      let phase = 0;
      let step = control.steps;
      for (let epoch = Math.floor(step / steps); epoch < epochs; epoch += 1) {
        for (let inEpoch = step - epoch * steps; inEpoch < steps; inEpoch += 1, step += 1) {
          training.gradients(epoch, inEpoch, step);
          if (leader) control.decide(step);
          barrier.pass((phase = (phase + 1) | 0));
          training.update(epoch, inEpoch, step);
          barrier.pass((phase = (phase + 1) | 0)); // the commit: θ of step + 1 is complete
          if (leader) {
            training.record(epoch, inEpoch);
            control.steps = step + 1;
          }
          // The last step of an epoch is followed by the scores; the run ends after them.
          if (control.decided(step) && inEpoch + 1 < steps) return;
        }
        scoring?.run(step & 1);
        if (scoring !== null) barrier.pass((phase = (phase + 1) | 0));
        if (leader) {
          training.recordEpoch(epoch, scoring);
          control.finishEpochs(epoch + 1);
        }
        if (control.decided(step - 1)) return;
      }
    },
  };
}

/** Where the parameters of a graph are: θ of even or odd steps. */
function parameterPlaces(layout: Layout, leaves: readonly Value[], parity: 0 | 1): [Value, Place][] {
  return leaves.map((leaf, i) => [leaf, { address: layout.theta[parity] + 4 * (layout.parameters[i]?.offset ?? 0) }]);
}

interface Scoring {
  /** Scores this worker's chunks with θ of even (0) or odd (1) steps. */
  run(parity: number): void;
  /** The sums of all chunks, folded in chunk order. */
  fold(into: Float64Array): void;
}

function createScoring(layout: Layout, scoring: ScoringLayout, kernels: Kernels & Scratch, places: WorkerPlaces, index: number): Scoring {
  const { job } = layout;
  const { graph, chunks, sumSize, data } = scoring;
  const bound = ([0, 1] as const).map((parity): BoundPlan => {
    const map = new Map<Value, Place>([[graph.x, { address: places.x }], [graph.outputs, { address: places.outputs }], ...parameterPlaces(layout, graph.parameters, parity)]);
    if (graph.target !== null) map.set(graph.target, { address: places.target });
    if (graph.perRow !== null) map.set(graph.perRow, { address: places.perRow });
    return bind(kernels, scoring.plan, places.scoring, map);
  });
  const gather: Gather = gatherer(kernels, data, places);
  const scorer: Scorer | null = sumSize === 0 ? null : jobScorer(job);
  const width = outputWidth(job.model);
  const outputs = new Float32Array(kernels.memory.buffer, places.outputs, SCORED_CHUNK * width);
  const perRow = new Float32Array(kernels.memory.buffer, places.perRow, SCORED_CHUNK);
  const kept = scoring.outputs === 0 ? null : new Float32Array(kernels.memory.buffer, scoring.outputs, data.spec.rows * width);
  const sums = new Float64Array(kernels.memory.buffer, scoring.sums, chunks * sumSize);
  const targets = targetView(kernels.memory.buffer, data);
  const first = Math.floor((chunks * index) / job.workers);
  const end = Math.floor((chunks * (index + 1)) / job.workers);
  const work: Mutable<Work> = { rows: 0, firstRow: 0, step: 0, seed: 0, subtrees: [] };
  return {
    run: (parity) => {
      for (let chunk = first; chunk < end; chunk += 1) {
        const row = chunk * SCORED_CHUNK;
        work.rows = Math.min(SCORED_CHUNK, data.spec.rows - row);
        gather.inOrder(row, work.rows);
        bound[parity & 1]?.run(work);
        kept?.set(outputs.subarray(0, work.rows * width), row * width);
        if (scorer === null || targets === null) continue;
        const slot = sums.subarray(chunk * sumSize, (chunk + 1) * sumSize).fill(0);
        scorer.add(slot, outputs, perRow, targets(row, work.rows), work.rows);
      }
    },
    fold: (into) => {
      for (let chunk = 0; chunk < chunks; chunk += 1) foldSums(into, sums.subarray(chunk * sumSize, (chunk + 1) * sumSize));
    },
  };
}

/** Views of some rows' targets in the data, null when there are none. */
function targetView(buffer: ArrayBufferLike, { target: address, spec: { target } }: DataPlaces): ((row: number, rows: number) => TargetRows) | null {
  if (target === null) return null;
  if (target.kind === "class") return (row, rows) => ({ kind: "class", labels: new Int32Array(buffer, address + 4 * row, rows) });
  const { width } = target;
  return (row, rows) => ({ kind: "number", values: new Float32Array(buffer, address + 4 * row * width, rows * width) });
}

interface Training {
  /** Gathers this worker's rows of a step and leaves their summed gradients and loss in its subtree buffers. */
  gradients(epoch: number, inEpoch: number, step: number): void;
  /** Reduces and updates this worker's slice of θ: reads θ of the step's parity, writes the other. */
  update(epoch: number, inEpoch: number, step: number): void;
  /** Leader: adds the regularisation terms to the loss of a committed step. */
  record(epoch: number, inEpoch: number): void;
  /** Leader: stores an epoch's mean loss, end time and scores. */
  recordEpoch(epoch: number, scoring: Scoring | null): void;
}

function createTraining(layout: Layout, training: TrainingLayout, kernels: Kernels & Scratch, places: WorkerPlaces, index: number): Training {
  const { job } = layout;
  const spec = job.training;
  if (spec === null) throw new RangeError("replica: no training");
  const { graph, cuts } = training;
  const { buffer } = kernels.memory;
  const words = new Int32Array(buffer);
  const steps = stepsPerEpoch(spec);

  const bound = ([0, 1] as const).map((parity): BoundPlan => {
    const map = new Map<Value, Place>([[graph.x, { address: places.x }], [graph.target, { address: places.target }], ...parameterPlaces(layout, graph.parameters, parity)]);
    const stride = training.gradientBytes;
    graph.uses.forEach((uses, i) =>
      uses.forEach((value, use) => {
        const extra = training.extraUses.find((e) => e.parameter === layout.parameters[i] && e.use === use);
        map.set(value, { address: places.subtrees + 4 * (extra?.offset ?? layout.parameters[i]?.offset ?? 0), stride });
      }),
    );
    map.set(graph.loss, { address: places.subtrees + 4 * training.lossOffset, stride });
    return bind(kernels, training.plan, places.training, map);
  });

  const parts = cuts.map(({ parts: all }, cut): { part: BatchPart; subtrees: Subtree[] } => {
    const part = all[index];
    if (part === undefined) throw new RangeError(`replica: the batch has no part ${index}`);
    const subtrees = part.subtrees.map(({ firstRow, rows, merges }, i): Subtree => {
      const program = training.programs[cut]?.[index]?.[i] ?? 0;
      writeProgram(words, program >> 2, rows, merges);
      return { firstRow, program };
    });
    return { part, subtrees };
  });
  // Every worker writes the same words, so it does not matter who is first.
  cuts.forEach(({ parts: all, merges }, cut) => {
    const addresses = all.flatMap(({ subtrees }, w) => subtrees.map((_, i) => (layout.workers[w]?.subtrees ?? 0) + i * training.gradientBytes));
    writeProgram(words, (training.reduceTables[cut] ?? 0) >> 2, addresses, merges);
  });

  const gather = gatherer(kernels, training.data, places);
  const work: Mutable<Work> = { rows: 0, firstRow: 0, step: 0, seed: spec.seed, subtrees: [] };
  const losses = [0, 1].map((parity) => new Float64Array(buffer, training.losses + parity * steps * 8, steps));
  const lossView = realView(kernels, places.gradient, 1);
  const update = createUpdate(layout, training, kernels, places, index);
  const cutOf = (inEpoch: number): 0 | 1 => (inEpoch + 1 === steps ? 1 : 0);
  const perRow = lossesPerRow(job.loss, outputWidth(job.model));
  const scaleOf = (cut: 0 | 1): number => (job.loss.reduction === "mean" ? 1 / (cuts[cut].rows * perRow) : 1);
  const regularised = spec.l1 !== 0 || spec.l2 !== 0;
  const chunkSums = new Float64Array(buffer, training.chunkSums, Math.ceil(layout.thetaCount / THETA_CHUNK) * 2);

  return {
    gradients: (epoch, inEpoch, step) => {
      const current = parts[cutOf(inEpoch)];
      if (current === undefined || current.part.rows === 0) return;
      const { part, subtrees } = current;
      work.rows = part.rows;
      work.firstRow = part.firstRow;
      work.step = step;
      work.subtrees = subtrees;
      const first = inEpoch * spec.batchSize + part.firstRow;
      if (spec.shuffle) gather.shuffled(first, part.rows, spec.seed, epoch);
      else gather.inOrder(first, part.rows);
      bound[step & 1]?.run(work);
    },
    update: (epoch, inEpoch, step) => {
      const cut = cutOf(inEpoch);
      const table = training.reduceTables[cut] ?? 0;
      update(step, table, scaleOf(cut));
      if (index === 0) {
        kernels.reduceTree(1, table, training.lossOffset * 4, places.gradient, kernels.scratch);
        const slot = losses[epoch & 1];
        if (slot !== undefined) slot[inEpoch] = (lossView[0] ?? Number.NaN) * scaleOf(cut);
      }
    },
    record: (epoch, inEpoch) => {
      if (!regularised) return;
      const slot = losses[epoch & 1];
      const chunks = chunkSums.length / 2;
      const term = spec.l1 * treeSum(chunkSums, 0, chunks, 0) + spec.l2 * treeSum(chunkSums, 0, chunks, 1);
      if (slot !== undefined) slot[inEpoch] = (slot[inEpoch] ?? 0) + term;
    },
    recordEpoch: (epoch, scoring) => {
      const slot = losses[epoch & 1];
      const record = new Float64Array(buffer, training.records + (epoch % EPOCH_RECORDS) * training.recordSize * 8, training.recordSize);
      let sum = 0;
      for (let i = 0; i < steps; i += 1) sum += slot?.[i] ?? 0;
      record.fill(0);
      record[0] = sum / steps;
      record[1] = performance.timeOrigin + performance.now();
      scoring?.fold(record.subarray(2));
    },
  };
}

/** Σ over chunks of one of their two sums, by the reduction tree. */
function treeSum(sums: Float64Array, lo: number, hi: number, which: 0 | 1): number {
  if (hi - lo === 1) return sums[2 * lo + which] ?? 0;
  const middle = split(lo, hi);
  return treeSum(sums, lo, middle, which) + treeSum(sums, middle, hi, which);
}

/** The update of one worker's slice of θ: all-reduce fused with the optimizer, chunk by chunk. */
function createUpdate(
  layout: Layout, training: TrainingLayout, kernels: Kernels & Scratch, places: WorkerPlaces, index: number,
): (step: number, table: number, scale: number) => void {
  const { job, theta, thetaCount, decayingCount } = layout;
  const { l1, l2, optimizer: optimizerSpec } = job.training ?? { l1: 0, l2: 0, optimizer: { name: "sgd", lr: 0 } as const };
  const optimizer: Optimizer = createOptimizer(optimizerSpec, kernels);
  const regularised = l1 !== 0 || l2 !== 0;
  // Sums over θ are kept per whole chunk, so slices are whole chunks then; otherwise cache lines do.
  const unit = regularised ? THETA_CHUNK : 16;
  const units = Math.ceil(thetaCount / unit);
  const lo = Math.floor((units * index) / job.workers) * unit;
  const hi = Math.min(thetaCount, Math.floor((units * (index + 1)) / job.workers) * unit);
  const chunkSums = new Float64Array(kernels.memory.buffer, training.chunkSums, Math.ceil(thetaCount / THETA_CHUNK) * 2);
  const uniform = !regularised && (optimizerSpec.weightDecay ?? (optimizerSpec.name === "adamw" ? 0.01 : 0)) === 0;
  const range: UpdateRange = { n: 0, w: 0, wNext: 0, g: 0, slots: [], slotsNext: [], scale: 1, l1: 0, l2: 0, decays: false };

  const updateRange = (from: number, to: number, gradientAt: number, now: 0 | 1, next: 0 | 1, decays: boolean): void => {
    if (from >= to) return;
    range.n = to - from;
    range.w = theta[now] + 4 * from;
    range.wNext = theta[next] + 4 * from;
    range.g = gradientAt;
    for (let i = 0; i < training.slotPlaces.length; i += 1) {
      const place = training.slotPlaces[i];
      range.slots[i] = (place?.[now] ?? 0) + 4 * from;
      range.slotsNext[i] = (place?.[next] ?? 0) + 4 * from;
    }
    range.decays = decays;
    range.l1 = decays ? l1 : 0;
    range.l2 = decays ? 2 * l2 : 0;
    optimizer.update(range);
  };

  return (step, table, scale) => {
    const now = (step & 1) as 0 | 1;
    const next = (now ^ 1) as 0 | 1;
    optimizer.begin(step);
    range.scale = scale;
    for (let from = lo; from < hi; ) {
      const chunk = Math.floor(from / THETA_CHUNK);
      const to = Math.min(hi, (chunk + 1) * THETA_CHUNK);
      kernels.reduceTree(to - from, table, 4 * from, places.gradient, kernels.scratch);
      for (const extra of training.extraUses) addUse(kernels, extra, table, from, to, places);
      if (uniform) updateRange(from, to, places.gradient, now, next, false);
      else {
        const border = Math.min(Math.max(from, decayingCount), to);
        updateRange(from, border, places.gradient, now, next, true);
        updateRange(border, to, places.gradient + 4 * (border - from), now, next, false);
        if (regularised) {
          chunkSums[2 * chunk] = border > from ? kernels.sumAbs(border - from, theta[now] + 4 * from) : 0;
          chunkSums[2 * chunk + 1] = border > from ? kernels.sumSquares(border - from, theta[now] + 4 * from) : 0;
        }
      }
      from = to;
    }
  };
}

/** Adds the reduced gradient of a parameter's further use to the chunk [from, to) of the gradient. */
function addUse(
  kernels: Kernels & Scratch, extra: TrainingLayout["extraUses"][number], table: number, from: number, to: number, places: WorkerPlaces,
): void {
  const { offset, count } = extra.parameter;
  const lo = Math.max(from, offset);
  const hi = Math.min(to, offset + count);
  if (lo >= hi) return;
  const n = hi - lo;
  kernels.reduceTree(n, table, 4 * (extra.offset + lo - offset), places.gradient2, kernels.scratch);
  const at = places.gradient + 4 * (lo - from);
  kernels.add(1, n, at, n, 1, places.gradient2, n, 1, at);
}
