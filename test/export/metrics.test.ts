// Scores over a whole set against scikit-learn's, and at their edges.
import { readFileSync } from "node:fs";
import {
  classMetrics,
  labelMetrics,
  numberMetrics,
  overallNumbers,
  type ClassPredictions,
  type ClassReport,
  type LabelReport,
  type LabelsPredictions,
  type NumberReport,
  type OneAgainstRest,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";

interface Reference {
  readonly classes: readonly {
    readonly labels: readonly number[];
    readonly probabilities: readonly number[];
    readonly report: ClassReport;
    readonly classes: readonly OneAgainstRest[];
    readonly confusion: readonly number[];
  }[];
  readonly labels: {
    readonly labels: readonly number[]; // [rows, 4]
    readonly probabilities: readonly number[];
    readonly report: LabelReport;
    readonly names: readonly OneAgainstRest[];
  };
  readonly numbers: {
    readonly targets: readonly number[];
    readonly predictions: readonly number[];
    readonly report: NumberReport;
  };
}

const reference = JSON.parse(
  readFileSync(new URL("metrics.json", import.meta.url), "utf8"),
) as Reference;

/** Predictions whose class is the first of the most probable. */
function predictions(probabilities: readonly number[], width: number): ClassPredictions {
  const classes = Array.from({ length: width }, (_, j) => `class ${j}`);
  const rows = Array.from({ length: probabilities.length / width }, (_, row) =>
    probabilities.slice(row * width, (row + 1) * width),
  );
  const indices = Int32Array.from(rows, (row) => row.indexOf(Math.max(...row)));
  return {
    kind: "class",
    classes,
    indices,
    labels: Array.from(indices, (index) => classes[index]!),
    probabilities: Float64Array.from(probabilities),
  };
}

function expectClose(actual: object, expected: object): void {
  for (const [name, value] of Object.entries(expected))
    expect(Object.entries(actual).find(([own]) => own === name)?.[1], name).toBeCloseTo(
      value as number,
      12,
    );
}

describe("classMetrics", () => {
  it.each(reference.classes.map((set) => [set.classes.length, set] as const))(
    "has scikit-learn's scores of %i classes, ties included",
    (width, set) => {
      const { report, classes, matrix } = classMetrics(
        predictions(set.probabilities, width),
        Int32Array.from(set.labels),
      );
      expectClose(report, set.report);
      set.classes.forEach((scores, i) => expectClose(classes[i]!, scores));
      expect([...matrix.counts]).toEqual(set.confusion);
    },
  );

  it("leaves classes that do not occur out of the means", () => {
    const { report, classes } = classMetrics(
      predictions([0.8, 0.2, 0, 0.3, 0.7, 0], 3),
      Int32Array.of(0, 1),
    );
    expect(report).toMatchObject({ recall: 1, f1: 1, rocAuc: 1, averagePrecision: 1 });
    expect(classes[2]).toMatchObject({ support: 0, rocAuc: null, averagePrecision: null });
  });

  it("has no area under a curve when only one class occurs", () => {
    const { report } = classMetrics(predictions([0.8, 0.2, 0.3, 0.7], 2), Int32Array.of(0, 0));
    expect(report).toMatchObject({ accuracy: 0.5, rocAuc: null, averagePrecision: null });
  });

  it("has a ROC AUC of one half when all probabilities are equal", () => {
    const { report } = classMetrics(
      predictions([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 2),
      Int32Array.of(0, 1, 1),
    );
    expect(report.rocAuc).toBe(0.5);
  });

  it("has a finite log loss for a true class of probability 0", () => {
    const { report } = classMetrics(predictions([1, 0], 2), Int32Array.of(1));
    expect(report.logLoss).toBeCloseTo(708.396, 3);
  });
});

describe("numberMetrics", () => {
  it("has scikit-learn's scores", () => {
    const { targets, predictions: guesses, report } = reference.numbers;
    expectClose(numberMetrics(Float64Array.from(guesses), Float64Array.from(targets)), report);
  });

  it("leaves targets of 0 out of the mean percentage", () => {
    expect(numberMetrics(Float64Array.of(1, 3), Float64Array.of(0, 2)).mape).toBe(0.5);
    expect(numberMetrics(Float64Array.of(1), Float64Array.of(0)).mape).toBeNull();
  });

  it("has an R² of 0 or 1 for equal targets", () => {
    expect(numberMetrics(Float64Array.of(1, 3), Float64Array.of(2, 2)).r2).toBe(0);
    expect(numberMetrics(Float64Array.of(2, 2), Float64Array.of(2, 2)).r2).toBe(1);
  });
});

/** Predictions of four labels. */
function labelled(probabilities: readonly number[]): LabelsPredictions {
  const names = ["a", "b", "c", "d"];
  const flags = Uint8Array.from(probabilities, (p) => (p >= 0.5 ? 1 : 0));
  const labels = Array.from({ length: flags.length / 4 }, (_, row) =>
    names.filter((_name, j) => flags[row * 4 + j] === 1),
  );
  return { kind: "labels", names, flags, labels, probabilities: Float64Array.from(probabilities) };
}

describe("labelMetrics", () => {
  it("has scikit-learn's scores, those of labels that do not occur left out of the means", () => {
    const { probabilities, labels: own, report, names } = reference.labels;
    const metrics = labelMetrics(labelled(probabilities), Float32Array.from(own));
    expectClose(metrics.report, report);
    names.slice(0, 3).forEach((scores, i) => expectClose(metrics.labels[i]!, scores));
    expect(metrics.labels[3]).toEqual(names[3]);
  });

  it("has a finite log loss for a probability of 1 that is wrong", () => {
    const { report } = labelMetrics(labelled([1, 0, 0, 0]), Float32Array.of(0, 0, 0, 0));
    expect(report.logLoss).toBeCloseTo((53 * Math.LN2) / 4, 12);
    expect(report.rocAuc).toBe(null);
  });
});

describe("overallNumbers", () => {
  it("has errors in standard deviations and the means of R² and MAPE", () => {
    const one = { rmse: 6, mae: 4, r2: 0.5, mape: 0.1 };
    const two = { rmse: 8, mae: 1, r2: 1, mape: 0.3 };
    const overall = overallNumbers([one, two], [2, 2]);
    expectClose(overall, { rmse: Math.sqrt((9 + 16) / 2), mae: 1.25, r2: 0.75, mape: 0.2 });
    expect(overallNumbers([one, { ...two, mape: null }], [2, 2]).mape).toBe(null);
  });
});
