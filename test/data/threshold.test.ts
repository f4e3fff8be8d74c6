// The threshold of two classes against a search through all of them.
import {
  bestThreshold,
  classMetrics,
  decodeOutputs,
  type ClassTargetEncoding,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { stream } from "../parallel/numbers.js";

const target: ClassTargetEncoding = {
  kind: "class",
  column: "y",
  element: "text",
  classes: ["no", "yes"],
};

/** Predictions whose second class has these probabilities in f32, by the threshold. */
function predictions(probabilities: readonly number[], threshold?: number) {
  const outputs = Float32Array.from(probabilities.flatMap((p) => [0, Math.log(p / (1 - p))]));
  const made = decodeOutputs(
    { target: threshold === undefined ? target : { ...target, threshold } },
    outputs,
  );
  if (made.kind !== "class") throw new Error(made.kind);
  return made;
}

describe("a threshold", () => {
  it("gives the second class to rows from its probability on, and leaves probabilities as they are", () => {
    const all = [0.05, 0.19, 0.21, 0.49, 0.51, 0.9];
    const made = predictions(all, 0.2);
    expect([...made.indices]).toEqual([0, 0, 1, 1, 1, 1]);
    expect(made.labels.slice(1, 3)).toEqual(["no", "yes"]);
    expect(made.probabilities).toEqual(predictions(all).probabilities);
  });

  it("is not used where there is none: the first of equals is the most probable", () => {
    expect([...predictions([0.4, 0.5, 0.6]).indices]).toEqual([0, 0, 1]);
    expect([...predictions([0.4, 0.5, 0.6], 0.5).indices]).toEqual([0, 1, 1]);
  });
});

describe("the best threshold", () => {
  it("has the mean F1 that no other has, and evaluate finds the same", () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = stream(seed);
      const count = 2 + Math.floor(30 * random());
      const labels = Int32Array.from({ length: count }, (_, i) =>
        i < 2 ? i : Number(random() < 0.3),
      );
      // Few different ones, so that many are equal.
      const p = Array.from(labels, (label) => (1 + Math.floor(7 * (random() + label))) / 16);
      const f1Of = (threshold: number): number =>
        classMetrics(predictions(p, threshold), labels).report.f1;
      const { threshold, f1 } = bestThreshold(p, labels);
      expect(f1, `seed ${seed}`).toBeCloseTo(f1Of(threshold), 12);
      const others = Array.from({ length: 31 }, (_, i) => f1Of((i + 1) / 32));
      expect(Math.max(...others), `seed ${seed}`).toBeCloseTo(f1, 12);
    }
  });

  it("is half-way between two probabilities, and a half where that is as good", () => {
    expect(bestThreshold([0.1, 0.2, 0.3, 0.4], Int32Array.of(0, 0, 1, 1)).threshold).toBe(0.25);
    expect(bestThreshold([0.1, 0.2, 0.8, 0.9], Int32Array.of(0, 0, 1, 1)).threshold).toBe(0.5);
  });

  it("is refused without rows of both classes", () => {
    expect(() => bestThreshold([0.1, 0.2], Int32Array.of(0, 0))).toThrow(/0 of 2 rows/);
  });
});
