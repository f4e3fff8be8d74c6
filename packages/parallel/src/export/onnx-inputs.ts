// The rows of a table as inputs of the ONNX file that a model was written as.
import { calendarTime } from "../dataset/encode/calendar.js";
import type { Encoding } from "../dataset/encode/encoding.js";
import { InputError, shown } from "../dataset/table/input-error.js";
import { columnOf, hasValue, type Column, type Table } from "../dataset/table/table.js";
import { rawInput } from "./portable-features.js";

/** A tensor by the type names that ONNX Runtime's JavaScript interface uses. */
export interface OnnxInput {
  readonly type: "float32" | "float64" | "uint8" | "string";
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Uint8Array | readonly string[];
}

/** Every column that the model needs, all rows, by name. Throws InputError when one is absent or of another type. */
export function onnxInputs({ features }: Encoding, table: Table): Record<string, OnnxInput> {
  return Object.fromEntries(
    features.map((feature): [string, OnnxInput] => {
      const { element, width } = rawInput(feature);
      const column = columnOf(table, feature.column);
      const shape = [table.rows, width];
      if (column.kind === "vector" && element !== "string")
        return element === "uint8"
          ? [column.name, { type: "uint8", shape, data: Uint8Array.from(column.values) }]
          : [column.name, { type: "float32", shape, data: Float32Array.from(column.values) }];
      if (element === "double") {
        const times = Float64Array.from({ length: table.rows }, (_, row) =>
          hasValue(column, row) ? calendarTime(table, column, row) : Number.NaN,
        );
        return [column.name, { type: "float64", shape, data: times }];
      }
      const cells = cellsOf(table, column);
      return element === "string"
        ? [column.name, { type: "string", shape, data: cells.map((cell) => String(cell ?? "")) }]
        : [column.name, { type: "float32", shape, data: Float32Array.from(cells, numberOf) }];
    }),
  );
}

const numberOf = (cell: number | string | null): number =>
  typeof cell === "number" ? cell : Number.NaN;

/** The values of a column, null where one is missing. */
export function cellsOf(table: Table, column: Column): (number | string | null)[] {
  if (column.kind !== "number" && column.kind !== "text")
    throw new InputError(
      `${table.source}: column ${shown(column.name)} holds no single values, where the model has single ones`,
    );
  return Array.from({ length: table.rows }, (_, row) => {
    if (!hasValue(column, row)) return null;
    return (
      (column.kind === "number" ? column.values[row] : column.values[column.codes[row] ?? -1]) ??
      null
    );
  });
}
