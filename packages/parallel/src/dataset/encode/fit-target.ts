// Learns what the columns to predict stand for: classes, numbers or labels.
import { categoriesOf } from "./categories.js";
import { CATEGORY_LIMIT, FEW_CATEGORIES, finiteMoments, numbersOf } from "./fit-feature.js";
import { InputError, shown } from "../table/input-error.js";
import { flagExpected, isFlagColumn, listColumn, listedLabels } from "./labels.js";
import { moments } from "./statistics.js";
import { hasValue, listed, placeOf, type Column, type Table } from "../table/table.js";
import type { NumberTargetColumn, TargetEncoding } from "./target-encoding.js";

/** What is predicted: one of some classes, numbers, or any number of some labels. */
export type Task = "classification" | "regression" | "multilabel";

/** What is known of a target besides its columns. */
export interface TargetOptions {
  readonly task?: Task | undefined;
  /** What separates the labels that the texts of one column list. */
  readonly labelSeparator?: string | undefined;
}

/** The encoding of a target, and what there is to tell about it. */
export interface FittedTarget {
  readonly encoding: TargetEncoding;
  readonly notes: string[];
}

/**
 * Learns the target from some rows. Without a task, text is a class and a number is a number; several columns are labels
 * when they hold 0 and 1, or false and true, alone, and numbers else.
 * Throws InputError when a row has no target, there is only one class or too many, or the columns cannot be predicted.
 */
export function fitTarget(
  table: Table,
  columns: readonly Column[],
  rows: Int32Array,
  { task, labelSeparator }: TargetOptions = {},
): FittedTarget {
  const [first] = columns;
  if (first === undefined) throw new InputError(`${table.source}: name a column to predict`);
  for (const column of columns) {
    if (column.kind === "number" || column.kind === "text") continue;
    const type = column.kind === "vector" ? `vectors of ${column.width} numbers` : column.type;
    throw new InputError(
      `${placeOfColumn(table, column)} holds ${type} and cannot be the target; choose a column of numbers or text`,
    );
  }
  if (labelSeparator !== undefined) return fitList(table, columns, rows, task, labelSeparator);
  if (columns.length > 1) return fitSeveral(table, columns, rows, task);
  requireTargets(table, first, rows);
  switch (task ?? (first.kind === "text" ? "classification" : "regression")) {
    case "classification":
      return fitClasses(table, first, rows);
    case "regression":
      return fitNumbers(table, columns, rows);
    case "multilabel":
      throw new InputError(
        `${placeOfColumn(table, first)}: --task multilabel needs several columns of 0 and 1, or --label-separator for a text that lists labels`,
      );
  }
}

const placeOfColumn = (table: Table, { name }: Column): string =>
  `${table.source}: column ${shown(name)}`;

/** Several columns: all labels or all numbers. */
function fitSeveral(
  table: Table,
  columns: readonly Column[],
  rows: Int32Array,
  task: Task | undefined,
): FittedTarget {
  const names = columns.map(({ name }) => name);
  if (task === "classification")
    throw new InputError(
      `${table.source}: columns ${listed(names)}: --task classification predicts one column; several are labels (--task multilabel) or numbers (--task regression)`,
    );
  const areFlags = columns.map((column) => isFlagColumn(column, rows));
  if (task === undefined && !areFlags.every(Boolean)) {
    const text = columns.find((column, i) => column.kind === "text" && areFlags[i] === false);
    const flag = columns.find((column, i) => column.kind === "text" && areFlags[i] === true);
    const number = columns.find((column) => column.kind === "number");
    if (text !== undefined)
      throw new InputError(
        `${placeOfColumn(table, text)} is text, e.g. ${shown(text.kind === "text" ? text.values[0] : "")}, and cannot be predicted together with others; several targets are all numbers, or all 0 and 1 or false and true`,
      );
    if (flag !== undefined && number !== undefined)
      throw new InputError(
        `${placeOfColumn(table, flag)} holds false and true, column ${shown(number.name)} numbers; several targets are all labels or all numbers: train a model for each`,
      );
  }
  for (const column of columns) requireTargets(table, column, rows);
  if (task === "regression") return fitNumbers(table, columns, rows);
  if (task === undefined && !areFlags.every(Boolean)) {
    const { encoding, notes } = fitNumbers(table, columns, rows);
    const flags = names.filter((_, i) => areFlags[i] === true);
    if (flags.length > 0)
      notes.push(
        `columns ${listed(flags)} hold 0 and 1 alone and are predicted as numbers, like the others; train another model if they are labels`,
      );
    return { encoding, notes };
  }
  for (const column of columns) for (const row of rows) flagExpected(table, column, row);
  const notes =
    task === "multilabel"
      ? []
      : [
          `columns ${listed(names)} hold 0 and 1 alone and are predicted as labels; use --task regression if they are quantities`,
        ];
  return { encoding: { kind: "labels", labels: names, list: null }, notes };
}

/** A text that lists labels. A row without one has none of them. */
function fitList(
  table: Table,
  columns: readonly Column[],
  rows: Int32Array,
  task: Task | undefined,
  separator: string,
): FittedTarget {
  const [column, second] = columns;
  if (column === undefined || second !== undefined)
    throw new InputError(
      `${table.source}: columns ${listed(columns.map(({ name }) => name))}: --label-separator splits the texts of one column; name one target`,
    );
  if (task !== undefined && task !== "multilabel")
    throw new InputError(
      `${placeOfColumn(table, column)}: --label-separator gives labels, not what --task ${task} predicts; leave one of them out`,
    );
  const labels = listedLabels(listColumn(table, column), rows, separator);
  if (labels.length === 0)
    throw new InputError(`${placeOfColumn(table, column)}: no training row has a label`);
  if (labels.length > CATEGORY_LIMIT)
    throw new InputError(
      `${placeOfColumn(table, column)} lists ${labels.length} different labels, more than the ${CATEGORY_LIMIT} allowed; is ${shown(separator)} what separates them?`,
    );
  const isSplit = column.kind === "text" && column.values.some((text) => text.includes(separator));
  return {
    encoding: { kind: "labels", labels, list: { column: column.name, separator } },
    notes: isSplit
      ? []
      : [`no text of column ${shown(column.name)} has the separator ${shown(separator)}`],
  };
}

function fitNumbers(table: Table, columns: readonly Column[], rows: Int32Array): FittedTarget {
  const notes: string[] = [];
  const fitted = columns.map((column): NumberTargetColumn => {
    if (column.kind !== "number")
      throw new InputError(
        `${placeOfColumn(table, column)} is text, e.g. ${shown(column.kind === "text" ? column.values[0] : "")}; --task regression needs numbers`,
      );
    const values = numbersOf(table, column, rows);
    const { mean, sd } = finiteMoments(table, column, moments(values));
    notes.push(...fewWholeNumbers(column.name, values, columns.length));
    return { column: column.name, mean, sd };
  });
  return { encoding: { kind: "number", columns: fitted }, notes };
}

function fitClasses(table: Table, column: Column, rows: Int32Array): FittedTarget {
  const place = placeOfColumn(table, column);
  if (column.kind !== "text" && column.kind !== "number")
    throw new InputError(`${place} cannot be the target; choose a column of numbers or text`);
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

function fewWholeNumbers(name: string, values: Float64Array, targets: number): string[] {
  if (targets > 1) return []; // classes would be no choice
  const distinct = new Set<number>();
  for (const value of values) {
    distinct.add(value);
    if (!Number.isInteger(value) || distinct.size > FEW_CATEGORIES) return [];
  }
  return [
    `column ${shown(name)} has ${distinct.size} different whole numbers and is predicted as a number; use --task classification if they are classes`,
  ];
}
