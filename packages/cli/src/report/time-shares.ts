// Where the workers' time went, as parts of the whole.
import { type Profile, type Segment, SEGMENTS } from "@shardgrad/parallel";

/** Parts of the time of a run. */
export interface TimeShares {
  /** Of all workers' time together, from 0 to 1. */
  readonly phases: Readonly<Record<Segment, number>>;
  /** The part of its time that each worker waited for others. */
  readonly waiting: readonly number[];
  /** The worker, from 1, that the others waited for most; null for one worker. */
  readonly straggler: number | null;
}

/** The shares of a profile. */
export function timeShares({ workers, straggler }: Profile): TimeShares {
  const totals = workers.map(({ milliseconds }) =>
    SEGMENTS.reduce((sum, segment) => sum + milliseconds[segment], 0),
  );
  const whole = Math.max(
    Number.MIN_VALUE,
    totals.reduce((a, b) => a + b, 0),
  );
  const share = (segment: Segment): number =>
    workers.reduce((sum, { milliseconds }) => sum + milliseconds[segment], 0) / whole;
  return {
    phases: {
      gather: share("gather"),
      forward: share("forward"),
      backward: share("backward"),
      reduce: share("reduce"),
      update: share("update"),
      score: share("score"),
      wait: share("wait"),
    },
    waiting: workers.map(
      ({ milliseconds }, i) => milliseconds.wait / Math.max(Number.MIN_VALUE, totals[i] ?? 0),
    ),
    straggler: workers.length > 1 ? straggler : null,
  };
}

const percent = (part: number): string => `${(100 * part).toFixed(1)}%`;

/** The shares as lines for people. */
export function describeShares({ phases, waiting, straggler }: TimeShares): string[] {
  const parts = SEGMENTS.filter((segment) => phases[segment] > 0);
  const lines = [
    `time        ${parts.map((segment) => `${segment} ${percent(phases[segment])}`).join("  ")}`,
  ];
  if (straggler !== null)
    lines.push(
      `            the others waited most for worker ${straggler}; waiting: ${waiting.map((part, i) => `worker ${i + 1} ${percent(part)}`).join(", ")}`,
    );
  return lines;
}
