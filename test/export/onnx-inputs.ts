// Raw rows as the inputs of an exported ONNX file.
import type { Encoding, TableRecord } from "@shardgrad/parallel";

/** One input of ONNX Runtime. */
export interface OnnxInput {
  readonly type: string;
  readonly data: Float32Array | Uint8Array | readonly string[];
  readonly shape: readonly number[];
}

/** Every column that the encoding names, by name: NaN and empty text where a value is missing. */
export function columnsOf(
  encoding: Encoding | null,
  rows: readonly TableRecord[],
): Record<string, OnnxInput> {
  const inputs = (encoding?.features ?? []).map((feature): [string, OnnxInput] => {
    const { column } = feature;
    const cells = rows.map((row) => row[column]);
    if (feature.kind === "number") {
      const data = Float32Array.from(cells, (cell) =>
        typeof cell === "number" ? cell : Number.NaN,
      );
      return [column, { type: "float32", data, shape: [rows.length, 1] }];
    }
    if (feature.kind === "category") {
      const data = cells.map((cell) => (typeof cell === "string" ? cell : ""));
      return [column, { type: "string", data, shape: [rows.length, 1] }];
    }
    const numbers = cells.flatMap((cell) =>
      cell instanceof Uint8Array || cell instanceof Float32Array ? [...cell] : [],
    );
    const shape = [rows.length, feature.width];
    return feature.element === "u8"
      ? [column, { type: "uint8", data: Uint8Array.from(numbers), shape }]
      : [column, { type: "float32", data: Float32Array.from(numbers), shape }];
  });
  return Object.fromEntries(inputs);
}
