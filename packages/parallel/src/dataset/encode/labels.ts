// Labels of which a row has any number: columns of 0 and 1, or one text column that lists them.
import { InputError, shown } from "../table/input-error.js";
import type { LabelsTargetEncoding } from "./target-encoding.js";
import { byCodeUnit } from "../table/order.js";
import {
  columnOf,
  hasValue,
  placeOf,
  type Column,
  type Table,
  type TextColumn,
} from "../table/table.js";

/** What a row of a column of 0 and 1, or of false and true in any case, says; null when it is something else. */
export function flagOf(column: Column, row: number): 0 | 1 | null {
  if (!hasValue(column, row)) return null;
  if (column.kind === "number") {
    const value = column.values[row];
    return value === 0 || value === 1 ? value : null;
  }
  if (column.kind !== "text") return null;
  const text = column.values[column.codes[row] ?? -1]?.toLowerCase();
  if (text === "true" || text === "1") return 1;
  return text === "false" || text === "0" ? 0 : null;
}

/** Whether rows of a column hold 0 and 1, or false and true, alone, missing values aside. */
export function isFlagColumn(column: Column, rows: Int32Array): boolean {
  return rows.every((row) => flagOf(column, row) !== null || !hasValue(column, row));
}

/** The different labels that a text lists, blanks around them aside. */
export function labelsIn(text: string, separator: string): readonly string[] {
  const parts = text.split(separator).map((part) => part.trim());
  return [...new Set(parts.filter((part) => part !== ""))];
}

/** The labels that rows of a column list, by code unit. */
export function listedLabels(
  column: TextColumn,
  rows: Int32Array,
  separator: string,
): readonly string[] {
  const found = new Set<string>();
  for (const code of new Set(rows.map((row) => column.codes[row] ?? -1)))
    for (const label of labelsIn(column.values[code] ?? "", separator)) found.add(label);
  return [...found].sort(byCodeUnit);
}

/** A column of texts that list labels. Throws InputError for another one. */
export function listColumn(table: Table, column: Column): TextColumn {
  if (column.kind === "text") return column;
  throw new InputError(
    `${table.source}: column ${shown(column.name)} is of type ${column.kind}, where texts list labels; name a column of text, or read it as one with --types ${column.name}=text`,
  );
}

/**
 * Labels of rows as numbers [rows, labels], 1 where a row has one. A missing text lists none; labels that the encoding
 * does not know are left out. Throws InputError naming the row and column of a value that is neither 0 nor 1.
 */
export function encodeLabels(
  { labels, list }: LabelsTargetEncoding,
  table: Table,
  rows: Int32Array,
): Float32Array {
  const width = labels.length;
  const values = new Float32Array(rows.length * width);
  if (list === null) {
    labels.forEach((name, j) => {
      const column = columnOf(table, name);
      rows.forEach((row, i) => (values[i * width + j] = flagExpected(table, column, row)));
    });
    return values;
  }
  const column = listColumn(table, columnOf(table, list.column));
  const indexOf = new Map(labels.map((label, j) => [label, j]));
  const indices = column.values.map((text) =>
    labelsIn(text, list.separator).flatMap((label) => indexOf.get(label) ?? []),
  );
  rows.forEach((row, i) => {
    for (const j of indices[column.codes[row] ?? -1] ?? []) values[i * width + j] = 1;
  });
  return values;
}

/** The value of a row. Throws InputError when it is missing or neither 0 nor 1. */
export function flagExpected(table: Table, column: Column, row: number): 0 | 1 {
  const flag = flagOf(column, row);
  if (flag !== null) return flag;
  const place = `${placeOf(table, row)}, column ${shown(column.name)}`;
  if (!hasValue(column, row))
    throw new InputError(`${place}: the target is missing; fill it in or remove the row`);
  const value =
    column.kind === "number"
      ? column.values[row]
      : column.kind === "text"
        ? column.values[column.codes[row] ?? -1]
        : column.kind;
  throw new InputError(
    `${place}: ${shown(value)}, where a label is 0 or 1, or false or true; correct it`,
  );
}

/** Labels that rows have and the encoding does not know, by code unit: they cannot be predicted, and are not scored. */
export function unknownLabels(
  { labels, list }: LabelsTargetEncoding,
  table: Table,
  rows: Int32Array,
): readonly string[] {
  if (list === null) return [];
  const column = listColumn(table, columnOf(table, list.column));
  const known = new Set(labels);
  return listedLabels(column, rows, list.separator).filter((label) => !known.has(label));
}
