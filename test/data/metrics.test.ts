import { classScores, confusionMatrix, macroF1 } from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { foldSums, scorer, type TargetRows } from "../../packages/parallel/dist/metrics/metrics.js";

/** Numbers from a seed, in [−1, 1). */
function numbers(n: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  });
}

/** Scores rows in chunks of some size, as workers do. */
function scoreInChunks(
  options: Parameters<typeof scorer>[0],
  outputs: Float32Array,
  rowLoss: Float32Array | null,
  target: TargetRows,
  chunk: number,
): Readonly<Record<string, number>> {
  const { size, add, finish } = scorer(options);
  const { width } = options;
  const rows = outputs.length / width;
  const total = new Float64Array(size);
  for (let row = 0; row < rows; row += chunk) {
    const end = Math.min(row + chunk, rows);
    const sums = new Float64Array(size);
    const part: TargetRows =
      target.kind === "class"
        ? { kind: "class", labels: target.labels.subarray(row, end) }
        : { kind: target.kind, values: target.values.subarray(row * width, end * width) };
    add(
      sums,
      outputs.subarray(row * width, end * width),
      rowLoss?.subarray(row, end) ?? null,
      part,
      end - row,
    );
    foldSums(total, sums);
  }
  return finish(total);
}

describe("scores of classes", () => {
  it("are the mean loss and the part whose first largest output is the label's", () => {
    const outputs = Float32Array.of(1, 2, 3, 3, 3, 0, 0, 1, 0, Number.NaN, 5, 0);
    const labels = Int32Array.of(2, 0, 1, 1); // right, right (the first of equals), right, not a number
    const scores = scoreInChunks(
      { kind: "class", width: 3 },
      outputs,
      Float32Array.of(1, 2, 3, 6),
      { kind: "class", labels },
      3,
    );
    expect(scores).toEqual({ loss: 3, accuracy: 0.75 });
  });

  it("have no loss when none was added", () => {
    const target: TargetRows = { kind: "class", labels: Int32Array.of(0) };
    expect(
      scoreInChunks({ kind: "class", width: 2 }, Float32Array.of(1, 0), null, target, 1),
    ).toEqual({ accuracy: 1 });
  });
});

describe("scores of numbers", () => {
  it("are those of the formulas, in the target's own unit", () => {
    const [n, unit] = [1000, 250];
    const outputs = numbers(n, 1);
    const values = outputs.map((output, i) => output + (numbers(n, 2)[i] ?? 0) / 4);
    const scores = scoreInChunks(
      { kind: "number", width: 1, unit },
      outputs,
      null,
      { kind: "number", values },
      64,
    );
    const errors = Array.from(outputs, (output, i) => (output - (values[i] ?? 0)) * unit);
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    const squares = errors.reduce((sum, error) => sum + error * error, 0);
    const variation = values.reduce((sum, value) => sum + ((value - mean) * unit) ** 2, 0);
    expect(scores["rmse"]).toBeCloseTo(Math.sqrt(squares / n), 8);
    expect(scores["mae"]).toBeCloseTo(
      errors.reduce((sum, error) => sum + Math.abs(error), 0) / n,
      8,
    );
    expect(scores["r2"]).toBeCloseTo(1 - squares / variation, 12);
  });

  it("divide the loss by what the loss says besides the rows", () => {
    const target: TargetRows = { kind: "number", values: Float32Array.of(0, 0, 1, 1) };
    const options = { kind: "number", width: 2, perRowCount: 2 } as const;
    const scores = scoreInChunks(
      options,
      Float32Array.of(0, 0, 1, 1),
      Float32Array.of(4, 8),
      target,
      1,
    );
    expect(scores["loss"]).toBe(3);
    expect(scores).toMatchObject({ rmse: 0, mae: 0, r2: 1 });
  });

  it("have an R² of 0 for targets that are all equal and missed, 1 when met", () => {
    const values = new Float32Array(999).fill(0.1);
    const options = { kind: "number", width: 1 } as const;
    expect(scoreInChunks(options, values, null, { kind: "number", values }, 10)["r2"]).toBe(1);
    expect(
      scoreInChunks(options, new Float32Array(999), null, { kind: "number", values }, 10)["r2"],
    ).toBe(0);
  });

  it("are NaN, not good, when an output is NaN", () => {
    const scores = scoreInChunks(
      { kind: "number", width: 1 },
      Float32Array.of(1, Number.NaN),
      null,
      { kind: "number", values: Float32Array.of(1, 2) },
      2,
    );
    expect(scores["rmse"]).toBeNaN();
    expect(scores["r2"]).toBeNaN();
  });
});

describe("a confusion matrix", () => {
  const matrix = confusionMatrix(3, Int32Array.of(0, 0, 0, 1, 1), Int32Array.of(0, 0, 1, 1, 2));

  it("counts rows by true and predicted class", () => {
    expect([...matrix.counts]).toEqual([2, 1, 0, 0, 1, 1, 0, 0, 0]);
  });

  it("gives precision, recall and F1 of each class, 0 where there is nothing to divide by", () => {
    const scores = classScores(matrix);
    expect(scores).toEqual([
      { support: 3, precision: 1, recall: 2 / 3, f1: 4 / 5 },
      { support: 2, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
      { support: 0, precision: 0, recall: 0, f1: 0 },
    ]);
    expect(macroF1(scores)).toBeCloseTo((4 / 5 + 1 / 2) / 2, 15);
  });

  it("refuses classes that there are not, and lists of different lengths", () => {
    expect(() => confusionMatrix(2, Int32Array.of(0, 2), Int32Array.of(0, 0))).toThrow(
      /row 1: class 2 of 2/,
    );
    expect(() => confusionMatrix(2, Int32Array.of(0), Int32Array.of(0, 0))).toThrow(
      /2 predictions for 1 labels/,
    );
  });
});

describe("scores of labels", () => {
  it("are the mean loss, and F1 over labels that occur and over all counts, in any chunks", () => {
    // Label 0: 2 right of 3 rows, 1 wrong; label 1: 1 right of 1; label 2 does not occur and is said once.
    const values = Float32Array.of(1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0);
    const outputs = Float32Array.of(2, -1, -1, 0, 3, -1, -1, -2, 1, 5, Number.NaN, -1);
    const f1 = (4 / 6 + 2 / 2) / 2;
    for (const chunk of [1, 3, 4])
      expect(
        scoreInChunks(
          { kind: "labels", width: 3, perRowCount: 3 },
          outputs,
          Float32Array.of(3, 6, 0, 3),
          { kind: "labels", values },
          chunk,
        ),
      ).toEqual({ loss: 1, f1, microF1: 6 / 9 });
  });
});
