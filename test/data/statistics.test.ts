// Statistics of columns against their definitions.
import { describe, expect, it } from "vitest";
import { countBytes } from "../../packages/parallel/dist/dataset/encode/statistics.js";

const SEED = 7;

/** Bytes of which many are 0, by a fixed rule. */
function sparseBytes(count: number): Uint8Array {
  let state = SEED;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state < 0 ? 0 : state >>> 16;
  });
}

describe("counts of bytes", () => {
  it.each([1, 2, 3, 4, 7, 8, 12, 784])("of rows of %i are those of a loop over them", (width) => {
    const rows = Int32Array.from([5, 0, 3, 3, 8]);
    for (const offset of [0, 1, 2, 4]) {
      const values = sparseBytes(offset + 9 * width).subarray(offset);
      const expected = new Float64Array(256);
      for (const row of rows)
        for (const byte of values.subarray(row * width, (row + 1) * width))
          expected[byte] = (expected[byte] ?? 0) + 1;
      const counts = new Float64Array(256);
      countBytes(counts, values, width, rows);
      expect(counts, `seed ${SEED}, offset ${offset}`).toEqual(expected);
    }
  });
});
