// Learns an encoding from streamed rows in memory that does not grow with them: the encoding of the same rows in memory.
//
// A few passes over the source: one for the types and the number of rows; one for the values of every column; then, for
// the columns of numbers, those that find quantiles, means and deviations. What columns become is decided by the same
// code as in memory, on a small table that has the same values; its numbers are put in afterwards.
import { calendarTime } from "../encode/calendar.js";
import type { Dataset } from "../table/dataset.js";
import { encode } from "../encode/encode.js";
import { parseEncoder, type Encoder } from "../encode/encoders.js";
import type { Encoding, FeatureEncoding } from "../encode/encoding.js";
import { fitEncoding, type EncodingOptions } from "../encode/fit-encoding.js";
import { numberFeature, type Scaling } from "../encode/fit-feature.js";
import { InputError, shown } from "../table/input-error.js";
import type { DatasetStream } from "./stream.js";
import { emptyForm, encodedColumns, joinDatasets } from "./stream-form.js";
import { datasetStream } from "./stream-remote.js";
import {
  conform,
  surveyStream,
  typesOfSchema,
  type StreamColumn,
  type StreamSchema,
} from "./stream-schema.js";
import type { TableSource } from "./stream-source.js";
import {
  allHeld,
  drawHeld,
  listedIn,
  MOST_HELD,
  trainingRows,
  type HeldRows,
} from "./stream-split.js";
import { NumberStatistics, VectorStatistics, type Passes } from "./stream-statistics.js";
import { ColumnValues } from "./stream-values.js";
import { columnOf, type Column, type Table } from "../table/table.js";

/** What to learn from which columns, and which rows to hold out. */
export interface StreamOptions<Name extends string = string> extends EncodingOptions {
  readonly target: Name | readonly Name[];
  readonly features?: readonly Name[] | undefined;
  readonly drop?: readonly Name[] | undefined;
  /** Types of columns of CSV, TSV and JSON lines. */
  readonly types?: Readonly<Record<string, "number" | "text">> | undefined;
  /** The part of the rows that is scored after each epoch: drawn by the seed, held in memory, at most 262,144. Default 0. */
  readonly validation?: number | undefined;
  /** The same for scores at the end. Default 0. */
  readonly test?: number | undefined;
  /** Draws the rows that are held out. Default 0. */
  readonly seed?: number | undefined;
}

/** What streamed rows are trained with. */
export interface FittedStream {
  readonly encoding: Encoding;
  readonly data: DatasetStream;
  readonly validation: Dataset | null;
  readonly test: Dataset | null;
  /** Numbers of the rows that are held out, from 0, ascending. */
  readonly held: HeldRows;
  readonly notes: readonly string[];
}

/**
 * Learns how the columns of a streamed source become features, and gives its rows as data to train on.
 * Throws InputError as fitEncoding does, and for a source that can be read once only.
 */
export async function fitStream<Name extends string = string>(
  source: TableSource<Name>,
  options: StreamOptions<NoInfer<Name>>,
): Promise<FittedStream> {
  if (source.once)
    throw new InputError(
      `${source.name} can be read once only, and learning an encoding reads it several times; give a function that opens it, or encodeStream with an encoding`,
    );
  const names = await wantedColumns(source, options);
  const schema = await surveyStream(source, names, options.types ?? {});
  const { test = 0, validation = 0, seed = 0 } = options;
  const held = drawHeld(schema.rows, { test, validation }, seed);
  const all = allHeld(held);
  const scan: Scan = { source, schema, held: all };
  const fitted = await fit(scan, options);
  const rows = schema.rows - all.length;
  const data = datasetStream(source, { schema, encoding: fitted, held: all, rows });
  const parts = await heldParts(scan, fitted, held);
  const notes = [
    ...fitted.notes,
    ...Object.entries(held).flatMap(([name, { length }]) =>
      length === MOST_HELD
        ? [`${length} rows are held out as ${name} rows, the most that are`]
        : [],
    ),
  ];
  return { encoding: fitted, data, ...parts, held, notes };
}

/** The columns that are read: null for all. Throws InputError for one that does not exist. */
async function wantedColumns(
  source: TableSource,
  { target, features, drop = [], types = {} }: StreamOptions,
): Promise<readonly string[] | null> {
  for await (const { table } of source.chunks({ types, columns: null, from: 0 })) {
    const named = [...namesOf(target), ...(features ?? []), ...drop];
    if (table.sparse !== true) for (const name of named) columnOf(table, name);
    if (features !== undefined) return [...new Set([...namesOf(target), ...features, ...drop])];
    return null;
  }
  throw new InputError(`${source.name}: there are no rows; give some`);
}

const namesOf = (target: StreamOptions["target"]): readonly string[] =>
  typeof target === "string" ? [target] : target;

/** What passes go over. */
interface Scan {
  readonly source: TableSource;
  readonly schema: StreamSchema;
  readonly held: Int32Array;
}

/** Reads the source until nobody needs another pass. */
async function run({ source, schema, held }: Scan, passes: readonly Passes[]): Promise<void> {
  const types = typesOfSchema(schema);
  for (let open = passes; open.length > 0; open = open.filter((one) => one.endPass())) {
    const names = [...new Set(open.map(({ column }) => column))];
    const expected = schema.columns.filter(({ name }) => names.includes(name));
    let count = 0;
    for await (const { table, first } of source.chunks({ types, columns: names, from: 0 })) {
      const chunk = conform(table, expected);
      const rows = trainingRows(first, table.rows, held);
      const columns = new Map(chunk.columns.map((column) => [column.name, column]));
      for (const one of open) {
        const column = columns.get(one.column);
        if (column !== undefined) one.add(chunk, column, rows);
      }
      count = first + table.rows;
    }
    if (count !== schema.rows)
      throw new InputError(
        `${source.name}: ${count} rows, where there were ${schema.rows} before; the data must not change while they are read`,
      );
  }
}

async function fit(scan: Scan, options: StreamOptions): Promise<Encoding> {
  const { source, schema, held } = scan;
  const rows = schema.rows - held.length;
  const { features, labelSeparator, encode: encoders = {}, drop = [] } = options;
  const targets = namesOf(options.target);
  const encoderOf = (name: string): Encoder | undefined => {
    const text = Object.hasOwn(encoders, name) ? encoders[name] : undefined;
    return text === undefined ? undefined : parseEncoder(text, `--encode ${name}`);
  };
  const values = schema.columns
    .filter(({ name }) => !drop.includes(name))
    .map(
      (column) =>
        new ColumnValues(
          column,
          encoderOf(column.name),
          features !== undefined,
          !targets.includes(column.name)
            ? "feature"
            : labelSeparator === undefined
              ? "target"
              : "list",
        ),
    );
  await run(scan, values);
  const left = values.filter(
    (one) =>
      one.tooMany &&
      isText(schema, one.column) &&
      !targets.includes(one.column) &&
      features === undefined,
  );
  const kept = values.filter((one) => !left.includes(one));
  const size = Math.min(rows, 2 * Math.max(1, ...kept.map((one) => one.size)) + 2);
  const dropped = schema.columns.filter(
    ({ name }) => drop.includes(name) || left.some(({ column }) => column === name),
  );
  const sample: Table = {
    source: source.name,
    rows: size,
    columns: [
      ...kept.map((one) => one.sample(size)),
      ...dropped.map(({ name }): Column => ({ kind: "opaque", name, type: "dropped" })),
    ],
    places: { noun: "row", first: 1, numbers: null },
    notes: [],
  };
  const found = fitEncoding(
    sample,
    Int32Array.from({ length: size }, (_, row) => row),
    { ...options, drop: dropped.map(({ name }) => name) },
  );
  const encoding = await withNumbers(scan, found, options, encoderOf, values);
  const notes = left.map(
    ({ column }) =>
      `column ${shown(column)} has too many different texts and is left out; --drop it to hide this note, or name it in --features to keep it`,
  );
  return { ...encoding, notes: [...encoding.notes, ...notes] };
}

const isText = ({ columns }: StreamSchema, name: string): boolean =>
  columns.some((column: StreamColumn) => column.name === name && column.kind === "text");

/** The encoding with the quantiles, means and deviations of all training rows. */
async function withNumbers(
  scan: Scan,
  encoding: Encoding,
  { impute = {} }: StreamOptions,
  encoderOf: (name: string) => Encoder | undefined,
  values: readonly ColumnValues[],
): Promise<Encoding> {
  const present = (name: string): number =>
    values.find(({ column }) => column === name)?.present ?? 0;
  const passes: Passes[] = [];
  const looking = <T extends Passes>(pass: T): T => {
    passes.push(pass);
    return pass;
  };
  const features = encoding.features.map((feature): (() => FeatureEncoding) => {
    const { column } = feature;
    switch (feature.kind) {
      case "number": {
        const scaling = (encoderOf(column)?.name ?? "standard") as Scaling["name"]; // it became a number
        const fill = Object.hasOwn(impute, column) ? (impute[column] ?? "mean") : "mean";
        const found = looking(
          new NumberStatistics(column, numberOf, present(column), {
            limited: true,
            quantiles: [
              ...(scaling === "robust" ? [0.25, 0.5, 0.75] : []),
              ...(fill === "median" ? [0.5] : []),
            ],
            plain: scaling === "standard" || fill === "mean",
            logs: scaling === "log1p",
          }),
        );
        return () => numberFeature(column, scaling, fill, feature.missing, summary(found));
      }
      case "ordinal": {
        const found = looking(
          new NumberStatistics(column, rankIn(feature.values), present(column), plainMoments),
        );
        return () => {
          const { mean, sd } = found.moments(false);
          return { ...feature, center: mean, scale: sd };
        };
      }
      case "calendar": {
        const found = looking(
          new NumberStatistics(column, timeOf, present(column), { ...plainMoments, limited: true }),
        );
        return () => {
          const { mean, sd } = found.moments(false);
          return { ...feature, ...found.limits, center: mean, scale: sd };
        };
      }
      case "vector": {
        const found = looking(new VectorStatistics(column, feature.element === "u8"));
        return () => ({ ...feature, ...found.moments });
      }
      default:
        return () => feature;
    }
  });
  const { target } = encoding;
  const goals =
    target.kind === "number"
      ? target.columns.map(({ column }) =>
          looking(new NumberStatistics(column, numberOf, present(column), plainMoments)),
        )
      : [];
  await run(scan, passes);
  return {
    ...encoding,
    features: features.map((made) => made()),
    target:
      target.kind === "number"
        ? {
            ...target,
            columns: goals.map((goal) => ({ column: goal.column, ...goal.moments(false) })),
          }
        : target,
  };
}

const plainMoments = { limited: false, quantiles: [], plain: true, logs: false } as const;

const summary = (found: NumberStatistics): Parameters<typeof numberFeature>[4] => ({
  limits: found.limits,
  quantile: (p) => found.quantile(p),
  moments: (log) => found.moments(log),
});

const numberOf = (_: Table, column: Column): ((row: number) => number) =>
  column.kind === "number" ? (row) => column.values[row] ?? 0 : () => 0;

const timeOf =
  (table: Table, column: Column): ((row: number) => number) =>
  (row) =>
    calendarTime(table, column, row);

const rankIn =
  (order: readonly string[]) =>
  (_: Table, column: Column): ((row: number) => number) => {
    if (column.kind !== "text") return () => 0;
    const ranks = column.values.map((value) => order.indexOf(value));
    return (row) => ranks[column.codes[row] ?? -1] ?? 0;
  };

/** The rows that are held out, encoded. */
async function heldParts(
  { source, schema }: Scan,
  encoding: Encoding,
  held: HeldRows,
): Promise<Pick<FittedStream, "validation" | "test">> {
  const names = encodedColumns(encoding);
  const expected = schema.columns.filter(({ name }) => names.includes(name));
  const parts = { validation: [] as Dataset[], test: [] as Dataset[] };
  if (held.validation.length + held.test.length > 0)
    for await (const { table, first } of source.chunks({
      types: typesOfSchema(schema),
      columns: names,
      from: 0,
    })) {
      const chunk = conform(table, expected);
      for (const name of ["validation", "test"] as const) {
        const rows = listedIn(first, table.rows, held[name]);
        if (rows.length > 0) parts[name].push(encode(encoding, chunk, rows));
      }
    }
  const form = emptyForm(encoding);
  const whole = (list: readonly Dataset[]): Dataset | null =>
    list.length === 0 ? null : joinDatasets(form, list);
  return { validation: whole(parts.validation), test: whole(parts.test) };
}
