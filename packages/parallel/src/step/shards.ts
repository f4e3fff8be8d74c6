// Which rows belong to which shard, and which shards a worker executes.
import { cover, mergeSpans, postOrder, type Span } from "@shardgrad/core";
import type { Backend } from "./job.js";

/**
 * How many shards a batch has unless told otherwise: a function of the batch size alone, since it fixes the order of sums.
 * Small shards cost time in the products, few shards leave workers idle.
 */
export function defaultShards(batchSize: number, backend: Backend = "wasm"): number {
  // A native library copies the weights for every shard that it multiplies.
  if (backend === "blas") return Math.min(batchSize, batchSize < 1024 ? 4 : 8);
  if (batchSize < 8) return batchSize;
  if (batchSize < 128) return 4;
  return Math.max(8, Math.min(64, Math.floor(batchSize / 64)));
}

/** Rows of every shard but the last: R = ⌈batch/shards⌉, also in a short batch. */
export function shardRows(batchSize: number, shards: number): number {
  return Math.ceil(batchSize / shards);
}

/** Shards that `rows` rows of a batch fill: the last ones of a short batch, or of one that R does not divide well, are absent. */
export function presentShards(rows: number, batchSize: number, shards: number): number {
  return Math.ceil(rows / shardRows(batchSize, shards));
}

/** The contiguous shards of worker w of `workers`. */
export function workerShards(shards: number, workers: number, w: number): Span {
  return { lo: Math.floor((shards * w) / workers), hi: Math.floor((shards * (w + 1)) / workers) };
}

/** One worker's part of a batch. */
export interface BatchPart {
  readonly firstRow: number; // in the batch
  readonly rows: number;
  readonly subtrees: readonly SubtreeRows[];
}

/** A node of the reduction tree as its rows: what a row program says. */
export interface SubtreeRows {
  readonly span: Span;
  readonly firstRow: number; // in the worker's part
  readonly rows: readonly number[]; // of each shard
  readonly merges: readonly number[]; // after each shard
}

/** How a batch of `rows` rows is cut for a number of workers. */
export interface BatchCut {
  readonly rows: number;
  readonly parts: readonly BatchPart[]; // one a worker
  /** How the sums of all workers' subtrees, in order, are merged. */
  readonly merges: readonly number[];
}

/**
 * Cuts a batch of `rows` ≤ batchSize rows. A short batch keeps the shard size and has fewer shards or a shorter last one;
 * absent shards are skipped, never added as zeros.
 */
export function cutBatch(
  rows: number,
  batchSize: number,
  shards: number,
  workers: number,
): BatchCut {
  const size = shardRows(batchSize, shards);
  const present = presentShards(rows, batchSize, shards);
  const rowsOf = (shard: number): number => Math.min(size, rows - shard * size);
  const parts = Array.from({ length: workers }, (_, w): BatchPart => {
    const { lo, hi } = workerShards(present, workers, w);
    const firstRow = lo * size;
    const subtrees = cover(present, lo, hi).map((span): SubtreeRows => {
      const leaves = postOrder(span.lo, span.hi);
      return {
        span,
        firstRow: span.lo * size - firstRow,
        rows: leaves.map(({ shard }) => rowsOf(shard)),
        merges: leaves.map(({ merges }) => merges),
      };
    });
    return { firstRow, rows: Math.max(0, Math.min(hi * size, rows) - firstRow), subtrees };
  });
  return {
    rows,
    parts,
    merges: mergeSpans(
      present,
      parts.flatMap((part) => part.subtrees.map(({ span }) => span)),
    ),
  };
}
