// How columns become numbers: learnt from the training rows alone, stored in the model, applied to every table.
import type { EmbeddingTable } from "@shardgrad/core";
import type { TargetEncoding } from "./target-encoding.js";

/**
 * A number column: the value v limited to [low, high], then with `log` sign(v)·ln(1 + |v|), then (v − center)/scale in
 * f64, then f32. Limits keep a broken value, such as a length in another unit, from ruining the row's prediction.
 */
export interface NumberFeature {
  readonly kind: "number";
  readonly column: string;
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly center: number;
  readonly scale: number;
  /** What a missing value counts as, in the unit of the column. */
  readonly fill: number;
  /** Whether a second feature is 1 where the value is missing, else 0. */
  readonly missing: boolean;
}

/** A column of categories: one feature a value, 1 for the row's own. A value that is not listed gives zeros. */
export interface CategoryFeature {
  readonly kind: "category";
  readonly column: string;
  readonly element: "text" | "number"; // what the column held
  readonly values: readonly string[]; // text in the order of UTF-16 code units, numbers by value
  /** Whether one more feature, the last, stands for a missing value. */
  readonly missing: boolean;
}

/**
 * A column of categories, each with a learnt vector: one feature, the index of the row's category, from which the model's
 * embedding layer takes the vector. The last index, after the values and the missing one, is that of a value that is not
 * listed, and of a missing one where `missing` is false.
 */
export interface EmbeddingFeature {
  readonly kind: "embedding";
  readonly column: string;
  readonly element: "text" | "number"; // what the column held
  readonly values: readonly string[]; // text in the order of UTF-16 code units, numbers by value
  /** Whether a missing value is a category of its own. */
  readonly missing: boolean;
  /** Numbers of a vector. */
  readonly width: number;
}

/** A text column with an order: (rank − center)/scale; a missing value, and one that is not listed, give 0. */
export interface OrdinalFeature {
  readonly kind: "ordinal";
  readonly column: string;
  readonly values: readonly string[]; // from the least, whose rank is 0
  readonly center: number;
  readonly scale: number;
  readonly missing: boolean;
}

/**
 * A column of times, as text in ISO 8601 or milliseconds since 1970. Seven features: sine and cosine of the time of the
 * day, of the week and of the year (in UTC), and (time − center)/scale with the time limited to [low, high], in
 * milliseconds. A missing time gives zeros.
 */
export interface CalendarFeature {
  readonly kind: "calendar";
  readonly column: string;
  readonly low: number;
  readonly high: number;
  readonly center: number;
  readonly scale: number;
  readonly missing: boolean;
}

/**
 * A text column as a bag of words: each word counts in the feature that its hash names, and the counts of a row are divided
 * by the root of the sum of their squares. Text without words, and a missing one, give zeros.
 */
export interface WordsFeature {
  readonly kind: "words";
  readonly column: string;
  readonly width: number;
  readonly missing: boolean;
}

/** A column of vectors: (value − mean)/sd with one mean and sd for all; bytes stay bytes until a batch is gathered. */
export interface VectorFeature {
  readonly kind: "vector";
  readonly column: string;
  readonly element: "u8" | "f32";
  readonly width: number;
  readonly mean: number;
  readonly sd: number;
}

/** A column as features of the model. */
export type FeatureEncoding =
  | EmbeddingFeature
  | NumberFeature
  | OrdinalFeature
  | CalendarFeature
  | WordsFeature
  | CategoryFeature
  | VectorFeature;

/** Features of the calendar, without the mark. */
export const CALENDAR_WIDTH = 7;

/** How many features a column gives. */
export function encodedWidth(feature: FeatureEncoding): number {
  if (feature.kind === "vector") return feature.width;
  if (feature.kind === "embedding") return 1;
  const mark = feature.missing ? 1 : 0;
  switch (feature.kind) {
    case "number":
    case "ordinal":
      return 1 + mark;
    case "calendar":
      return CALENDAR_WIDTH + mark;
    case "words":
      return feature.width + mark;
    case "category":
      return feature.values.length + mark;
  }
}

/** Preprocessing as plain JSON. */
export interface Encoding {
  /**
   * In the order of the model's inputs: embeddings, numbers, ordinals, calendars, words, categories, vectors, each in the order of the
   * table.
   */
  readonly features: readonly FeatureEncoding[];
  readonly target: TargetEncoding;
  /** What was decided about columns and might surprise, one line each. */
  readonly notes: readonly string[];
}

/** The types that a CSV file must be read with to suit an encoding: pass them to readTable as `types`. */
export function columnTypes({ features, target }: Encoding): Record<string, "number" | "text"> {
  const types: [string, "number" | "text"][] = [];
  for (const feature of features)
    if (feature.kind === "number" || feature.kind === "ordinal" || feature.kind === "words")
      types.push([feature.column, feature.kind === "number" ? "number" : "text"]);
    else if (feature.kind === "category" || feature.kind === "embedding")
      types.push([feature.column, feature.element]);
  // A target of numbers is left to the file: rows to be predicted may have anything there.
  if (target.kind === "class" && target.element === "text") types.push([target.column, "text"]);
  if (target.kind === "labels" && target.list !== null) types.push([target.list.column, "text"]);
  return Object.fromEntries(types);
}

/** The tables that a model's embedding layer has for its columns of categories; none: it has no such layer. */
export function embeddingTables({ features }: Pick<Encoding, "features">): EmbeddingTable[] {
  return features.flatMap((feature) =>
    feature.kind === "embedding" ? [{ size: embeddingSize(feature), width: feature.width }] : [],
  );
}

/** Categories of an embedding, the one of unknown values included. */
export function embeddingSize({ values, missing }: EmbeddingFeature): number {
  return values.length + (missing ? 1 : 0) + 1;
}
