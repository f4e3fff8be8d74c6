// Learns how one column becomes features.
import { categoriesOf } from "./categories.js";
import { signedLog } from "./encode-dense.js";
import type { Encoder } from "./encoders.js";
import type { FeatureEncoding, NumberFeature } from "./encoding.js";
import { fitByName } from "./fit-by-name.js";
import { InputError, shown } from "../table/input-error.js";
import {
  byteMoments,
  limitsBy,
  moments,
  quantileBy,
  type Limits,
  type Moments,
} from "./statistics.js";
import { ranked } from "./ranked.js";
import {
  hasValue,
  placeOf,
  type Column,
  type NumberColumn,
  type Table,
  type TextColumn,
  type VectorColumn,
} from "../table/table.js";
import { parseTime } from "../table/times.js";
import { wordsOf } from "./words.js";

/** A text column with more values than this is not one of categories. */
export const CATEGORY_LIMIT = 1000;
/** Nor is one with a value of its own for more than half of the rows, once it has more values than this. */
export const FEW_CATEGORIES = 20;

/** The features of a column, or none, and what there is to tell about it. */
export interface FittedFeature {
  readonly feature: FeatureEncoding | null;
  readonly notes: readonly string[];
}

/** How to learn a column's features. */
export interface FeatureOptions {
  /** Asked for by name: never left out. */
  readonly explicit: boolean;
  readonly encoder: Encoder | undefined;
  /** What a missing number counts as. */
  readonly impute: Imputation | undefined;
  /** Whether missing values get a feature of their own. */
  readonly mark: boolean;
}

/** What a missing number counts as: the mean or median of the training rows, or a number in the column's unit. */
export type Imputation = "mean" | "median" | number;

/** Encoders of numbers. */
export type Scaling = Extract<Encoder, { name: "standard" | "minmax" | "robust" | "log1p" }>;

function isScaling(encoder: Encoder): encoder is Scaling {
  const { name } = encoder;
  return name === "standard" || name === "minmax" || name === "robust" || name === "log1p";
}

/**
 * Learns the features of a column from some rows. Columns that cannot help are left out with a note, unless they were
 * asked for by name (`explicit`). Throws InputError for a column of a type that cannot be learnt from.
 */
export function fitFeature(
  table: Table,
  column: Column,
  rows: Int32Array,
  { explicit, encoder, impute = "mean", mark }: FeatureOptions,
): FittedFeature {
  const isOfNumbers = encoder === undefined || isScaling(encoder);
  if (!isOfNumbers) return { feature: fitByName(table, column, rows, encoder, mark), notes: [] };
  if (encoder !== undefined && column.kind !== "number")
    throw new InputError(
      `${table.source}: column ${shown(column.name)} is of type ${column.kind}, and ${encoder.name} takes numbers; choose another encoder, or read it as numbers with --types`,
    );
  switch (column.kind) {
    case "number":
      return fitNumber(table, column, rows, explicit || encoder !== undefined, {
        scaling: encoder?.name ?? "standard",
        impute,
        mark,
      });
    case "text":
      return fitCategory(column, rows, explicit, mark);
    case "vector":
      return { feature: fitVector(table, column, rows), notes: [] };
    case "opaque":
      throw new InputError(
        `${table.source}: column ${shown(column.name)} is of type ${column.type}, which cannot be learnt from; leave it out with --drop, or save it as numbers or text`,
      );
  }
}

function fitNumber(
  table: Table,
  column: NumberColumn,
  rows: Int32Array,
  explicit: boolean,
  {
    scaling,
    impute,
    mark,
  }: { readonly scaling: Scaling["name"]; readonly impute: Imputation; readonly mark: boolean },
): FittedFeature {
  const present = column.valid === null ? rows : rows.filter((row) => hasValue(column, row));
  const missing = present.length < rows.length;
  const values = numbersOf(table, column, present);
  const isConstant = areAll(values, (value) => value === values[0]);
  const name = shown(column.name);
  if (!explicit && isConstant && (!missing || values.length === 0)) {
    const what =
      values.length === 0
        ? "has no value in any training row"
        : `is ${values[0]} in every training row`;
    return { feature: null, notes: [`column ${name} ${what} and is left out`] };
  }
  const at = ranked(values.slice());
  const { low, high } = limitsBy(at, values.length);
  const limited = values.slice();
  for (let i = 0; i < limited.length; i += 1)
    limited[i] = Math.min(Math.max(limited[i] ?? 0, low), high);
  const momentsOf = (numbers: Float64Array): Moments =>
    finiteMoments(table, column, moments(numbers));
  const notes = looksLikeIdentifier(column.name, values)
    ? [
        `column ${name} has a different whole number in every row; if it only names the row, leave it out with --drop`,
      ]
    : [];
  const feature = numberFeature(column.name, scaling, impute, missing && mark, {
    limits: { low, high },
    quantile: (p) => quantileBy(at, values.length, p),
    moments: (log) => momentsOf(log ? limited.map(signedLog) : limited),
  });
  return { feature, notes };
}

/** What is known of the values of a number column. */
export interface NumberSummary {
  readonly limits: Limits;
  readonly quantile: (p: number) => number;
  /** Of the limited values, or of their signedLog. */
  readonly moments: (log: boolean) => Moments;
}

/** The feature of a number column from what is known of its values. */
export function numberFeature(
  column: string,
  scaling: Scaling["name"],
  impute: Imputation,
  missing: boolean,
  { limits: { low, high }, quantile: at, moments: momentsOf }: NumberSummary,
): NumberFeature {
  const { center, scale } = ((): { center: number; scale: number } => {
    if (scaling === "minmax") return { center: low, scale: high === low ? 1 : high - low };
    if (scaling === "robust") {
      const spread = at(0.75) - at(0.25);
      return { center: at(0.5), scale: spread === 0 ? 1 : spread };
    }
    const { mean, sd } = momentsOf(scaling === "log1p");
    return { center: mean, scale: sd };
  })();
  const mean = (): number => (scaling === "standard" ? center : momentsOf(false).mean);
  const fill = typeof impute === "number" ? impute : impute === "median" ? at(0.5) : mean();
  return {
    kind: "number",
    column,
    low: Math.min(low, fill), // a constant means itself, in the range or not
    high: Math.max(high, fill),
    log: scaling === "log1p",
    center,
    scale,
    fill,
    missing,
  };
}

/** The values of a number column in some rows, all of which have one. Throws InputError when one is not finite. */
export function numbersOf(table: Table, column: NumberColumn, rows: Int32Array): Float64Array {
  const numbers = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] ?? 0;
    const value = column.values[row] ?? 0;
    if (!Number.isFinite(value))
      throw new InputError(
        `${placeOf(table, row)}, column ${shown(column.name)}: ${value} is not a finite number; correct it or leave it empty`,
      );
    numbers[i] = value;
  }
  return numbers;
}

/** The moments, unless the values are so large that their squares overflow. */
export function finiteMoments(table: Table, column: Column, found: Moments): Moments {
  if (Number.isFinite(found.mean) && Number.isFinite(found.sd)) return found;
  throw new InputError(
    `${table.source}: column ${shown(column.name)}: the numbers are too large to be standardised; scale them down or leave the column out with --drop`,
  );
}

/** As `every`, in a loop that is compiled together with its test. */
function areAll(values: Float64Array, test: (value: number) => boolean): boolean {
  for (let i = 0; i < values.length; i += 1) if (!test(values[i] ?? 0)) return false;
  return true;
}

/** Different whole numbers that follow one another without a gap, or that the name calls an identifier. */
function looksLikeIdentifier(name: string, values: Float64Array): boolean {
  if (values.length <= FEW_CATEGORIES || !areAll(values, Number.isInteger)) return false;
  if (new Set(values).size < values.length) return false;
  let [low, high] = [values[0] ?? 0, values[0] ?? 0];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return high - low + 1 === values.length || /(?:^|[^a-z])(?:id|key|index)$/i.test(name);
}

function fitCategory(
  column: TextColumn,
  rows: Int32Array,
  explicit: boolean,
  mark: boolean,
): FittedFeature {
  const { values, missing } = categoriesOf(column, rows);
  const count = values.length + (missing ? 1 : 0);
  const name = shown(column.name);
  if (!explicit && count <= 1) {
    const what = missing
      ? "has no value in any training row"
      : `is ${shown(values[0])} in every training row`;
    return { feature: null, notes: [`column ${name} ${what} and is left out`] };
  }
  const isTooMany =
    values.length > CATEGORY_LIMIT ||
    (values.length > FEW_CATEGORIES && values.length > rows.length / 2);
  if (!explicit && isTooMany)
    return {
      feature: null,
      notes: [
        `column ${name} has ${values.length} different texts in ${rows.length} training rows and is left out; ${hintFor(column, values, rows.length)}--drop it to hide this note, or name it in --features to keep it`,
      ],
    };
  const feature = { kind: "category", column: column.name, element: "text", values } as const;
  return { feature: { ...feature, missing: missing && mark }, notes: [] };
}

/** What suits text with many values better than a feature for each. */
function hintFor({ name }: TextColumn, values: readonly string[], rows: number): string {
  const flag = (encoder: string): string =>
    /^[\w.-]+$/.test(name) ? `--encode ${name}=${encoder}` : `--encode "${name}=${encoder}"`; // one word for a shell
  if (values.every((value) => parseTime(value) !== null))
    return `${flag("calendar")} takes its times; `;
  if (values.length <= rows / 2) return `${flag("embedding")} learns a vector for each; `;
  const words = values.reduce((sum, value) => sum + wordsOf(value).length, 0);
  return words > 3 * values.length ? `${flag("words")} takes its words; ` : "";
}

function fitVector(table: Table, column: VectorColumn, rows: Int32Array): FeatureEncoding {
  const { name, values, width } = column;
  if (values instanceof Uint8Array)
    return {
      kind: "vector",
      column: name,
      element: "u8",
      width,
      ...byteMoments(values, width, rows),
    };
  const used = new Float32Array(rows.length * width);
  rows.forEach((row, i) => used.set(values.subarray(row * width, (row + 1) * width), i * width));
  const found = finiteMoments(table, column, moments(used));
  return { kind: "vector", column: name, element: "f32", width, ...found };
}
