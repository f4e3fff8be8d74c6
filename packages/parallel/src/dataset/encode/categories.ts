// The different values of a column, in their order.
import { byCodeUnit } from "../table/order.js";
import { hasValue, type NumberColumn, type TextColumn } from "../table/table.js";

/** The texts of a column in some rows, by code unit, and whether one is missing. */
export function categoriesOf(
  column: TextColumn,
  rows: Int32Array,
): { values: string[]; missing: boolean } {
  const isUsed = new Uint8Array(column.values.length);
  let missing = false;
  for (let i = 0; i < rows.length; i += 1) {
    const code = column.codes[rows[i] ?? 0] ?? -1;
    if (code < 0) missing = true;
    else isUsed[code] = 1;
  }
  const values = column.values.filter((_, code) => isUsed[code] === 1);
  return { values: values.sort(byCodeUnit), missing };
}

/** The different numbers of a column in some rows, in ascending order. */
export function distinctNumbers(column: NumberColumn, rows: Int32Array): number[] {
  const found = new Set<number>();
  for (const row of rows) if (hasValue(column, row)) found.add(column.values[row] ?? 0);
  return [...found].sort((a, b) => a - b);
}
