// A dataset as workers read it: rows of features in compact types, and what they should predict.

/** Columns of numbers, already encoded: [rows, width]. */
export interface F32Block {
  readonly kind: "f32";
  readonly width: number;
  readonly values: Float32Array; // [rows, width]
}

/** Bytes such as pixels; a feature is (byte − shift)·scale, computed when rows are gathered. */
export interface U8Block {
  readonly kind: "u8";
  readonly width: number;
  readonly shift: number;
  readonly scale: number;
  readonly values: Uint8Array; // [rows, width]
}

/** One category a row; `classes` features of which one is 1. A code outside [0, classes) gives zeros. */
export interface OneHotBlock {
  readonly kind: "oneHot";
  readonly classes: number;
  readonly codes: Int32Array; // [rows]
}

/** Some adjacent features of every row. */
export type FeatureBlock = F32Block | U8Block | OneHotBlock;

/** A class label a row. */
export interface ClassTarget {
  readonly kind: "class";
  readonly classes: number;
  readonly labels: Int32Array; // [rows], each in [0, classes)
}

/** Numbers to be predicted: [rows, width]. */
export interface NumberTarget {
  readonly kind: "number";
  readonly width: number;
  readonly values: Float32Array; // [rows, width]
}

/** Labels of which a row has any number: [rows, width], 1 where it has one, else 0. */
export interface LabelsTarget {
  readonly kind: "labels";
  readonly width: number;
  readonly values: Float32Array; // [rows, width]
}

/** What a row should give. */
export type Target = ClassTarget | NumberTarget | LabelsTarget;

/** Rows of features and, for training and evaluation, a target. */
export interface Dataset {
  readonly rows: number;
  readonly features: readonly FeatureBlock[];
  readonly target: Target | null;
}

/** Features of one block: its width in the model's input. */
export function blockWidth(block: FeatureBlock): number {
  return block.kind === "oneHot" ? block.classes : block.width;
}

/** Features of a row, in memory or streamed: the model's number of inputs. */
export function featureWidth(data: Dataset | { readonly form: Dataset }): number {
  const { features } = "form" in data ? data.form : data;
  return features.reduce((sum, block) => sum + blockWidth(block), 0);
}
