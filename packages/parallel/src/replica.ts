// One worker's straight line through a run: no messages, no allocation; nothing here knows a thread.
//
// every step: gather rows → forward → backward into own gradients → ‖ → for my slice of θ: sum over shards,
// ÷ rows of the batch, optimizer: θ[step+1] from θ[step] → ‖ (the commit) → next step
import { checkArithmetic, loadKernels, type Kernels, type Products, type Scratch } from "@shardgrad/core";
import { Barrier, Control } from "./control.js";
import { stepsPerEpoch } from "./job.js";
import type { Layout } from "./layout.js";
import { moveTo, phasesOf, type Phases, type Position } from "./position.js";
import { createScoring, type Scoring } from "./scoring.js";
import { SCORE, Tracer, WAIT } from "./trace.js";
import { createTrainingStep, type TrainingStep } from "./training-step.js";

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
   * Passes the phases of the run from this worker's own phase word to the end, or to a stop. A worker that starts late,
   * in the place of one that ended, so finishes the phase in which the others wait. Throws Aborted when the run ends.
   */
  train(): void;
  /** Scores this worker's chunks of the scored rows with the weights of even steps. */
  score(): void;
}

/**
 * Makes the replica of one worker over a memory that holds the job's data.
 * @param products what multiplies matrices instead of our kernels
 */
export function createReplica(layout: Layout, { memory, module, index, spin, probe, snapshot, trace }: ReplicaOptions, products?: Products): Replica {
  const places = layout.workers[index];
  if (places === undefined) throw new RangeError(`replica: worker ${index} of ${layout.workers.length}`);
  const kernels: Kernels & Scratch = { ...loadKernels("f32", memory, module), ...products, scratch: places.kernels };
  checkArithmetic(kernels, places.kernels);
  const control = new Control(memory.buffer);
  const tracer = trace === null ? null : new Tracer(trace, layout.job.workers, index);
  const scoring = layout.scoring === null ? null : createScoring(layout, layout.scoring, kernels, places, index);
  const step = layout.training === null ? null : createTrainingStep(layout, layout.training, kernels, places, index, { snapshot, tracer });
  return {
    score: () => scoring?.run(0),
    train: () => {
      const { training } = layout.job;
      if (step === null || training === null) throw new TypeError("replica: the job has no training");
      const phases = phasesOf(stepsPerEpoch(training), training.epochs, scoring !== null);
      const barrier = new Barrier(control, layout.job.workers, index, spin);
      trainAll({ phases, control, barrier, workers: layout.job.workers, index, step, scoring, tracer }, probe);
      tracer?.end(control.steps);
    },
  };
}

/** Everything one worker's line runs on. */
interface Line {
  readonly phases: Phases;
  readonly control: Control;
  readonly barrier: Barrier;
  readonly workers: number;
  readonly index: number;
  readonly step: TrainingStep;
  readonly scoring: Scoring | null;
  readonly tracer: Tracer | null;
}

function trainAll({ phases, control, barrier, workers, index, step, scoring, tracer }: Line, probe: boolean): void {
  const at: Position = { finished: 0, phase: "gradients", epoch: 0, inEpoch: 0, step: 0 };
  moveTo(at, phases, control.finishedPhases(index, phases));
  if (probe && at.phase === "gradients" && at.finished < phases.total) tryShards(at, control, index, step);
  for (;;) {
    // A number that is not finite cancels the commit: the run ends with θ of the step before.
    if (at.step > 0 && at.phase !== "update" && control.foundNonFinite(workers, at.step - 1)) return;
    // What the leader owes for the phase just finished comes first: a leader that ended before it is made up for here.
    if (index === 0) record(at, phases, control, step, scoring);
    if (at.finished >= phases.total) return;
    if (at.phase === "gradients" && at.step > 0) {
      if (control.stopsAfter(at.step - 1)) return;
      if (control.snapshotAfter(at.step - 1)) step.snapshot(at.epoch, at.inEpoch, at.step);
    }
    switch (at.phase) {
      case "gradients":
        step.gradients(at.epoch, at.inEpoch, at.step);
        if (index === 0) control.decide(at.step);
        break;
      case "update":
        if (!step.update(at.epoch, at.inEpoch, at.step)) control.markNonFinite(index, at.step);
        break;
      case "score":
        tracer?.turn(SCORE, at.step - 1);
        scoring?.run((at.step & 1) as 0 | 1);
        break;
    }
    tracer?.turn(WAIT, at.phase === "score" ? at.step - 1 : at.step);
    // Passing the barrier after an update is the commit: θ of the next step is complete.
    barrier.pass(at.finished + 1);
    moveTo(at, phases, at.finished + 1);
  }
}

/** Runs each shard alone, its number in the control words: if one ends this worker, the supervisor knows which. */
function tryShards(at: Position, control: Control, index: number, step: TrainingStep): void {
  for (const shard of step.shardsOf(at.inEpoch)) {
    control.probe(index, shard);
    step.tryShard(at.epoch, at.inEpoch, at.step, shard);
  }
  control.probe(index, null);
}

/** The leader's records of what is finished at a position. Storing them again is harmless. */
function record(at: Position, { stepsPerEpoch: steps, perEpoch }: Phases, control: Control, step: TrainingStep, scoring: Scoring | null): void {
  if (at.phase === "update" || at.step === 0) return;
  const last = at.step - 1;
  const epoch = Math.floor(last / steps);
  if (last >= control.steps) {
    step.recordStep(epoch, last - epoch * steps);
    control.steps = at.step;
  }
  if (at.finished === (epoch + 1) * perEpoch && control.epochs <= epoch) {
    step.recordEpoch(epoch, scoring);
    control.finishEpochs(epoch + 1);
  }
}
