// Runs a graph over the rows of a batch that is cut into shards, in a small memory of its own.
import {
  align,
  bind,
  loadKernels,
  plan,
  postOrder,
  programWords,
  realView,
  ROWS,
  SCRATCH_BYTES,
  writeNumbers,
  writeProgram,
  type Dtype,
  type Place,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { count } from "./naive.ts";

/** What a run over rows takes besides the graph. */
export interface Batch {
  /** Rows of each shard; together the rows of the batch. */
  readonly shards: readonly number[];
  readonly dtype: Dtype;
  /** The rows before the first, in the whole batch. Default 0. */
  readonly firstRow?: number;
  /** Whether the planner may fuse. Default true. */
  readonly fuse?: boolean;
}

/** The outputs for the inputs' tensors; sums over rows follow the tree of the shards. */
export function runRows(
  outputs: readonly Value[],
  inputs: readonly Value[],
  tensors: readonly Tensor[],
  { shards, dtype, firstRow = 0, fuse = true }: Batch,
): Tensor[] {
  const bytes = dtype === "f32" ? 4 : 8;
  const rows = shards.reduce((a, b) => a + b, 0);
  const lowered = plan(outputs, { bytes, mostRows: rows, placed: new Set(inputs), fuse });
  let end = 64;
  const place = (size: number): number => {
    const at = end;
    end += align(size);
    return at;
  };
  const scratch = place(SCRATCH_BYTES);
  const program = place(4 * programWords(shards.length));
  const region = place(lowered.bytes);
  const places = new Map(
    inputs.map((x, i): [Value, Place] => [x, { address: place(tensors[i]!.data.length * 8) }]),
  );
  const pages = Math.ceil(end / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels = { ...loadKernels(dtype, memory), scratch };
  const leaves = postOrder(0, shards.length);
  const merges = leaves.map((leaf) => leaf.merges);
  writeProgram(new Int32Array(memory.buffer), program / 4, shards, merges);
  const bound = bind(kernels, lowered, region, places);
  inputs.forEach((x, i) => writeNumbers(kernels, places.get(x)!.address, tensors[i]!.data));
  bound.run({ rows, firstRow, step: 3, seed: 11, subtrees: [{ slot: 0, firstRow: 0, program }] });
  return outputs.map((y) => {
    const shape = y.shape.map((size) => (size === ROWS ? rows : size));
    return { shape, data: realView(kernels, bound.addressOf(y), count(shape)).slice() };
  });
}

/** The sum of one tensor a shard by the reduction tree, in the number type of the tensors. */
export function treeSum(parts: readonly Tensor[]): Tensor {
  const stack: Tensor[] = [];
  for (const { shard, merges } of postOrder(0, parts.length)) {
    stack.push(parts[shard]!);
    for (let i = 0; i < merges; i += 1) {
      const [b, a] = [stack.pop()!, stack.pop()!];
      const sum = a.data.map((x, j) => x + b.data[j]!); // a typed array rounds as it stores
      stack.push({ shape: a.shape, data: sum });
    }
  }
  return stack[0]!;
}

/** Some rows of a tensor. */
export function rowsOf({ shape, data }: Tensor, from: number, rows: number): Tensor {
  const width = count(shape.slice(1));
  return { shape: shape.with(0, rows), data: data.slice(from * width, (from + rows) * width) };
}
