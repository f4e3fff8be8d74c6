// Learns the features of text and times with an encoder that was asked for.
import { scalar } from "@shardgrad/core";
import { categoriesOf, distinctNumbers } from "./categories.js";
import { calendarTime } from "./calendar.js";
import type { FeatureEncoding } from "./encoding.js";
import type { Encoder } from "./encoders.js";
import { InputError, shown } from "../table/input-error.js";
import { byCodeUnit } from "../table/order.js";
import { limitsBy, moments } from "./statistics.js";
import { ranked } from "./ranked.js";
import {
  hasValue,
  listed,
  placeOf,
  type Column,
  type Table,
  type TextColumn,
} from "../table/table.js";

/** Encoders that are not of numbers. */
export type NamedEncoder = Extract<
  Encoder,
  { name: "onehot" | "embedding" | "calendar" | "ordinal" | "words" }
>;

/**
 * The features of a column by an encoder, learnt from some rows; a mark of missing values when `mark` and some are.
 * Throws InputError when the column has not the type that the encoder takes.
 */
export function fitByName(
  table: Table,
  column: Column,
  rows: Int32Array,
  encoder: NamedEncoder,
  mark: boolean,
): FeatureEncoding {
  const place = `${table.source}: column ${shown(column.name)}`;
  const missing = mark && rows.some((row) => !hasValue(column, row));
  const refused = (): InputError =>
    new InputError(
      `${place} is of type ${column.kind}, which ${encoder.name} does not take; choose another encoder`,
    );
  if (column.kind !== "text" && column.kind !== "number") throw refused();
  if (!rows.some((row) => hasValue(column, row)))
    throw new InputError(`${place} has no value in any training row; leave it out with --drop`);
  switch (encoder.name) {
    case "onehot":
    case "embedding": {
      const values =
        column.kind === "text"
          ? categoriesOf(column, rows).values
          : distinctNumbers(column, rows).map(String);
      const categories = { column: column.name, element: column.kind, values, missing };
      if (encoder.name !== "embedding") return { kind: "category", ...categories };
      const width = encoder.width ?? embeddingWidth(values.length + (missing ? 1 : 0));
      return { kind: "embedding", ...categories, width };
    }
    case "calendar": {
      const present = rows.filter((row) => hasValue(column, row));
      const times = Float64Array.from(present, (row) => calendarTime(table, column, row));
      const { low, high } = limitsBy(ranked(times.slice()), times.length);
      const { mean, sd } = moments(times.map((time) => Math.min(Math.max(time, low), high)));
      return { kind: "calendar", column: column.name, low, high, center: mean, scale: sd, missing };
    }
    case "words":
      if (column.kind !== "text") throw refused();
      return { kind: "words", column: column.name, width: encoder.width, missing };
    case "ordinal":
      if (column.kind !== "text") throw refused();
      return fitOrdinal(table, column, rows, encoder.order, missing);
  }
}

/** Numbers of a vector for one of n categories: min(50, ⌈1.6·n^0.56⌉), fastai's rule for tables, with a lower limit. */
export function embeddingWidth(n: number): number {
  return Math.min(50, Math.ceil(1.6 * scalar.pow(Math.max(n, 1), 0.56)));
}

function fitOrdinal(
  table: Table,
  column: TextColumn,
  rows: Int32Array,
  order: readonly string[] | null,
  missing: boolean,
): FeatureEncoding {
  const values = order ?? categoriesOf(column, rows).values.sort(byCodeUnit);
  const ranks = column.values.map((value) => values.indexOf(value));
  const present = rows.filter((row) => hasValue(column, row));
  const rankOf = (row: number): number => ranks[column.codes[row] ?? -1] ?? -1;
  const unknown = present.find((row) => rankOf(row) < 0);
  if (unknown !== undefined)
    throw new InputError(
      `${placeOf(table, unknown)}, column ${shown(column.name)}: ${shown(column.values[column.codes[unknown] ?? -1])} is not in the order given (${listed(values)}); add it`,
    );
  const { mean, sd } = moments(Float64Array.from(present, rankOf));
  return { kind: "ordinal", column: column.name, values, center: mean, scale: sd, missing };
}
