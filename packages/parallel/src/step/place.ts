// Copies the numbers of a dataset to where workers read them.
import type { Dataset } from "../dataset/table/dataset.js";
import type { DataPlaces } from "./layout.js";

/** Copies rows [from, from + count) of a dataset to rows at… of its places; by default all of them to the first. */
export function placeRows(
  buffer: ArrayBufferLike,
  data: Dataset,
  { blocks, target }: DataPlaces,
  at = 0,
  from = 0,
  count: number = data.rows - from,
): void {
  const part = <T extends Numbers>(values: T, width: number): T =>
    values.subarray(from * width, (from + count) * width) as T;
  data.features.forEach((block, i) => {
    const address = blocks[i] ?? 0;
    const width = block.kind === "oneHot" ? 1 : block.width;
    if (block.kind === "u8")
      new Uint8Array(buffer, address + at * width, count * width).set(part(block.values, width));
    else if (block.kind === "f32")
      new Float32Array(buffer, address + 4 * at * width, count * width).set(
        part(block.values, width),
      );
    else new Int32Array(buffer, address + 4 * at, count).set(part(block.codes, 1));
  });
  if (data.target?.kind === "class")
    new Int32Array(buffer, target + 4 * at, count).set(part(data.target.labels, 1));
  else if (data.target !== null) {
    const { width, values } = data.target;
    new Float32Array(buffer, target + 4 * at * width, count * width).set(part(values, width));
  }
}

type Numbers = Uint8Array | Float32Array | Int32Array;

/** The rows that were placed, as a dataset of the same form that reads the shared memory. */
export function placedRows(
  buffer: ArrayBufferLike,
  { spec, blocks, target }: DataPlaces,
  rows: number,
): Dataset {
  return {
    rows,
    features: spec.blocks.map((block, i) => {
      const address = blocks[i] ?? 0;
      switch (block.kind) {
        case "f32":
          return { ...block, values: new Float32Array(buffer, address, rows * block.width) };
        case "u8":
          return { ...block, values: new Uint8Array(buffer, address, rows * block.width) };
        case "oneHot":
          return { ...block, codes: new Int32Array(buffer, address, rows) };
      }
    }),
    target:
      spec.target === null
        ? null
        : spec.target.kind === "class"
          ? { ...spec.target, labels: new Int32Array(buffer, target, rows) }
          : {
              ...spec.target,
              values: new Float32Array(buffer, target, rows * spec.target.width),
            },
  };
}
