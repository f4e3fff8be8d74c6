// Where a run stands, as one number: how many phases are finished since step 0.
//
// An epoch is  gradients · update · gradients · update · … · scores (when there are rows to score).
// All workers pass the same phases, so a worker that starts late needs nothing but its number to go on.

/** What happens in a phase. */
export type Phase = "gradients" | "update" | "score";

/** The phases of a run. */
export interface Phases {
  readonly stepsPerEpoch: number;
  readonly perEpoch: number;
  readonly total: number;
}

/** The phases of a run of so many epochs. */
export function phasesOf(stepsPerEpoch: number, epochs: number, scores: boolean): Phases {
  const perEpoch = 2 * stepsPerEpoch + (scores ? 1 : 0);
  return { stepsPerEpoch, perEpoch, total: epochs * perEpoch };
}

/** Finished phases when `step` steps are committed and the scores of all finished epochs are known. */
export function finishedPhases({ stepsPerEpoch, perEpoch }: Phases, step: number): number {
  const epoch = Math.floor(step / stepsPerEpoch);
  return epoch * perEpoch + 2 * (step - epoch * stepsPerEpoch);
}

/** The phase that follows `finished` finished ones. A mutable record, so that a step allocates nothing. */
export interface Position {
  finished: number;
  phase: Phase;
  epoch: number;
  inEpoch: number; // steps of the epoch that are committed
  step: number; // committed steps of the run
}

/** Sets a position. */
export function moveTo(
  position: Position,
  { stepsPerEpoch, perEpoch }: Phases,
  finished: number,
): void {
  const epoch = Math.floor(finished / perEpoch);
  const within = finished - epoch * perEpoch;
  position.finished = finished;
  position.epoch = epoch;
  position.inEpoch = Math.min(stepsPerEpoch, within >> 1);
  position.step = epoch * stepsPerEpoch + position.inEpoch;
  position.phase =
    within === 2 * stepsPerEpoch ? "score" : (within & 1) === 0 ? "gradients" : "update";
}
