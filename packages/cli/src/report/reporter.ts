// What a training run tells its user: the moments of a run, and who can tell them.
import type { RunEvent, Scores, Task } from "@shardgrad/parallel";
import type { Threshold } from "../threshold.js";
import type { TimeShares } from "./time-shares.js";

/** The data are read and encoded; the workers start next. */
export interface DataEvent {
  readonly type: "data";
  readonly targets: readonly string[]; // columns
  readonly task: Task;
  readonly classes: number | null; // or labels
  readonly inputs: number; // width of an encoded row
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly notes: readonly string[];
}

/** The run is over and its folder is complete. */
export interface EndEvent {
  readonly type: "end";
  readonly stopped: boolean;
  /** Whether --tolerance ended the run. */
  readonly converged: boolean;
  /** The epoch whose weights were kept, and its score, with --patience. */
  readonly best: { readonly epoch: number; readonly value: number } | null;
  readonly folder: string;
  readonly steps: number;
  /** Those of them that --on-nan skip has skipped. */
  readonly skipped: number;
  readonly seconds: number;
  readonly weights: string; // sha256 of the weights
  readonly validation: Scores | null;
  readonly test: Scores | null;
  /** With --threshold: the class, and the probability from which on it is predicted. */
  readonly threshold?: Threshold | undefined;
  /** Where the workers' time went; null unless it was noted. */
  readonly time: TimeShares | null;
  /** Whether OpenBLAS is there, was not used, and would have made the run faster. */
  readonly blasGains: boolean;
}

export type ReportedEvent = DataEvent | RunEvent | EndEvent;

/** Tells a run's events in one way. */
export interface Reporter {
  tell(event: ReportedEvent): void;
  /** Leaves the terminal as it was. */
  close(): void;
}
