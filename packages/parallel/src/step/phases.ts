// One worker's way through the phases of a run, over the control words; knows no kernel and no thread.
import type { Barrier } from "./barrier.js";
import type { Control } from "./control.js";
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
  /** Whether a step whose numbers are not finite is skipped; otherwise it ends the run. */
  readonly skips: boolean;
  /** The leader's, when hashes of θ are asked for. */
  readonly storeHash: StoreHash | null;
}

/** What came of trying to pass a phase: it was passed; or nothing was done, as the run is over, stops here, or pauses here. */
export type Passed = "passed" | "over" | "paused";

/** Passes the phases from this worker's own phase word to the end of the run, or to a stop or pause. */
export function trainAll(line: Line, probe: boolean): Exclude<Passed, "passed"> {
  const at: Position = { finished: 0, phase: "gradients", epoch: 0, inEpoch: 0, step: 0 };
  start(line, at);
  if (probe && at.phase === "gradients" && at.finished < line.phases.total) {
    const before = skippedBefore(line, at);
    tryShards(at, at.step - before, line);
  }
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
export function passPhase(line: Line, at: Position): Passed {
  const { phases, control, barrier, index, step, scoring, tracer, storeHash } = line;
  // A number that is not finite cancels the commit: θ is that of the step before.
  const cancelled = wasCancelled(line, at);
  if (cancelled && !line.skips) return "over";
  const skipped = skippedBefore(line, at, cancelled);
  const commits = at.step - skipped;
  const inRow = cancelled ? control.skippedInRow(at.step - 1) + 1 : 0;
  // What the leader owes for the phase just finished comes first: a leader that ended before it is made up for here.
  if (index === 0) {
    if (line.skips && at.phase !== "update") control.skip(at.step, skipped, inRow);
    record(at, line, cancelled);
  }
  if (inRow >= phases.stepsPerEpoch) return "over"; // nothing to be hoped for
  const enough =
    at.phase === "gradients" &&
    at.inEpoch === 0 &&
    at.step > 0 &&
    step.endEpoch(at.epoch - 1, commits, scoring);
  if (enough || at.finished >= phases.total) return "over";
  if (at.phase === "gradients" && at.step > 0) {
    if (step.hasConverged(at.step, cancelled)) return "over";
    if (control.stopsAfter(at.step - 1)) return "over";
    // Before the snapshot: those who go on take it, all of it.
    if (control.pausesAfter(at.step - 1)) return "paused";
    if (control.snapshotAfter(at.step - 1))
      step.snapshot(at.epoch, at.inEpoch, commits, { steps: skipped, inRow });
  }
  switch (at.phase) {
    case "gradients":
      storeHash?.(at.step, commits);
      step.gradients(at.epoch, at.inEpoch, at.step, commits);
      if (index === 0) control.decide(at.step);
      break;
    case "update":
      if (!step.update(at.epoch, at.inEpoch, at.step, commits))
        control.markNonFinite(index, at.step);
      break;
    case "score":
      tracer?.turn(SCORE, at.step - 1);
      scoring?.run((commits & 1) as 0 | 1);
      break;
  }
  if (barrier.waits) tracer?.turn(WAIT, at.phase === "score" ? at.step - 1 : at.step);
  // Passing the barrier after an update is the commit: θ of the next step is complete.
  barrier.pass(at.finished + 1);
  moveTo(at, phases, at.finished + 1);
  return "passed";
}

/** Whether the step before a position was cancelled. Known between its last barrier and the next update. */
function wasCancelled({ control, maxWorkers }: Line, at: Position): boolean {
  return at.step > 0 && at.phase !== "update" && control.foundNonFinite(maxWorkers, at.step - 1);
}

/** How many steps were skipped before the step of a position: by the leader's word where it is there, else by that of the step before. */
function skippedBefore(
  line: Line,
  at: Position,
  cancelled: boolean = wasCancelled(line, at),
): number {
  const { control } = line;
  if (at.phase === "update" || !line.skips) return control.skippedBefore(at.step);
  return control.skippedBefore(at.step - 1) + (cancelled ? 1 : 0);
}

/** Runs each shard alone, its number in the control words: if one ends this worker, the supervisor knows which. */
function tryShards(at: Position, commits: number, { control, index, step }: Line): void {
  for (const shard of step.shardsOf(at.inEpoch)) {
    control.probe(index, shard);
    step.tryShard(at.epoch, at.inEpoch, at.step, commits, shard);
  }
  control.probe(index, null);
}

/** The leader's records of what is finished at a position. Storing them again is harmless. */
function record(at: Position, { phases, control, step, scoring }: Line, cancelled: boolean): void {
  const { stepsPerEpoch: steps, perEpoch } = phases;
  if (at.phase === "update" || at.step === 0) return;
  const last = at.step - 1;
  const epoch = Math.floor(last / steps);
  if (last >= control.steps) {
    step.recordStep(epoch, last - epoch * steps, cancelled);
    control.steps = at.step;
  }
  if (at.finished === (epoch + 1) * perEpoch && control.epochs <= epoch) {
    step.recordEpoch(epoch, scoring);
    control.finishEpochs(epoch + 1);
  }
}
