// Writes predictions: a table of text and number columns as CSV, JSON lines, Arrow or Parquet.
import { predictionName, type Predictions } from "@shardgrad/parallel";
import { UsageError } from "./usage-error.js";

/** A column of predictions: names of classes, or numbers. */
export type PredictionColumn =
  | { readonly name: string; readonly kind: "text"; readonly values: readonly string[] }
  | { readonly name: string; readonly kind: "number"; readonly values: Float64Array };

export type PredictionFormat = "csv" | "jsonl" | "arrow" | "parquet";

/** The formats that are written line by line. */
export type LineFormat = "csv" | "jsonl";

/** The format that a file's name asks for. Throws UsageError for other names. */
export function formatOf(path: string): PredictionFormat {
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase();
  if (extension === "ndjson") return "jsonl";
  if (
    extension === "csv" ||
    extension === "jsonl" ||
    extension === "arrow" ||
    extension === "parquet"
  )
    return extension;
  throw new UsageError(
    `--out ${path}: the name says no format; end it in .csv, .jsonl, .arrow or .parquet, or give --format`,
  );
}

/** Labels of a row, and what separates them in a text; null when each is a column of its own. */
export type LabelList = { readonly separator: string } | null;

/**
 * `prediction`; of several numbers, and of labels that are columns, `prediction_<column>` each; and if wanted
 * `probability <name>` for each class or label.
 */
export function predictionColumns(
  predictions: Predictions,
  withProbabilities: boolean,
  list: LabelList = null,
): readonly PredictionColumn[] {
  switch (predictions.kind) {
    case "number": {
      const { columns, values } = predictions;
      return columns.map((column, j) =>
        numberColumn(predictionName(columns.length, column), values, columns.length, j),
      );
    }
    case "class": {
      const { classes, labels, probabilities } = predictions;
      const chosen: PredictionColumn = { name: "prediction", kind: "text", values: labels };
      return [chosen, ...probabilityColumns(classes, probabilities, withProbabilities)];
    }
    case "labels": {
      const { names, flags, labels, probabilities } = predictions;
      const chosen =
        list === null
          ? names.map((name, j) => numberColumn(`prediction_${name}`, flags, names.length, j))
          : [
              {
                name: "prediction",
                kind: "text",
                values: labels.map((own) => own.join(list.separator)),
              } as const,
            ];
      return [...chosen, ...probabilityColumns(names, probabilities, withProbabilities)];
    }
  }
}

function probabilityColumns(
  names: readonly string[],
  probabilities: Float64Array,
  wanted: boolean,
): PredictionColumn[] {
  if (!wanted) return [];
  return names.map((name, j) =>
    numberColumn(`probability ${name}`, probabilities, names.length, j),
  );
}

/** Column j of [rows, width]. */
function numberColumn(
  name: string,
  all: Float64Array | Uint8Array,
  width: number,
  j: number,
): PredictionColumn {
  const values = Float64Array.from(
    { length: all.length / width },
    (_, row) => all[row * width + j] ?? 0,
  );
  return { name, kind: "number", values };
}

/** The file's whole content. */
export async function formatPredictions(
  columns: readonly PredictionColumn[],
  format: PredictionFormat,
): Promise<string | Uint8Array> {
  switch (format) {
    case "csv":
    case "jsonl":
      return formatLines(columns, format, true);
    case "arrow":
      return arrowFile(columns);
    case "parquet":
      return parquetFile(columns);
  }
}

/** The rows as lines; CSV begins with its header when these are the first rows. */
export function formatLines(
  columns: readonly PredictionColumn[],
  format: LineFormat,
  isFirst: boolean,
): string {
  const names = columns.map(({ name }) => name);
  const head = format === "csv" && isFirst ? `${names.map(csvCell).join(",")}\n` : "";
  // An empty line would be none to many readers.
  const line = (cells: readonly (string | number)[]): string =>
    format === "csv"
      ? cells.map(csvCell).join(",") || '""'
      : JSON.stringify(Object.fromEntries(cells.map((cell, i) => [names[i] ?? "", cell])));
  const rows = columns[0]?.values.length ?? 0;
  const all = Array.from(
    { length: rows },
    (_, row) => `${line(columns.map(({ values }) => values[row] ?? Number.NaN))}\n`,
  );
  return head + all.join("");
}

/** RFC 4180: quoted where it holds a comma, a quote or a line's end. */
function csvCell(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function arrowFile(columns: readonly PredictionColumn[]): Promise<Uint8Array> {
  const { makeVector, Table, tableToIPC, Utf8, vectorFromArray } = await import("apache-arrow");
  const vectors = columns.map((column) => [
    column.name,
    column.kind === "text" ? vectorFromArray(column.values, new Utf8()) : makeVector(column.values),
  ]);
  return tableToIPC(new Table(Object.fromEntries(vectors)), "file");
}

async function parquetFile(columns: readonly PredictionColumn[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columnData = columns.map((column) =>
    column.kind === "text"
      ? { name: column.name, data: [...column.values], type: "STRING" as const, nullable: false }
      : { name: column.name, data: column.values, type: "DOUBLE" as const, nullable: false },
  );
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
