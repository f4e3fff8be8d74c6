// From which probability on the second of two classes is predicted, and scores by that.
import {
  bestThreshold,
  classMetrics,
  decodeOutputs,
  predict,
  type Dataset,
  type Encoding,
  type RunResult,
  type Scores,
} from "@shardgrad/parallel";
import { classLabels } from "./class-labels.js";
import type { TrainingPlan } from "./training-plan.js";

/** A class, and the probability from which on it is predicted. */
export interface Threshold {
  readonly class: string;
  readonly probability: number;
}

/** What the finished weights are saved with. */
export interface Decided {
  readonly encoding: Encoding;
  readonly threshold: Threshold | undefined;
  /** The scores with accuracy and mean F1 by the threshold; as they are without one. */
  readonly scoresBy: (data: Dataset | null, scores: Scores | null) => Promise<Scores | null>;
}

/** Decides on the threshold that was asked for; the best one is that of the validation rows. */
export async function decideThreshold(
  { settings, data, options }: TrainingPlan,
  parameters: RunResult["parameters"],
): Promise<Decided> {
  const { encoding, validation } = data;
  const { target } = encoding;
  const asked = settings.threshold;
  if (asked === undefined || target.kind !== "class")
    return { encoding, threshold: undefined, scoresBy: (_, scores) => Promise.resolve(scores) };
  const { workers } = settings;
  const found = new Map<Dataset, Promise<Float32Array>>(); // validation rows decide and are scored
  const outputsOf = (rows: Dataset): Promise<Float32Array> => {
    const outputs =
      found.get(rows) ?? predict(options.model, parameters, rows, { workers, ops: options.ops });
    found.set(rows, outputs);
    return outputs;
  };
  const best = async (): Promise<number> => {
    if (validation === null) throw new TypeError("threshold: no validation rows"); // the plan has seen them
    const predictions = decodeOutputs(encoding, await outputsOf(validation));
    const ofSecond =
      predictions.kind === "class" ? predictions.probabilities.filter((_, i) => i % 2 === 1) : [];
    return bestThreshold(ofSecond, classLabels(validation)).threshold;
  };
  const probability = asked === "f1" ? await best() : asked;
  const decided: Encoding = { ...encoding, target: { ...target, threshold: probability } };
  return {
    encoding: decided,
    threshold: { class: target.classes[1] ?? "", probability },
    scoresBy: async (rows, scores) => {
      if (rows === null || scores === null) return scores;
      const predictions = decodeOutputs(decided, await outputsOf(rows));
      if (predictions.kind !== "class") return scores;
      const { accuracy, f1 } = classMetrics(predictions, classLabels(rows)).report;
      return { ...scores, accuracy, f1 };
    },
  };
}
