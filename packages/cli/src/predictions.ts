// Writes predictions: a table of text and number columns as CSV, JSON lines or Arrow.
import { UsageError } from "./usage-error.js";

/** A column of predictions: names of classes, or numbers. */
export type PredictionColumn =
  | { readonly name: string; readonly kind: "text"; readonly values: readonly string[] }
  | { readonly name: string; readonly kind: "number"; readonly values: Float64Array };

export type PredictionFormat = "csv" | "jsonl" | "arrow";

/** The format that a file's name asks for. Throws UsageError for other names. */
export function formatOf(path: string): PredictionFormat {
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase();
  if (extension === "csv" || extension === "jsonl" || extension === "arrow") return extension;
  throw new UsageError(
    `--out ${path}: the name says no format; end it in .csv, .jsonl or .arrow, or give --format`,
  );
}

/** The file's whole content. */
export async function formatPredictions(
  columns: readonly PredictionColumn[],
  format: PredictionFormat,
): Promise<string | Uint8Array> {
  switch (format) {
    case "csv":
      return lines(
        columns,
        (cells) => cells.map(csvCell).join(","),
        `${columns.map(({ name }) => csvCell(name)).join(",")}\n`,
      );
    case "jsonl":
      return lines(
        columns,
        (cells) =>
          JSON.stringify(
            Object.fromEntries(cells.map((cell, i) => [columns[i]?.name ?? "", cell])),
          ),
        "",
      );
    case "arrow":
      return arrowFile(columns);
  }
}

function lines(
  columns: readonly PredictionColumn[],
  line: (cells: readonly (string | number)[]) => string,
  head: string,
): string {
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
