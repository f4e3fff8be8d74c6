// Splits that keep to something: the classes' shares, whole groups, or the order of time.
import { permutation } from "@shardgrad/core";
import { calendarTime } from "../encode/calendar.js";
import { InputError, shown } from "../table/input-error.js";
import { holdout, partsOf, SPLIT_STREAM, type Split } from "./split.js";
import { columnOf, hasValue, placeOf, type Column, type Table } from "../table/table.js";

/** What a split keeps to, by a column. */
export interface SplitRule {
  /**
   * strata: every value has the same share of both parts, as nearly as whole rows allow;
   * group: rows with the same value stay together;
   * time: the rows held out are the latest, those of the same time stay together.
   */
  readonly by: "strata" | "group" | "time";
  readonly column: string;
}

/** More different values than this are not classes. */
const MOST_STRATA = 1000;

/**
 * Holds out about a part of the rows by a rule; null draws rows at random. Depends on the rows, the fraction, the seed and
 * the rule's column alone. Throws InputError when a row has no value in the column or no split is possible.
 */
export function holdoutBy(
  table: Table,
  rows: Int32Array,
  fraction: number,
  seed: number,
  rule: SplitRule | null,
): Split {
  if (rule === null) return holdout(rows, fraction, seed);
  if (!(fraction > 0 && fraction < 1))
    throw new RangeError(`holdoutBy: a fraction of ${fraction}; it must lie between 0 and 1`);
  const column = columnOf(table, rule.column);
  const wanted = Math.min(Math.max(Math.round(fraction * rows.length), 1), rows.length - 1);
  if (rule.by === "time") return latest(table, column, rows, wanted);
  const codes = codesOf(table, column, rows);
  const isHeld =
    rule.by === "strata"
      ? heldByStrata(table, column, codes, fraction, seed)
      : heldByGroup(codes, wanted, seed);
  const split = partsOf(rows, isHeld);
  if (split.kept.length === 0 || split.held.length === 0)
    throw new InputError(
      `${table.source}: column ${shown(column.name)}: ${rows.length} rows of ${new Set(codes).size} values cannot be split into ${fraction} and the rest; give more rows`,
    );
  return split;
}

/**
 * Cross-validation: every row is held out in exactly one of `count` splits, of sizes as equal as the rule allows. Rules
 * are those of holdoutBy but for time, which has an order. Throws InputError when there are fewer rows or groups than folds.
 */
export function foldsBy(
  table: Table,
  rows: Int32Array,
  count: number,
  seed: number,
  rule: SplitRule | null,
): readonly Split[] {
  if (!Number.isInteger(count) || count < 2)
    throw new RangeError(`foldsBy: ${count} folds; give a whole number from 2 on`);
  if (rule?.by === "time")
    throw new RangeError("foldsBy: folds have no order in time; hold out a part instead");
  const fold = new Int32Array(rows.length);
  const codes = rule && codesOf(table, columnOf(table, rule.column), rows);
  if (rule?.by === "group" && codes !== null) dealGroups(codes, count, seed, fold);
  else {
    // Dealt out like cards, class after class, so that both classes and folds come out even. Without a rule all are one.
    const classes =
      codes === null
        ? [permutation(rows.length, seed, SPLIT_STREAM)]
        : strata(codes, seed).values();
    let next = 0;
    for (const positions of classes)
      for (let i = 0; i < positions.length; i += 1) {
        fold[positions[i] ?? 0] = next;
        next = next === count - 1 ? 0 : next + 1;
      }
  }
  const isUsed = new Uint8Array(count);
  for (let i = 0; i < fold.length; i += 1) isUsed[fold[i] ?? 0] = 1;
  const used = isUsed.reduce((sum, one) => sum + one, 0);
  if (used < count)
    throw new InputError(
      `${table.source}: ${used} ${rule?.by === "group" ? `groups of column ${shown(rule.column)}` : "rows"} for ${count} folds; give fewer folds`,
    );
  return Array.from({ length: count }, (_, i) => {
    const isHeld = new Uint8Array(rows.length);
    for (let row = 0; row < fold.length; row += 1) if (fold[row] === i) isHeld[row] = 1;
    return partsOf(rows, isHeld);
  });
}

/** Each row's value in a column as a number, 0 for the first that occurs. Throws InputError where it is missing. */
function codesOf(table: Table, column: Column, rows: Int32Array): Int32Array {
  if (column.kind !== "text" && column.kind !== "number")
    throw new InputError(
      `${table.source}: column ${shown(column.name)} is of type ${column.kind} and cannot split rows; name a column of text or numbers`,
    );
  const codeOf = new Map<number, number>();
  return rows.map((row) => {
    if (!hasValue(column, row))
      throw new InputError(
        `${placeOf(table, row)}, column ${shown(column.name)}: the value that splits rows is missing; fill it in or remove the row`,
      );
    const value = (column.kind === "text" ? column.codes[row] : column.values[row]) ?? 0;
    const code = codeOf.get(value) ?? codeOf.size;
    codeOf.set(value, code);
    return code;
  });
}

/** The positions of each value, in an order that the seed draws. */
function strata(codes: Int32Array, seed: number): Map<number, number[]> {
  const positions = new Map<number, number[]>();
  for (const position of permutation(codes.length, seed, SPLIT_STREAM)) {
    const code = codes[position] ?? 0;
    const own = positions.get(code);
    if (own === undefined) positions.set(code, [position]);
    else own.push(position);
  }
  return positions;
}

/** Of each value the share of its rows, rounded; at least one row of each value is kept. */
function heldByStrata(
  table: Table,
  column: Column,
  codes: Int32Array,
  fraction: number,
  seed: number,
): Uint8Array {
  const isHeld = new Uint8Array(codes.length);
  const all = strata(codes, seed);
  if (all.size > MOST_STRATA)
    throw new InputError(
      `${table.source}: column ${shown(column.name)} has ${all.size} different values, which are no classes; leave out --stratify`,
    );
  for (const positions of all.values()) {
    const count = Math.min(Math.round(fraction * positions.length), positions.length - 1);
    for (const position of positions.slice(0, count)) isHeld[position] = 1;
  }
  return isHeld;
}

/** Groups in an order that the seed draws, as long as they bring the number of rows nearer to the one wanted. */
function heldByGroup(codes: Int32Array, wanted: number, seed: number): Uint8Array {
  const sizes = sizesOf(codes);
  const chosen = new Set<number>();
  let held = 0;
  for (const group of permutation(sizes.length, seed, SPLIT_STREAM)) {
    const after = held + (sizes[group] ?? 0);
    if (Math.abs(after - wanted) > Math.abs(held - wanted) && held > 0) continue;
    if (chosen.size === sizes.length - 1) break; // one group is kept
    chosen.add(group);
    held = after;
  }
  return Uint8Array.from(codes, (code) => Number(chosen.has(code)));
}

/** Gives each group, the largest first, to the fold that has fewest rows. */
function dealGroups(codes: Int32Array, count: number, seed: number, fold: Int32Array): void {
  const sizes = sizesOf(codes);
  const order = [...permutation(sizes.length, seed, SPLIT_STREAM)];
  order.sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0)); // stable: equal ones as drawn
  const rows = new Float64Array(count);
  const foldOf = new Int32Array(sizes.length);
  for (const group of order) {
    let least = 0;
    for (let i = 1; i < count; i += 1) if ((rows[i] ?? 0) < (rows[least] ?? 0)) least = i;
    foldOf[group] = least;
    rows[least] = (rows[least] ?? 0) + (sizes[group] ?? 0);
  }
  codes.forEach((code, i) => (fold[i] = foldOf[code] ?? 0));
}

function sizesOf(codes: Int32Array): number[] {
  const sizes: number[] = [];
  for (const code of codes) sizes[code] = (sizes[code] ?? 0) + 1;
  return sizes;
}

/** The rows with the latest times; equal times are on the same side. */
function latest(table: Table, column: Column, rows: Int32Array, wanted: number): Split {
  codesOf(table, column, rows); // every row has a value
  const times = Float64Array.from(rows, (row) =>
    column.kind === "number" ? (column.values[row] ?? 0) : calendarTime(table, column, row),
  );
  const sorted = Float64Array.from(times).sort();
  const first = sorted[0] ?? 0;
  let border = sorted[sorted.length - wanted] ?? 0;
  if (border === first) border = sorted.find((time) => time > first) ?? first; // something must be kept
  if (border === first)
    throw new InputError(
      `${table.source}: column ${shown(column.name)}: all ${rows.length} rows have the same time; split them in another way`,
    );
  return partsOf(
    rows,
    Uint8Array.from(times, (time) => Number(time >= border)),
  );
}
