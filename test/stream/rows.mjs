// A dataset in memory as a stream of chunks.

/** @typedef {import("@shardgrad/parallel").Dataset} Dataset */
/** @typedef {import("@shardgrad/parallel").DatasetStream} DatasetStream */

/**
 * Rows [from, to) of a dataset.
 * @param {Dataset} data
 * @param {number} from
 * @param {number} to
 * @returns {Dataset}
 */
export function slice({ features, target }, from, to) {
  /** @type {<T extends Float32Array | Uint8Array | Int32Array>(values: T, width: number) => T} */
  const part = (values, width) => /** @type {any} */ (values.slice(from * width, to * width));
  return {
    rows: to - from,
    features: features.map((block) =>
      block.kind === "oneHot"
        ? { ...block, codes: part(block.codes, 1) }
        : block.kind === "u8"
          ? { ...block, values: part(block.values, block.width) }
          : { ...block, values: part(block.values, block.width) },
    ),
    target:
      target === null
        ? null
        : target.kind === "class"
          ? { ...target, labels: part(target.labels, 1) }
          : { ...target, values: part(target.values, target.width) },
  };
}

/**
 * The rows of a dataset in chunks of `size` rows, the first one shorter when they do not begin with row 0.
 * @param {Dataset} data
 * @param {number} size
 * @returns {DatasetStream}
 */
export function streamOfRows(data, size) {
  return {
    name: "rows",
    rows: data.rows,
    form: slice(data, 0, 0),
    once: false,
    sourceRow: (row) => row,
    async *chunks(first) {
      for (let at = first; at < data.rows;) {
        const end = Math.min(data.rows, (Math.floor(at / size) + 1) * size);
        yield slice(data, at, end);
        at = end;
      }
    },
  };
}
