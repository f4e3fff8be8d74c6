// Where everything lies in the shared memory: a pure function of the job, so that every thread computes the same.
//
// control | tables | θ even, odd | optimizer even, odd | losses, epoch records | gradients per worker's subtree | data | scratch per worker
import {
  align,
  elements,
  outputWidth,
  parameterSpecs,
  plan,
  programWords,
  SCRATCH_BYTES,
  slotNames,
  type ParameterSpec,
  type Place,
  type Plan,
  type Value,
} from "@shardgrad/core";
import { controlBytes } from "./control.js";
import { CHUNK_SUMS } from "./chunk-sums.js";
import { VERDICT_NUMBERS } from "./early-stopping.js";
import { FEED_BYTES } from "./feed-word.js";
import { NO_OPS, type CustomOps } from "../custom-ops.js";
import {
  blockSpecWidth,
  jobScorer,
  stepsPerEpoch,
  type DataSpec,
  type JobSpec,
  type TrainingSpec,
} from "./job.js";
import { scoringGraph, trainingGraph, type ScoringGraph, type TrainingGraph } from "./network.js";
import { cutBatch, type BatchCut } from "./shards.js";
import { HASH_BYTES, HASH_RECORDS } from "./theta-hashes.js";
import { WINDOW_SLOTS, windowsOf } from "./windows.js";

/** Rows that are scored in one go; sums of scores are kept per chunk and folded in chunk order. */
export const SCORED_CHUNK = 256;

/** Numbers of θ in one chunk of the update: stays in L1, and the unit in which scalars over θ are summed. */
export const THETA_CHUNK = 4096;

/** Epoch records that are kept for the main thread to read. */
export const EPOCH_RECORDS = 65536;

/** Numbers of f64 that a run with a tolerance begins with: the steps before it, and the change of θ in the last of them. */
export const CONVERGENCE_NUMBERS = 2;

/** A parameter's place in θ. */
export interface ParameterPlace extends ParameterSpec {
  readonly offset: number; // in numbers from the start of θ
  readonly count: number;
}

/** A second or later use of a parameter: its gradient sum lies behind the mirror of θ. */
export interface ExtraUse {
  readonly parameter: ParameterPlace;
  readonly use: number;
  readonly offset: number; // in numbers from the start of a gradient buffer
}

/** Addresses of one dataset's parts. */
export interface DataPlaces {
  readonly spec: DataSpec;
  readonly blocks: readonly number[];
  readonly target: number;
}

/** Addresses of one worker's scratch. */
export interface WorkerPlaces {
  readonly kernels: number; // packing space
  readonly indices: number;
  readonly x: number;
  readonly target: number;
  readonly gradient: number; // one chunk of the reduced gradient
  readonly gradient2: number; // one chunk of a further use
  readonly training: number; // intermediate results and constants of the training plan
  readonly scoring: number; // the same of the scoring plan: constants are written once, so the two never share
  readonly perRow: number;
  readonly outputs: number;
  readonly subtrees: number; // gradient buffers, one after the other
  readonly probe: number; // row program of one shard
}

/** How the workers' sums are merged. */
interface Programs {
  readonly programs: readonly (readonly (readonly number[])[])[]; // [cut][worker][subtree]
  readonly reduceTables: readonly number[]; // [cut]
}

/** What belongs to training. */
export interface TrainingLayout extends Programs {
  readonly graph: TrainingGraph;
  readonly plan: Plan;
  readonly cuts: readonly [full: BatchCut, last: BatchCut];
  readonly slots: readonly string[];
  readonly slotPlaces: readonly (readonly [even: number, odd: number])[];
  readonly extraUses: readonly ExtraUse[];
  readonly lossOffset: number; // in numbers from the start of a gradient buffer
  readonly gradientBytes: number; // of one buffer
  readonly subtreesPerWorker: number;
  readonly dataLosses: number; // f64 per step, for even and odd epochs
  readonly losses: number; // the same with the regularisation terms
  readonly records: number; // f64 per epoch
  readonly recordSize: number; // in numbers
  readonly chunkSums: number; // f64, see chunk-sums.ts
  readonly convergence: number; // f64, see convergence.ts
  readonly verdicts: number; // f64, see early-stopping.ts
  readonly hashes: number; // of θ, see theta-hashes.ts
  readonly best: number; // θ of the best epoch
  readonly data: DataPlaces;
  /** Where windows of rows are, which take the places in turn: data in memory has one, for all of its rows. */
  readonly windows: readonly DataPlaces[];
  readonly feed: number; // see feed.ts
}

/** What belongs to scoring. */
export interface ScoringLayout {
  readonly graph: ScoringGraph;
  readonly plan: Plan;
  readonly chunks: number;
  readonly sums: number; // f64 per chunk
  readonly sumSize: number; // in numbers
  readonly outputs: number; // f32 [rows, outputs], 0 when not kept
  readonly data: DataPlaces;
}

/** The whole layout. */
export interface Layout {
  readonly job: JobSpec;
  readonly bytes: number;
  /** Bytes before the workers' own places: at the same addresses for any number of workers. */
  readonly commonBytes: number;
  /** What one more worker needs: gradients and scratch. */
  readonly bytesPerWorker: number;
  readonly parameters: readonly ParameterPlace[];
  readonly thetaCount: number; // numbers in θ, with padding
  readonly decayingCount: number; // the first ones, to which L1, L2 and weight decay apply
  readonly theta: readonly [even: number, odd: number];
  readonly workers: readonly WorkerPlaces[];
  readonly training: TrainingLayout | null;
  readonly scoring: ScoringLayout | null;
}

// Every parameter starts on a cache line.
const LINE = 16;
const lines = (count: number): number => Math.ceil(count / LINE) * LINE;

/** Parameters in the order of θ: those that decay first, so that each chunk has at most one border. */
function placeParameters(job: JobSpec): {
  parameters: ParameterPlace[];
  thetaCount: number;
  decayingCount: number;
} {
  const specs = parameterSpecs(job.model);
  let offset = 0;
  const place = (spec: ParameterSpec): ParameterPlace => {
    const placed = { ...spec, offset, count: elements(spec.shape) };
    offset += lines(placed.count);
    return placed;
  };
  const byName = new Map<string, ParameterPlace>();
  for (const spec of specs) if (spec.decays) byName.set(spec.name, place(spec));
  const decayingCount = offset;
  for (const spec of specs) if (!spec.decays) byName.set(spec.name, place(spec));
  return {
    parameters: specs.map(({ name }) => byName.get(name) as ParameterPlace),
    thetaCount: offset,
    decayingCount,
  };
}

/**
 * Lays the job out, with the user's own ops when the model names some. What crosses steps lies first, at the same places
 * for any number of workers up to the job's most; what each worker has for itself comes last. So another number of
 * workers goes on in the same memory, when it has room for both.
 */
export function createLayout(job: JobSpec, ops: CustomOps["ops"] = NO_OPS.ops): Layout {
  const { workers } = job;
  const { parameters, thetaCount, decayingCount } = placeParameters(job);
  let end = 0;
  const take = (bytes: number): number => {
    const at = end;
    end += align(bytes);
    return at;
  };
  const takePair = (bytes: number): readonly [number, number] => [take(bytes), take(bytes)];
  const takeData = (spec: DataSpec): DataPlaces => ({
    spec,
    blocks: spec.blocks.map((block) =>
      take(
        spec.rows *
          (block.kind === "u8" ? block.width : 4 * (block.kind === "oneHot" ? 1 : block.width)),
      ),
    ),
    target:
      spec.target === null
        ? 0
        : take(spec.rows * 4 * (spec.target.kind === "class" ? 1 : spec.target.width)),
  });

  take(controlBytes(job.maxWorkers));
  const theta = job.training === null ? sharedPair(take(thetaCount * 4)) : takePair(thetaCount * 4);
  const common =
    job.training === null
      ? null
      : layTraining(job, parameters, thetaCount, { take, takePair, takeData, ops });
  const scoring = job.scored === null ? null : layScoring(job, job.scored, { take, takeData, ops });

  const mostRows = Math.max(
    common === null ? 0 : mostPartRows(common.cuts),
    scoring === null ? 0 : SCORED_CHUNK,
  );
  const targetWidth = Math.max(
    1,
    ...[job.training?.data.target, job.scored?.target].map((t) =>
      t && t.kind !== "class" ? t.width : 1,
    ),
  );
  const before = end;
  const training = common === null ? null : { ...common, ...layPrograms(common.cuts, take) };
  const takeWorker = (): WorkerPlaces => ({
    kernels: take(SCRATCH_BYTES),
    indices: take(mostRows * 4),
    x: take(mostRows * job.model.inputs * 4),
    target: take(mostRows * targetWidth * 4),
    gradient: take(THETA_CHUNK * 4),
    gradient2: take(THETA_CHUNK * 4),
    training: take(training?.plan.bytes ?? 0),
    scoring: take(scoring?.plan.bytes ?? 0),
    perRow: take(SCORED_CHUNK * 4),
    outputs: take(SCORED_CHUNK * outputWidth(job.model) * 4),
    subtrees: take((training?.gradientBytes ?? 0) * (training?.subtreesPerWorker ?? 0)),
    probe: take(programWords(1) * 4),
  });
  const places = Array.from({ length: workers }, takeWorker);
  return {
    job,
    bytes: end,
    commonBytes: before,
    bytesPerWorker: Math.ceil((end - before) / workers),
    parameters,
    thetaCount,
    decayingCount,
    theta,
    workers: places,
    training,
    scoring,
  };
}

/** Bytes of a memory in which any number of workers up to the job's most can go on. */
export function mostBytes(job: JobSpec, ops?: CustomOps["ops"]): number {
  const counts = Array.from({ length: job.maxWorkers }, (_, i) => i + 1);
  return Math.max(...counts.map((workers) => createLayout({ ...job, workers }, ops).bytes));
}

const sharedPair = (at: number): readonly [number, number] => [at, at];

/** The most rows that one worker has of a batch. */
function mostPartRows(cuts: readonly BatchCut[]): number {
  return Math.max(...cuts.flatMap(({ parts }) => parts.map((part) => part.rows)));
}

interface Takes {
  readonly take: (bytes: number) => number;
  readonly takePair: (bytes: number) => readonly [number, number];
  readonly takeData: (spec: DataSpec) => DataPlaces;
  readonly ops: CustomOps["ops"];
}

function layTraining(
  job: JobSpec,
  parameters: readonly ParameterPlace[],
  thetaCount: number,
  { take, takePair, takeData, ops }: Takes,
): Omit<TrainingLayout, keyof Programs> {
  const { training } = job;
  if (training === null) throw new RangeError("layout: no training");
  const { batchSize, shards, data } = training;
  const graph = trainingGraph(job, ops);
  const cut = (rows: number): BatchCut => cutBatch(rows, batchSize, shards, job.workers);
  const cuts = [
    cut(Math.min(batchSize, data.rows)),
    cut(data.rows % batchSize || Math.min(batchSize, data.rows)),
  ] as const;

  let gradientCount = thetaCount;
  const extraUses = graph.uses.flatMap((uses, i) =>
    uses.slice(1).map((_, j): ExtraUse => {
      const parameter = parameters[i] as ParameterPlace;
      const offset = gradientCount;
      gradientCount += lines(parameter.count);
      return { parameter, use: j + 1, offset };
    }),
  );
  const lossOffset = gradientCount;
  const gradientBytes = align((gradientCount + LINE) * 4);

  const placed = new Set<Value>([
    graph.x,
    graph.target,
    ...graph.parameters,
    graph.loss,
    ...graph.uses.flat(),
  ]);
  // The loss first, so that all of the forward pass comes before all of the backward pass.
  const lowered = plan([graph.loss, ...graph.uses.flat()], {
    bytes: 4,
    mostRows: mostPartRows(cuts),
    placed,
  });

  const steps = stepsPerEpoch(training);
  const recordSize = 2 + (job.scored === null ? 0 : jobScorer(job).size);
  return {
    graph,
    plan: lowered,
    cuts,
    slots: slotNames(training.optimizer),
    slotPlaces: slotNames(training.optimizer).map(() => takePair(thetaCount * 4)),
    extraUses,
    lossOffset,
    gradientBytes,
    subtreesPerWorker: Math.max(
      ...cuts.flatMap(({ parts }) => parts.map((part) => part.subtrees.length)),
    ),
    dataLosses: take(2 * steps * 8),
    losses: take(2 * steps * 8),
    records: take(Math.min(training.epochs, EPOCH_RECORDS) * recordSize * 8),
    recordSize,
    chunkSums: take(Math.ceil(thetaCount / THETA_CHUNK) * CHUNK_SUMS * 8),
    convergence: take(CONVERGENCE_NUMBERS * 8),
    verdicts: take(VERDICT_NUMBERS * 8),
    hashes: take(training.hashEvery === null ? 0 : HASH_RECORDS * HASH_BYTES),
    best: take(training.stopping === null ? 0 : thetaCount * 4),
    ...takeWindows(training, takeData),
    feed: take(training.window === null ? 0 : FEED_BYTES),
  };
}

function layPrograms(cuts: readonly BatchCut[], take: Takes["take"]): Programs {
  return {
    programs: cuts.map(({ parts }) =>
      parts.map(({ subtrees }) => subtrees.map(({ rows }) => take(programWords(rows.length) * 4))),
    ),
    reduceTables: cuts.map(({ merges }) => take(programWords(merges.length) * 4)),
  };
}

/** Room for the rows: all of them, or as many windows as are in memory together. */
function takeWindows(
  training: TrainingSpec,
  takeData: Takes["takeData"],
): Pick<TrainingLayout, "data" | "windows"> {
  const take = (): DataPlaces =>
    takeData({
      ...training.data,
      rows: Math.min(training.data.rows, windowsOf(training).rows),
    });
  const data = take();
  const more = training.window === null ? 0 : WINDOW_SLOTS - 1;
  return { data, windows: [data, ...Array.from({ length: more }, take)] };
}

function layScoring(
  job: JobSpec,
  scored: DataSpec,
  { take, takeData, ops }: Omit<Takes, "takePair">,
): ScoringLayout {
  const graph = scoringGraph(job, ops);
  const placed = new Set<Value>([graph.x, graph.outputs, ...graph.parameters]);
  if (graph.target !== null) placed.add(graph.target);
  if (graph.perRow !== null) placed.add(graph.perRow);
  const outputs = graph.perRow === null ? [graph.outputs] : [graph.outputs, graph.perRow];
  const chunks = Math.ceil(scored.rows / SCORED_CHUNK);
  const sumSize = scored.target === null ? 0 : jobScorer(job).size;
  return {
    graph,
    plan: plan(outputs, { bytes: 4, mostRows: SCORED_CHUNK, placed }),
    chunks,
    sums: take(chunks * sumSize * 8),
    sumSize,
    outputs: job.keepOutputs ? take(scored.rows * outputWidth(job.model) * 4) : 0,
    data: takeData(scored),
  };
}

/** Where the parameters of a graph are: θ of even or odd steps. */
export function parameterPlaces(
  layout: Layout,
  leaves: readonly Value[],
  parity: 0 | 1,
): [Value, Place][] {
  return leaves.map((leaf, i) => [
    leaf,
    { address: layout.theta[parity] + 4 * (layout.parameters[i]?.offset ?? 0) },
  ]);
}

/** Features that a dataset's blocks give. */
export function inputWidth(spec: DataSpec): number {
  return spec.blocks.reduce((sum, block) => sum + blockSpecWidth(block), 0);
}
