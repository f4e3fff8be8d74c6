// One worker's straight line through a run: no messages, no allocation; nothing here knows a thread.
//
// every step: gather rows → forward → backward into own gradients → ‖ → for my slice of θ: sum over shards,
// ÷ rows of the batch, optimizer: θ[step+1] from θ[step] → ‖ (the commit) → next step
import {
  checkArithmetic,
  type Calls,
  loadKernels,
  type Kernels,
  type Products,
  type Scratch,
} from "@shardgrad/core";
import { Barrier } from "./barrier.js";
import { Control } from "./control.js";
import { jobPhases } from "./job.js";
import { SCORED_CHUNK, type Layout } from "./layout.js";
import { trainAll } from "./phases.js";
import { createScoring } from "./scoring.js";
import { shardRows } from "./shards.js";
import { createHashing } from "./theta-hashes.js";
import { Tracer } from "./trace.js";
import { createTrainingStep } from "./training-step.js";

/** What a worker is given besides the job. */
export interface ReplicaOptions {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly index: number;
  /** Whether there is a core for every worker, so that waiting may spin. */
  readonly spin: boolean;
  /** Whether to try the first phase's shards one by one before all together: two workers ended in it. */
  readonly probe: boolean;
  /** Where snapshots go, null when there are none. */
  readonly snapshot: SharedArrayBuffer | null;
  /** Where traces go, null when there are none. */
  readonly trace: SharedArrayBuffer | null;
}

/** One worker's part of a job. */
export interface Replica {
  /**
   * Passes the phases of the run from this worker's own phase word to the end, or to a stop or pause; says whether it
   * is a pause. A worker that starts late, in the place of one that ended, so finishes the phase in which the others
   * wait. Throws Aborted when the run ends.
   */
  train(): boolean;
  /** Scores this worker's chunks of the scored rows with the weights of even steps. */
  score(): void;
}

/**
 * Makes the replica of one worker over a memory that holds the job's data.
 * @param productsOf what multiplies matrices instead of our kernels
 */
export function createReplica(
  layout: Layout,
  { memory, module, index, spin, probe, snapshot, trace }: ReplicaOptions,
  productsOf?: (calls: Calls) => Products,
): Replica {
  const places = layout.workers[index];
  if (places === undefined)
    throw new RangeError(`replica: worker ${index} of ${layout.workers.length}`);
  const own = loadKernels("f32", memory, module);
  // A native product's bits may depend on how many rows it has: in training they are those of a shard, whoever runs it.
  const kernelsFor = (calls: Calls): Kernels & Scratch & Partial<Products> => ({
    ...own,
    ...productsOf?.(calls),
    scratch: places.kernels,
  });
  checkArithmetic(own, places.kernels);
  const control = new Control(memory.buffer);
  const tracer = trace === null ? null : new Tracer(trace, layout.job.maxWorkers, index);
  const { training: spec } = layout.job;
  const scoring =
    layout.scoring === null
      ? null
      : createScoring(
          layout,
          layout.scoring,
          kernelsFor({ rows: SCORED_CHUNK, shards: 1 }),
          places,
          index,
        );
  const step =
    layout.training === null || spec === null
      ? null
      : createTrainingStep(
          layout,
          layout.training,
          kernelsFor({ rows: shardRows(spec.batchSize, spec.shards), shards: spec.shards }),
          places,
          index,
          { snapshot, tracer },
        );
  const storeHash = index === 0 ? createHashing(layout, memory.buffer, control) : null;
  return {
    score: () => scoring?.run(0),
    train: () => {
      const { training } = layout.job;
      if (step === null || training === null)
        throw new TypeError("replica: the job has no training");
      const phases = jobPhases(training, layout.job);
      const barrier = new Barrier(control, layout.job.workers, index, spin);
      const { maxWorkers } = layout.job;
      const line = {
        phases,
        control,
        barrier,
        maxWorkers,
        index,
        step,
        scoring,
        tracer,
        skips: training.onNonFinite === "skip",
        storeHash,
      };
      const ended = trainAll(line, probe);
      tracer?.end(control.steps);
      return ended === "paused";
    },
  };
}
