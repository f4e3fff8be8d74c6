// What a table holds: of each column its type, missing values, range and a few values.
import { type Column, hasValue, type Table } from "@shardgrad/parallel";
import { columns as aligned, count } from "./format.js";

/** One column in numbers; what does not apply is null. */
export interface ColumnSummary {
  readonly name: string;
  readonly type: string;
  readonly missing: number;
  readonly distinct: number | null; // null when there are more than are counted, or the column is not one of single values
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  readonly first: readonly (number | string)[]; // distinct values in the order of rows
}

const MOST_DISTINCT = 100_000;
const SHOWN = 3;

/** Summarises every column over all rows. */
export function summarise(table: Table): readonly ColumnSummary[] {
  return table.columns.map((column) => summariseColumn(column, table.rows));
}

function summariseColumn(column: Column, rows: number): ColumnSummary {
  let missing = 0;
  for (let row = 0; row < rows; row++) if (!hasValue(column, row)) missing++;
  const none = {
    name: column.name,
    missing,
    distinct: null,
    min: null,
    mean: null,
    max: null,
    first: [],
  };
  switch (column.kind) {
    case "text":
      return {
        ...none,
        type: "text",
        distinct: distinctCodes(column.codes),
        first: column.values.slice(0, SHOWN),
      };
    case "number": {
      const present =
        missing === 0 ? column.values : column.values.filter((_, row) => hasValue(column, row));
      return { ...none, type: "number", ...range(present), ...distinctNumbers(present) };
    }
    case "vector": {
      const unit = column.values instanceof Uint8Array ? "u8" : "f32";
      return { ...none, type: `${unit} × ${column.shape.join(" × ")}`, ...range(column.values) };
    }
    case "opaque":
      return { ...none, type: `${column.type} (not used)` };
  }
}

function distinctCodes(codes: Int32Array): number {
  const seen = new Set(codes);
  seen.delete(-1);
  return seen.size;
}

function range(
  values: Float64Array | Float32Array | Uint8Array,
): Pick<ColumnSummary, "min" | "mean" | "max"> {
  if (values.length === 0) return { min: null, mean: null, max: null };
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  return { min, mean: sum / values.length, max };
}

function distinctNumbers(values: Float64Array): Pick<ColumnSummary, "distinct" | "first"> {
  const seen = new Set<number>();
  for (const value of values) {
    seen.add(value);
    if (seen.size > MOST_DISTINCT) break;
  }
  return {
    distinct: seen.size > MOST_DISTINCT ? null : seen.size,
    first: [...seen].slice(0, SHOWN),
  };
}

/** The summary as lines for people. */
export function formatSummary(table: Table, summaries: readonly ColumnSummary[]): string {
  const number = (value: number | null): string =>
    value === null ? "" : String(Number(value.toPrecision(6)));
  const rows = summaries.map((one) => [
    one.name,
    one.type,
    count(one.missing),
    one.distinct === null ? "" : count(one.distinct),
    number(one.min),
    number(one.mean),
    number(one.max),
    one.first
      .map((value) => (typeof value === "number" ? String(value) : JSON.stringify(value)))
      .join(", "),
  ]);
  const head = ["column", "type", "missing", "distinct", "min", "mean", "max", "values"];
  const right = [false, false, true, true, true, true, true, false];
  return `${table.source}: ${count(table.rows)} rows, ${count(table.columns.length)} columns\n\n${aligned([head, ...rows], right)}`;
}
