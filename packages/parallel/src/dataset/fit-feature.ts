// Learns how one column becomes features.
import type { FeatureEncoding } from "./encoding.js";
import { InputError, shown } from "./input-error.js";
import { byCodeUnit } from "./order.js";
import { byteMoments, limits, moments, type Moments } from "./statistics.js";
import {
  hasValue,
  placeOf,
  type Column,
  type NumberColumn,
  type Table,
  type TextColumn,
  type VectorColumn,
} from "./table.js";

/** A text column with more values than this is not one of categories. */
export const CATEGORY_LIMIT = 1000;
/** Nor is one with a value of its own for more than half of the rows, once it has more values than this. */
export const FEW_CATEGORIES = 20;

/** The features of a column, or none, and what there is to tell about it. */
export interface FittedFeature {
  readonly feature: FeatureEncoding | null;
  readonly notes: readonly string[];
}

/**
 * Learns the features of a column from some rows. Columns that cannot help are left out with a note, unless they were
 * asked for by name (`explicit`). Throws InputError for a column of a type that cannot be learnt from.
 */
export function fitFeature(
  table: Table,
  column: Column,
  rows: Int32Array,
  explicit: boolean,
): FittedFeature {
  switch (column.kind) {
    case "number":
      return fitNumber(table, column, rows, explicit);
    case "text":
      return fitCategory(column, rows, explicit);
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
): FittedFeature {
  const present = rows.filter((row) => hasValue(column, row));
  const missing = present.length < rows.length;
  const values = numbersOf(table, column, present);
  const isConstant = values.every((value) => value === values[0]);
  const name = shown(column.name);
  if (!explicit && isConstant && (!missing || values.length === 0)) {
    const what =
      values.length === 0
        ? "has no value in any training row"
        : `is ${values[0]} in every training row`;
    return { feature: null, notes: [`column ${name} ${what} and is left out`] };
  }
  const { low, high } = limits(Float64Array.from(values).sort());
  const { mean, sd } = finiteMoments(
    table,
    column,
    moments(values.length, (i) => Math.min(Math.max(values[i] ?? 0, low), high)),
  );
  const notes = looksLikeIdentifier(column.name, values)
    ? [
        `column ${name} has a different whole number in every row; if it only names the row, leave it out with --drop`,
      ]
    : [];
  return {
    feature: {
      kind: "number",
      column: column.name,
      low,
      high,
      log: false,
      center: mean,
      scale: sd,
      fill: mean,
      missing,
    },
    notes,
  };
}

/** The values of a number column in some rows, all of which have one. Throws InputError when one is not finite. */
export function numbersOf(table: Table, column: NumberColumn, rows: Int32Array): Float64Array {
  return Float64Array.from(rows, (row) => {
    const value = column.values[row] ?? 0;
    if (!Number.isFinite(value))
      throw new InputError(
        `${placeOf(table, row)}, column ${shown(column.name)}: ${value} is not a finite number; correct it or leave it empty`,
      );
    return value;
  });
}

/** The moments, unless the values are so large that their squares overflow. */
export function finiteMoments(table: Table, column: Column, found: Moments): Moments {
  if (Number.isFinite(found.mean) && Number.isFinite(found.sd)) return found;
  throw new InputError(
    `${table.source}: column ${shown(column.name)}: the numbers are too large to be standardised; scale them down or leave the column out with --drop`,
  );
}

/** Different whole numbers that follow one another without a gap, or that the name calls an identifier. */
function looksLikeIdentifier(name: string, values: Float64Array): boolean {
  if (values.length <= FEW_CATEGORIES || !values.every((value) => Number.isInteger(value)))
    return false;
  if (new Set(values).size < values.length) return false;
  let [low, high] = [values[0] ?? 0, values[0] ?? 0];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return high - low + 1 === values.length || /(?:^|[^a-z])(?:id|key|index)$/i.test(name);
}

function fitCategory(column: TextColumn, rows: Int32Array, explicit: boolean): FittedFeature {
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
        `column ${name} has ${values.length} different texts in ${rows.length} training rows and is left out; --drop it to hide this note, or name it in --features to keep it`,
      ],
    };
  return { feature: { kind: "category", column: column.name, values, missing }, notes: [] };
}

/** The texts of a column in some rows, by code unit, and whether one is missing. */
export function categoriesOf(
  column: TextColumn,
  rows: Int32Array,
): { values: string[]; missing: boolean } {
  const isUsed = new Uint8Array(column.values.length);
  let missing = false;
  for (const row of rows) {
    const code = column.codes[row] ?? -1;
    if (code < 0) missing = true;
    else isUsed[code] = 1;
  }
  const values = column.values.filter((_, code) => isUsed[code] === 1);
  return { values: values.sort(byCodeUnit), missing };
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
  const valueAt = (i: number): number =>
    values[(rows[Math.floor(i / width)] ?? 0) * width + (i % width)] ?? 0;
  const found = finiteMoments(table, column, moments(rows.length * width, valueAt));
  return { kind: "vector", column: name, element: "f32", width, ...found };
}
