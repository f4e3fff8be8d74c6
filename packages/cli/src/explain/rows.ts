// Rows of a dataset as the tensors that a graph takes.
import { tensor, type Tensor } from "@shardgrad/core";
import type { Dataset, FeatureBlock, Target } from "@shardgrad/parallel";
import { UsageError } from "../usage-error.js";

/** The first `rows` rows of a dataset, or all if there are fewer. */
export function firstRows({ rows: all, features, target }: Dataset, wanted: number): Dataset {
  const rows = Math.min(all, wanted);
  return {
    rows,
    features: features.map((block) => firstOfBlock(block, rows)),
    target: target && firstOfTarget(target, rows),
  };
}

function firstOfBlock(block: FeatureBlock, rows: number): FeatureBlock {
  switch (block.kind) {
    case "f32":
      return { ...block, values: block.values.subarray(0, rows * block.width) };
    case "u8":
      return { ...block, values: block.values.subarray(0, rows * block.width) };
    case "oneHot":
      return { ...block, codes: block.codes.subarray(0, rows) };
  }
}

function firstOfTarget(target: Target, rows: number): Target {
  return target.kind === "class"
    ? { ...target, labels: target.labels.subarray(0, rows) }
    : { ...target, values: target.values.subarray(0, rows * target.width) };
}

/** What the rows should give, as a loss takes it: i32 labels [rows], or numbers [rows, width]. */
export function targetTensor({ rows, target }: Dataset): Tensor {
  if (target === null) throw new UsageError("DATA: the target is missing");
  return target.kind === "class"
    ? tensor(target.labels)
    : tensor(target.values, [rows, target.width]);
}
