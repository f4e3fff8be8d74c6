// A dataset that is never in memory as a whole: its rows come in chunks, in the same order as often as they are asked for.
import type { Dataset } from "../table/dataset.js";
import type { RemoteStream } from "./stream-remote.js";

/** Rows of features with targets that come chunk by chunk. */
export interface DatasetStream {
  /** For messages. */
  readonly name: string;
  /** Rows of an epoch. */
  readonly rows: number;
  /** Features and target of the rows, without any row. */
  readonly form: Dataset;
  /** Rows that are shuffled together; default: as many as fit into 16 MiB, at most 262,144. */
  readonly shuffleBuffer?: number | undefined;
  /** True when the rows can be read once only: for one epoch, from its first row. */
  readonly once: boolean;
  /** The rows of an epoch in order, from row `first` on. Iterating throws what keeps them from being read. */
  chunks(first: number): AsyncIterable<Dataset>;
  /** The number in the source of a row of an epoch, from 0. */
  sourceRow(row: number): number;
  /** What another thread needs to read the same rows; absent: they are read by the thread that trains. */
  readonly remote?: RemoteStream | undefined;
}

/** Whether data are streamed. */
export function isStream(data: Dataset | DatasetStream): data is DatasetStream {
  return "chunks" in data;
}
