// One worker's way through the phases of a run, over the control words; knows no kernel and no thread.
import type { Barrier, Control } from "./control.js";
import { moveTo, type Phases, type Position } from "./position.js";
import type { Scoring } from "./scoring.js";
import { SCORE, WAIT, type Tracer } from "./trace.js";
import type { StoreHash } from "./theta-hashes.js";
import type { TrainingStep } from "./training-step.js";

/** Everything one worker's line runs on. */
export interface Line {
  readonly phases: Phases;
  readonly control: Control;
  readonly barrier: Barrier;
  /** How many workers there may be: one that has left may have marked the step before. */
  readonly maxWorkers: number;
  readonly index: number;
  readonly step: TrainingStep;
  readonly scoring: Scoring | null;
  readonly tracer: Tracer | null;
  /** The leader's, when hashes of θ are asked for. */
  readonly storeHash: StoreHash | null;
}

/** What came of trying to pass a phase: it was passed; or nothing was done, as the run is over, stops here, or pauses here. */
export type Passed = "passed" | "over" | "paused";

/** Passes the phases from this worker's own phase word to the end of the run, or to a stop or pause. */
export function trainAll(line: Line, probe: boolean): Exclude<Passed, "passed"> {
  const at: Position = { finished: 0, phase: "gradients", epoch: 0, inEpoch: 0, step: 0 };
  start(line, at);
  if (probe && at.phase === "gradients" && at.finished < line.phases.total) tryShards(at, line);
  for (;;) {
    const passed = passPhase(line, at);
    if (passed !== "passed") return passed;
  }
}

/**
 * Goes to where this worker's phase word says. The word may come from a predecessor that ended inside the barrier, while
 * others had not finished the phase, or before it had woken them: so this worker passes that barrier again.
 */
export function start({ phases, control, barrier, index }: Line, at: Position): void {
  moveTo(at, phases, control.finishedPhases(index, phases));
  barrier.pass(at.finished);
}

/** Passes the next phase, if there is one. All workers come to the same verdict. */
export function passPhase(
  { phases, control, barrier, maxWorkers, index, step, scoring, tracer, storeHash }: Line,
  at: Position,
): Passed {
  // A number that is not finite cancels the commit: the run ends with θ of the step before.
  if (at.step > 0 && at.phase !== "update" && control.foundNonFinite(maxWorkers, at.step - 1))
    return "over";
  // What the leader owes for the phase just finished comes first: a leader that ended before it is made up for here.
  if (index === 0) record(at, phases, control, step, scoring);
  const enough =
    at.phase === "gradients" &&
    at.inEpoch === 0 &&
    at.step > 0 &&
    step.endEpoch(at.epoch - 1, at.step, scoring);
  if (enough || at.finished >= phases.total) return "over";
  if (at.phase === "gradients" && at.step > 0) {
    if (step.hasConverged(at.step)) return "over";
    if (control.stopsAfter(at.step - 1)) return "over";
    // Before the snapshot: those who go on take it, all of it.
    if (control.pausesAfter(at.step - 1)) return "paused";
    if (control.snapshotAfter(at.step - 1)) step.snapshot(at.epoch, at.inEpoch, at.step);
  }
  switch (at.phase) {
    case "gradients":
      storeHash?.(at.step);
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
  return "passed";
}

/** Runs each shard alone, its number in the control words: if one ends this worker, the supervisor knows which. */
function tryShards(at: Position, { control, index, step }: Line): void {
  for (const shard of step.shardsOf(at.inEpoch)) {
    control.probe(index, shard);
    step.tryShard(at.epoch, at.inEpoch, at.step, shard);
  }
  control.probe(index, null);
}

/** The leader's records of what is finished at a position. Storing them again is harmless. */
function record(
  at: Position,
  { stepsPerEpoch: steps, perEpoch }: Phases,
  control: Control,
  step: TrainingStep,
  scoring: Scoring | null,
): void {
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
