// Encodes the columns whose features are numbers side by side: numbers, ordinals, calendars, bags of words.
import { scalar } from "@shardgrad/core";
import { calendarTime, writeCalendar } from "./calendar.js";
import { parseNumber } from "../table/columns.js";
import type { F32Block } from "../table/dataset.js";
import {
  encodedWidth,
  type CategoryFeature,
  type EmbeddingFeature,
  type FeatureEncoding,
  type NumberFeature,
  type VectorFeature,
} from "./encoding.js";
import { InputError, shown } from "../table/input-error.js";
import {
  columnOf,
  hasValue,
  placeOf,
  type Column,
  type NumberColumn,
  type Table,
  type TextColumn,
} from "../table/table.js";
import { writeWords } from "./words.js";

/** A column that is encoded as floats, not as codes or bytes. */
export type DenseFeature = Exclude<
  FeatureEncoding,
  CategoryFeature | EmbeddingFeature | VectorFeature
>;

/** Writes the features of a row, which are 0 before, from `at`; the mark of missing values is written elsewhere. */
type Writer = (row: number, out: Float32Array, at: number) => void;

/** All these columns side by side, each followed by its mark of missing values if it has one. Throws InputError. */
export function denseBlock(
  features: readonly DenseFeature[],
  table: Table,
  rows: Int32Array,
): F32Block {
  const width = features.reduce((sum, feature) => sum + encodedWidth(feature), 0);
  const values = new Float32Array(rows.length * width);
  let offset = 0;
  for (const feature of features) {
    const column = columnOf(table, feature.column);
    const own = encodedWidth(feature);
    if (feature.kind === "number") {
      writeNumbers(feature, numbersExpected(table, column), rows, values, offset, width);
      offset += own;
      continue;
    }
    const write = writerOf(feature, table, column);
    rows.forEach((row, i) => {
      const at = i * width + offset;
      if (hasValue(column, row)) write(row, values, at);
      else if (feature.missing) values[at + own - 1] = 1;
    });
    offset += own;
  }
  return { kind: "f32", width, values };
}

/** Writes a column of numbers into the features of the rows, `width` a row, from `offset`. Most of what tables hold. */
function writeNumbers(
  feature: NumberFeature,
  { values, valid }: NumberColumn,
  rows: Int32Array,
  out: Float32Array,
  offset: number,
  width: number,
): void {
  const filled = scaled(feature, feature.fill);
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] ?? 0;
    const at = i * width + offset;
    if (valid === null || valid[row] === 1) out[at] = scaled(feature, values[row] ?? 0);
    else {
      out[at] = filled;
      if (feature.missing) out[at + 1] = 1;
    }
  }
}

function writerOf(
  feature: Exclude<DenseFeature, NumberFeature>,
  table: Table,
  column: Column,
): Writer {
  switch (feature.kind) {
    case "ordinal": {
      const { codes, values } = textExpected(table, column);
      const ranks = values.map((value) => feature.values.indexOf(value));
      return (row, out, at) => {
        const rank = ranks[codes[row] ?? -1] ?? -1;
        if (rank >= 0) out[at] = (rank - feature.center) / feature.scale;
      };
    }
    case "calendar":
      return (row, out, at) => writeCalendar(feature, calendarTime(table, column, row), out, at);
    case "words": {
      const { codes, values } = textExpected(table, column);
      return (row, out, at) => writeWords(values[codes[row] ?? -1] ?? "", feature.width, out, at);
    }
  }
}

/** A value as a feature, before it is rounded to f32; the limits keep it finite. */
function scaled({ low, high, log, center, scale }: NumberFeature, value: number): number {
  const limited = Math.min(Math.max(value, low), high);
  return ((log ? signedLog(limited) : limited) - center) / scale;
}

/** sign(v)·ln(1 + |v|). */
export function signedLog(value: number): number {
  return Math.sign(value) * scalar.log(1 + Math.abs(value));
}

function textExpected(table: Table, column: Column): TextColumn {
  if (column.kind === "text") return column;
  throw new InputError(
    `${table.source}: column ${shown(column.name)} is of type ${column.kind}, where the model was trained with text`,
  );
}

/** The column, which must be one of numbers. Throws InputError that names the first value that is none. */
export function numbersExpected(table: Table, column: Column): NumberColumn {
  if (column.kind === "number") return column;
  const expected = `where the model was trained with numbers`;
  if (column.kind !== "text")
    throw new InputError(
      `${table.source}: column ${shown(column.name)} is of type ${column.kind}, ${expected}`,
    );
  const isText = column.values.map((value) => parseNumber(value) === null);
  const row = Math.max(
    column.codes.findIndex((code) => isText[code] === true),
    0,
  );
  const value = column.values[column.codes[row] ?? -1];
  throw new InputError(
    `${placeOf(table, row)}, column ${shown(column.name)}: ${shown(value)}, ${expected}; correct it or leave it empty`,
  );
}
