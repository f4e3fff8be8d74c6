// Small datasets that a network can learn: every kind of feature block and target.
import type { Dataset, FeatureBlock, Target } from "@shardgrad/parallel";
import { stream } from "./numbers.js";

const F32_WIDTH = 3;
const U8_WIDTH = 4;
const CODES = 5;

/** Features of a row of `blocks(…)`. */
export const inputs = F32_WIDTH + U8_WIDTH + CODES;

/** A block of each kind: f32 in [−1, 1], bytes scaled to [−1, 1], and a category. */
function blocks(rows: number, random: () => number): FeatureBlock[] {
  return [
    {
      kind: "f32",
      width: F32_WIDTH,
      values: new Float32Array(rows * F32_WIDTH).map(() => 2 * random() - 1),
    },
    {
      kind: "u8",
      width: U8_WIDTH,
      shift: 127.5,
      scale: 1 / 127.5,
      values: new Uint8Array(rows * U8_WIDTH).map(() => Math.floor(random() * 256)),
    },
    {
      kind: "oneHot",
      classes: CODES,
      codes: new Int32Array(rows).map(() => Math.floor(random() * CODES)),
    },
  ];
}

/** The features of every row as numbers, [rows, inputs]. */
export function denseRows({ rows, features }: Dataset): Float64Array {
  const width = features.reduce(
    (sum, block) => sum + (block.kind === "oneHot" ? block.classes : block.width),
    0,
  );
  const x = new Float64Array(rows * width);
  for (let r = 0; r < rows; r += 1) {
    let at = r * width;
    for (const block of features)
      if (block.kind === "oneHot") {
        const code = block.codes[r]!;
        if (code >= 0 && code < block.classes) x[at + code] = 1;
        at += block.classes;
      } else
        for (let j = 0; j < block.width; j += 1, at += 1) {
          const value = block.values[r * block.width + j]!;
          // u8 features are rounded to f32 by the gather, so they are here.
          x[at] =
            block.kind === "f32"
              ? value
              : Math.fround(Math.fround(value - block.shift) * Math.fround(block.scale));
        }
  }
  return x;
}

/** Rows of three kinds of blocks and a class that depends on all of them. */
export function classData(rows: number, classes: number, seed: number): Dataset {
  const random = stream(seed);
  const features = blocks(rows, random);
  const x = denseRows({ rows, features, target: null });
  const weights = Array.from({ length: inputs * classes }, () => 2 * random() - 1);
  const labels = new Int32Array(rows).map((_, r) => {
    const scores = Array.from({ length: classes }, (_, c) =>
      Array.from(
        { length: inputs },
        (_, j) => x[r * inputs + j]! * weights[j * classes + c]!,
      ).reduce((a, b) => a + b),
    );
    return scores.indexOf(Math.max(...scores));
  });
  return { rows, features, target: { kind: "class", classes, labels } };
}

/** Rows of three kinds of blocks and `width` numbers in (0, 1) that depend on all of them. */
export function numberData(rows: number, width: number, seed: number): Dataset {
  const random = stream(seed);
  const features = blocks(rows, random);
  const x = denseRows({ rows, features, target: null });
  const weights = Array.from({ length: inputs * width }, () => random() - 0.5);
  const values = new Float32Array(rows * width).map((_, i) => {
    const [r, c] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let j = 0; j < inputs; j += 1) sum += x[r * inputs + j]! * weights[j * width + c]!;
    return 0.5 + 0.5 * (sum / (1 + Math.abs(sum)));
  });
  return { rows, features, target: { kind: "number", width, values } };
}

/** The same rows with a category of each size before their features, as an embedding takes them. */
export function withCategories(data: Dataset, sizes: readonly number[], seed: number): Dataset {
  const random = stream(seed);
  const categories = sizes.map((size): FeatureBlock => ({
    kind: "f32",
    width: 1,
    values: new Float32Array(data.rows).map(() => Math.floor(random() * random() * size)),
  }));
  return { ...data, features: [...categories, ...data.features] };
}

/** Rows of which each has any number of labels. */
export function labelsData(rows: number, width: number, seed: number): Dataset {
  const { features, target } = numberData(rows, width, seed);
  if (target?.kind !== "number") throw new Error("numbers expected");
  const values = target.values.map((value) => (value > 0.5 ? 1 : 0));
  return { rows, features, target: { kind: "labels", width, values } };
}

/** Rows whose target is their own features: what an autoencoder learns. */
export function ownData(rows: number, width: number, seed: number): Dataset {
  const random = stream(seed);
  // Three numbers decide each row, so that a narrow middle layer can carry it.
  const values = new Float32Array(rows * width);
  for (let r = 0; r < rows; r += 1) {
    const code = [random(), random(), random()];
    for (let j = 0; j < width; j += 1) values[r * width + j] = code[j % 3]! * (1 + (j % 4)) * 0.25;
  }
  const target: Target = { kind: "number", width, values };
  return { rows, features: [{ kind: "f32", width, values }], target };
}
