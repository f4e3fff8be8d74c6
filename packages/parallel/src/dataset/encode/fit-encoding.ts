// Learns an encoding from the rows that train.
import { parseEncoder } from "./encoders.js";
import type { Encoding, FeatureEncoding } from "./encoding.js";
import { fitFeature, type Imputation } from "./fit-feature.js";
import { fitTarget, type Task } from "./fit-target.js";
import { InputError } from "../table/input-error.js";
import { columnOf, type Column, type Table } from "../table/table.js";

/** What to learn from which columns. */
export interface EncodingOptions {
  /** The column to predict; several are numbers, or labels of 0 and 1. */
  readonly target: string | readonly string[];
  /** What separates the labels that the texts of the target list, e.g. "|": a row has any number of them. */
  readonly labelSeparator?: string | undefined;
  /** The columns to learn from. Default: all but the target. A column named here is never left out by itself. */
  readonly features?: readonly string[] | undefined;
  /** Columns to leave out. */
  readonly drop?: readonly string[] | undefined;
  /** Encoders of some columns by name, as parseEncoder reads them, e.g. { when: "calendar" }. */
  readonly encode?: Readonly<Record<string, string>> | undefined;
  /** What missing numbers of some columns count as. Default: the mean. */
  readonly impute?: Readonly<Record<string, Imputation>> | undefined;
  /** Whether columns with missing values get a feature that says where. Default true. */
  readonly markMissing?: boolean | undefined;
  /**
   * Default: "classification" for text, truth values and IDX labels, "regression" for numbers; for several columns
   * "multilabel" when they hold 0 and 1, or false and true, alone.
   */
  readonly task?: Task | undefined;
}

const order = {
  embedding: 0,
  number: 1,
  ordinal: 2,
  calendar: 3,
  words: 4,
  category: 5,
  vector: 6,
} as const satisfies Record<FeatureEncoding["kind"], number>;

/**
 * Learns an encoding from some rows of a table: means and standard deviations in the order of the rows, categories,
 * classes. Constant columns, and text columns with more values than can be categories, are left out with a note.
 * Throws InputError for a column that does not exist, cannot be learnt from, or a target that is missing in a row.
 */
export function fitEncoding(table: Table, rows: Int32Array, options: EncodingOptions): Encoding {
  const names = typeof options.target === "string" ? [options.target] : options.target;
  const targets = names.map((name) => columnOf(table, name));
  const double = names.find((name, i) => names.indexOf(name) < i);
  if (double !== undefined)
    throw new InputError(
      `${table.source}: column ${JSON.stringify(double)} is named twice as a target; name it once`,
    );
  const { chosen, explicit } = chooseColumns(table, targets, options);
  if (rows.length === 0) throw new InputError(`${table.source}: there are no rows to train on`);
  const { encoding, notes } = fitTarget(table, targets, rows, options);
  const encoders = new Map(
    namedColumns(table, chosen, options.encode, "encode").map(([column, text]) => [
      column,
      parseEncoder(text, `--encode ${column.name}`),
    ]),
  );
  const fills = new Map(namedColumns(table, chosen, options.impute, "impute"));
  for (const column of fills.keys())
    if (column.kind !== "number")
      throw new InputError(
        `--impute ${column.name}: the column is of type ${column.kind}; only missing numbers are filled in`,
      );
  const features: FeatureEncoding[] = [];
  for (const column of chosen) {
    const fitted = fitFeature(table, column, rows, {
      explicit,
      encoder: encoders.get(column),
      impute: fills.get(column),
      mark: options.markMissing ?? true,
    });
    if (fitted.feature !== null) features.push(fitted.feature);
    notes.push(...fitted.notes);
  }
  if (chosen.length === 0)
    throw new InputError(
      `${table.source}: no column is left to learn from beside the target; add one, or drop fewer`,
    );
  if (features.length === 0)
    throw new InputError(
      `${table.source}: no column is left to learn from${notes.length > 0 ? ` (${notes.join("; ")})` : "; name some with --features"}`,
    );
  features.sort((a, b) => order[a.kind] - order[b.kind]); // stable: the order of the table within a kind
  return { features, target: encoding, notes };
}

/** What was asked for by column; each must be one to learn from. */
function namedColumns<T>(
  table: Table,
  chosen: readonly Column[],
  asked: Readonly<Record<string, T>> = {},
  option: string,
): [Column, T][] {
  return Object.entries(asked).map(([name, value]) => {
    const column = columnOf(table, name);
    if (!chosen.includes(column))
      throw new InputError(
        `--${option} ${name}: the column is not one to learn from; name a feature that is not dropped`,
      );
    return [column, value];
  });
}

function chooseColumns(
  table: Table,
  targets: readonly Column[],
  { features, drop = [] }: EncodingOptions,
): { chosen: Column[]; explicit: boolean } {
  const dropped = new Set(drop.map((name) => columnOf(table, name)));
  for (const target of targets)
    if (dropped.has(target))
      throw new InputError(
        `${table.source}: column ${JSON.stringify(target.name)} is the target and cannot be dropped`,
      );
  const wanted =
    features === undefined ? null : new Set(features.map((name) => columnOf(table, name)));
  for (const target of targets)
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
    (column) => !targets.includes(column) && !dropped.has(column) && (wanted?.has(column) ?? true),
  );
  return { chosen, explicit: wanted !== null };
}
