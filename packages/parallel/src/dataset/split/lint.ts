// Warnings about a table, one line each: what is likely to make a model worse than its score, or its score better than it.
import type { Task } from "../encode/fit-target.js";
import { shown } from "../table/input-error.js";
import { rowKeys, valueText } from "./row-keys.js";
import { allRows, hasValue, listed, type Column, type Table } from "../table/table.js";

/** Rows of a table that are used for one purpose. */
export interface TablePart {
  readonly table: Table;
  readonly rows: Int32Array;
}

/** What is to be looked at. */
export interface LintOptions {
  readonly target: string | readonly string[];
  /** With "multilabel" no classes are looked at. */
  readonly task?: Task | undefined;
  /** Columns that the model learns from. */
  readonly features: readonly string[];
  readonly train: TablePart;
  /** Parts that score the model, by what they are called. */
  readonly scored: Readonly<Record<string, TablePart | null>>;
}

/** A class with fewer rows than this part of the largest one's is rare. */
const RARE = 1 / 20;

/** A column with values in fewer than half of the rows is mostly empty. */
const MOSTLY = 0.5;

/** Warnings about what a model is to be trained on; constant columns and identifiers are told when columns are encoded. */
export function lintTraining({ target, task, features, train, scored }: LintOptions): string[] {
  const { table, rows } = train;
  const goals = table.columns.filter(({ name }) =>
    typeof target === "string" ? name === target : target.includes(name),
  );
  const used = table.columns.filter((column) => features.includes(column.name));
  if (goals.length === 0) return [];
  return [
    ...used.flatMap((column) => [
      ...goals.flatMap((goal) => copy(column, goal, rows)),
      ...empty(column, rows),
    ]),
    ...(task === "multilabel" ? [] : goals.flatMap((goal) => rareClasses(goal, rows))),
    ...repeated([...used, ...goals], train, scored),
  ];
}

/** Warnings about a table alone: columns that are constant or mostly empty, and rows that occur more than once. */
export function lintTable(table: Table): string[] {
  const rows = allRows(table);
  const keys = rowKeys(table.columns, rows);
  const twice = keys.length - new Set(keys).size;
  return [
    ...table.columns.flatMap((column) => [...constant(column, rows), ...empty(column, rows)]),
    ...(twice > 0
      ? [
          `${twice} rows are the same as an earlier one; remove them unless they were observed so often`,
        ]
      : []),
  ];
}

/** A feature that says what the target is: the same values, or other names for the same classes. */
function copy(column: Column, goal: Column, rows: Int32Array): string[] {
  if (column.kind !== "text" && column.kind !== "number") return [];
  const goalOf = new Map<string | null, string | null>();
  const valueOf = new Map<string | null, string | null>();
  let isSame = true;
  for (const row of rows) {
    const [value, wanted] = [valueText(column, row), valueText(goal, row)];
    if (value !== wanted) isSame = false;
    if ((goalOf.get(value) ?? wanted) !== wanted || (valueOf.get(wanted) ?? value) !== value)
      return [];
    goalOf.set(value, wanted);
    valueOf.set(wanted, value);
  }
  if (!isSame && (goal.kind !== "text" || goalOf.size < 2)) return []; // different numbers match one to one by chance
  const how = isSame ? "has the same values as" : "gives away";
  return [
    `column ${shown(column.name)} ${how} the target ${shown(goal.name)} in every training row; leave it out with --drop unless it is known when the model is used`,
  ];
}

function constant(column: Column, rows: Int32Array): string[] {
  if (column.kind !== "text" && column.kind !== "number") return [];
  const first = valueText(column, rows[0] ?? 0);
  if (rows.some((row) => valueText(column, row) !== first)) return [];
  return [`column ${shown(column.name)} is ${shown(first)} in every row and tells nothing`];
}

function empty(column: Column, rows: Int32Array): string[] {
  if (column.kind === "vector" || column.kind === "opaque") return [];
  let missing = 0;
  for (const row of rows) if (!hasValue(column, row)) missing += 1;
  if (missing <= MOSTLY * rows.length || missing === rows.length) return [];
  return [
    `column ${shown(column.name)} has no value in ${missing} of ${rows.length} rows; it may tell little, see --drop and --impute`,
  ];
}

function rareClasses(goal: Column, rows: Int32Array): string[] {
  if (goal.kind !== "text") return [];
  const counts = new Map<string, number>();
  for (const row of rows) {
    const label = valueText(goal, row) ?? "";
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  const rare = [...counts].filter(([, count]) => count < RARE * most).map(([label]) => label);
  if (rare.length === 0) return [];
  return [
    `the target ${shown(goal.name)} has rare classes (${listed(rare, 3)}: less than ${100 * RARE} % of the rows of the largest); accuracy says little about them, and --stratify keeps them in every part`,
  ];
}

/** Rows that are trained on and scored as well. */
function repeated(
  columns: readonly Column[],
  train: TablePart,
  scored: LintOptions["scored"],
): string[] {
  const parts = Object.entries(scored).filter(([, part]) => part !== null && part.rows.length > 0);
  if (parts.length === 0) return [];
  const glances = rowKeys(columns, train.rows, "glance");
  return parts.flatMap(([name, part]) => {
    if (part === null) return [];
    const own = columns.flatMap(
      (column) => part.table.columns.find((other) => other.name === column.name) ?? [],
    );
    if (own.length < columns.length) return [];
    const glanced = new Set(rowKeys(own, part.rows, "glance"));
    const likely = train.rows.filter((_, i) => glanced.has(glances[i] ?? 0));
    const known = new Set(rowKeys(columns, likely));
    const count =
      likely.length === 0 ? 0 : rowKeys(own, part.rows).filter((key) => known.has(key)).length;
    return count === 0
      ? []
      : [
          `${count} of ${part.rows.length} ${name} rows are also training rows, value by value; their score may be too good`,
        ];
  });
}
