// The true classes of encoded rows.
import type { Dataset } from "@shardgrad/parallel";

/** The class of every row; none where the target is not one class. */
export function classLabels({ target }: Pick<Dataset, "target">): Int32Array {
  return target?.kind === "class" ? target.labels : new Int32Array(0);
}
