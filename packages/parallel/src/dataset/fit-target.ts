// Learns what a column to predict stands for: classes or a number.
import type { TargetEncoding } from "./encoding.js";
import { categoriesOf } from "./categories.js";
import { CATEGORY_LIMIT, FEW_CATEGORIES, finiteMoments, numbersOf } from "./fit-feature.js";
import { InputError, shown } from "./input-error.js";
import { moments } from "./statistics.js";
import { hasValue, placeOf, type Column, type Table } from "./table.js";

/** What is predicted: one of some classes, or a number. */
export type Task = "classification" | "regression";

/** The encoding of a target, and what there is to tell about it. */
export interface FittedTarget {
  readonly encoding: TargetEncoding;
  readonly notes: string[];
}

/**
 * Learns the target from some rows. Without a task, text is a class and a number is a number.
 * Throws InputError when a row has no target, there is only one class or too many, or the column cannot be predicted.
 */
export function fitTarget(
  table: Table,
  column: Column,
  rows: Int32Array,
  task: Task | undefined,
): FittedTarget {
  requireTargets(table, column, rows);
  const place = `${table.source}: column ${shown(column.name)}`;
  if (column.kind === "vector" || column.kind === "opaque") {
    const type = column.kind === "vector" ? `vectors of ${column.width} numbers` : column.type;
    throw new InputError(
      `${place} holds ${type} and cannot be the target; choose a column of numbers or text`,
    );
  }
  const isClass =
    (task ?? (column.kind === "text" ? "classification" : "regression")) === "classification";
  if (!isClass) {
    if (column.kind === "text")
      throw new InputError(
        `${place} is text, e.g. ${shown(column.values[0])}; --task regression needs numbers`,
      );
    const values = numbersOf(table, column, rows);
    const { mean, sd } = finiteMoments(
      table,
      column,
      moments(values.length, (i) => values[i] ?? 0),
    );
    return {
      encoding: { kind: "number", column: column.name, mean, sd },
      notes: fewWholeNumbers(column.name, values),
    };
  }
  const classes =
    column.kind === "text"
      ? categoriesOf(column, rows).values
      : [...new Set(numbersOf(table, column, rows))].sort((a, b) => a - b).map(String);
  if (classes.length < 2)
    throw new InputError(
      `${place} is ${shown(classes[0])} in every training row; there is nothing to tell apart`,
    );
  if (classes.length > CATEGORY_LIMIT)
    throw new InputError(
      `${place} has ${classes.length} different values, more than the ${CATEGORY_LIMIT} classes allowed; ${column.kind === "number" ? "use --task regression" : "choose another target"}`,
    );
  return {
    encoding: { kind: "class", column: column.name, element: column.kind, classes },
    notes: [],
  };
}

/** Throws InputError for the first row without a target. */
export function requireTargets(table: Table, column: Column, rows: Int32Array): void {
  for (const row of rows)
    if (!hasValue(column, row))
      throw new InputError(
        `${placeOf(table, row)}, column ${shown(column.name)}: the target is missing; fill it in or remove the row`,
      );
}

function fewWholeNumbers(name: string, values: Float64Array): string[] {
  const distinct = new Set<number>();
  for (const value of values) {
    distinct.add(value);
    if (!Number.isInteger(value) || distinct.size > FEW_CATEGORIES) return [];
  }
  return [
    `column ${shown(name)} has ${distinct.size} different whole numbers and is predicted as a number; use --task classification if they are classes`,
  ];
}
