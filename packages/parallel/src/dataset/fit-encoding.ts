// Learns an encoding from the rows that train.
import type { Encoding, FeatureEncoding } from "./encoding.js";
import { fitFeature } from "./fit-feature.js";
import { fitTarget, type Task } from "./fit-target.js";
import { InputError } from "./input-error.js";
import { columnOf, type Column, type Table } from "./table.js";

/** What to learn from which columns. */
export interface EncodingOptions {
  /** The column to predict. */
  readonly target: string;
  /** The columns to learn from. Default: all but the target. A column named here is never left out by itself. */
  readonly features?: readonly string[] | undefined;
  /** Columns to leave out. */
  readonly drop?: readonly string[] | undefined;
  /** Default: "classification" for text, truth values and IDX labels, "regression" for numbers. */
  readonly task?: Task | undefined;
}

const order = { number: 0, category: 1, vector: 2 } as const satisfies Record<
  FeatureEncoding["kind"],
  number
>;

/**
 * Learns an encoding from some rows of a table: means and standard deviations in the order of the rows, categories,
 * classes. Constant columns, and text columns with more values than can be categories, are left out with a note.
 * Throws InputError for a column that does not exist, cannot be learnt from, or a target that is missing in a row.
 */
export function fitEncoding(table: Table, rows: Int32Array, options: EncodingOptions): Encoding {
  const target = columnOf(table, options.target);
  const { chosen, explicit } = chooseColumns(table, target, options);
  if (rows.length === 0) throw new InputError(`${table.source}: there are no rows to train on`);
  const { encoding, notes } = fitTarget(table, target, rows, options.task);
  const features: FeatureEncoding[] = [];
  for (const column of chosen) {
    const fitted = fitFeature(table, column, rows, explicit);
    if (fitted.feature !== null) features.push(fitted.feature);
    notes.push(...fitted.notes);
  }
  if (features.length === 0)
    throw new InputError(
      `${table.source}: no column is left to learn from${notes.length > 0 ? ` (${notes.join("; ")})` : "; name some with --features"}`,
    );
  features.sort((a, b) => order[a.kind] - order[b.kind]); // stable: the order of the table within a kind
  return { features, target: encoding, notes };
}

function chooseColumns(
  table: Table,
  target: Column,
  { features, drop = [] }: EncodingOptions,
): { chosen: Column[]; explicit: boolean } {
  const dropped = new Set(drop.map((name) => columnOf(table, name)));
  if (dropped.has(target))
    throw new InputError(
      `${table.source}: column ${JSON.stringify(target.name)} is the target and cannot be dropped`,
    );
  const wanted =
    features === undefined ? null : new Set(features.map((name) => columnOf(table, name)));
  if (wanted?.has(target))
    throw new InputError(
      `${table.source}: column ${JSON.stringify(target.name)} is the target and cannot be a feature as well`,
    );
  for (const column of wanted ?? [])
    if (dropped.has(column))
      throw new InputError(
        `${table.source}: column ${JSON.stringify(column.name)} is both a feature and dropped; choose one`,
      );
  const chosen = table.columns.filter(
    (column) => column !== target && !dropped.has(column) && (wanted?.has(column) ?? true),
  );
  return { chosen, explicit: wanted !== null };
}
