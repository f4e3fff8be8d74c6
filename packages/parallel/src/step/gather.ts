// Brings a worker's rows together: positions → row numbers → features and targets in the model's input.
import type { Kernels, Scratch } from "@shardgrad/core";
import { blockSpecWidth } from "./job.js";
import { inputWidth, type DataPlaces, type WorkerPlaces } from "./layout.js";

/** Fills a worker's x and target. */
export interface Gather {
  /** The rows at positions first… of the order of the first `total` rows that (seed, stream) gives. */
  shuffled(first: number, rows: number, total: number, seed: number, stream: number): void;
  /** Rows first…. */
  inOrder(first: number, rows: number): void;
}

/** Makes the gather of one dataset into one worker's places. */
export function gatherer(
  kernels: Kernels & Scratch,
  data: DataPlaces,
  places: WorkerPlaces,
): Gather {
  const { spec } = data;
  const stride = inputWidth(spec);
  const calls: ((rows: number) => void)[] = [];
  let column = 0;
  spec.blocks.forEach((block, i) => {
    const source = data.blocks[i] ?? 0;
    const out = places.x + 4 * column;
    column += blockSpecWidth(block);
    const { indices } = places;
    switch (block.kind) {
      case "f32":
        calls.push((rows) => kernels.gatherF32(rows, block.width, indices, source, out, stride));
        break;
      case "u8":
        calls.push((rows) =>
          kernels.gatherU8(
            rows,
            block.width,
            indices,
            source,
            block.shift,
            block.scale,
            out,
            stride,
          ),
        );
        break;
      case "oneHot":
        calls.push((rows) =>
          kernels.gatherOneHot(rows, block.classes, indices, source, out, stride),
        );
        break;
    }
  });
  const { target } = spec;
  if (target?.kind === "class")
    calls.push((rows) => kernels.gatherI32(rows, places.indices, data.target, places.target));
  if (target && target.kind !== "class") {
    const { width } = target;
    calls.push((rows) =>
      kernels.gatherF32(rows, width, places.indices, data.target, places.target, width),
    );
  }
  const all = (rows: number): void => {
    for (const call of calls) call(rows);
  };
  return {
    shuffled: (first, rows, total, seed, stream) => {
      kernels.permute(rows, first, total, seed | 0, stream | 0, places.indices);
      all(rows);
    },
    inOrder: (first, rows) => {
      kernels.iota(rows, first, places.indices);
      all(rows);
    },
  };
}
