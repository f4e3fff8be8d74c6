// What is known of the workers that ended during a run, and when it is enough.
import type { TrainingSpec } from "../step/job.js";
import { moveTo, type Phases, type Position } from "../step/position.js";
import { shardSourceRows } from "../step/source-rows.js";

/** How a worker ended. */
export interface Death {
  readonly worker: number;
  readonly name: string;
  readonly finished: number; // phases
  /** The shard that it was trying alone, null when it ran all of its shards. */
  readonly probed: number | null;
  readonly exitCode: number;
  readonly error: unknown;
}

/** A worker that was put in another's place. */
export interface WorkerRestart {
  readonly worker: number;
  /** Committed steps of the run when it happened. */
  readonly step: number;
  readonly reason: string;
  /** Whether the new worker tries its shards one by one first, to find the one that ends it. */
  readonly probe: boolean;
}

/** Deaths over the same shard after which a run ends. */
const MOST_DEATHS_OF_A_SHARD = 3;
/** Deaths in the same phase of the same worker after which a run ends, whatever the shard. */
const MOST_DEATHS_IN_A_PHASE = 6;

/** The deaths of a run. */
export class Deaths {
  readonly #training: TrainingSpec;
  readonly #inPhase = new Map<string, number>();
  readonly #ofShard = new Map<string, number>();

  constructor(training: TrainingSpec) {
    this.#training = training;
  }

  /**
   * Takes note of a death and says how to go on.
   * Throws Error naming the shard's rows when it ended workers too often.
   */
  record(
    { worker, name, finished, probed, exitCode, error }: Death,
    phases: Phases,
  ): WorkerRestart {
    const at: Position = { finished: 0, phase: "gradients", epoch: 0, inEpoch: 0, step: 0 };
    moveTo(at, phases, finished);
    const reason =
      error instanceof Error ? error.message : `${name} ended with exit code ${exitCode}`;
    const inPhase = count(this.#inPhase, `${worker}:${finished}`);
    if (probed !== null && count(this.#ofShard, `${finished}:${probed}`) >= MOST_DEATHS_OF_A_SHARD)
      throw new Error(
        `shard ${probed} of step ${at.step + 1} ended ${MOST_DEATHS_OF_A_SHARD} workers (${reason}); its rows: ${shardSourceRows(this.#training, at, probed).join(", ")}`,
        { cause: error },
      );
    if (inPhase >= MOST_DEATHS_IN_A_PHASE)
      throw new Error(`${name} ended ${inPhase} times in step ${at.step + 1} (${reason})`, {
        cause: error,
      });
    return { worker, step: at.step, reason, probe: inPhase > 1 && at.phase === "gradients" };
  }
}

function count(counts: Map<string, number>, key: string): number {
  const next = (counts.get(key) ?? 0) + 1;
  counts.set(key, next);
  return next;
}
