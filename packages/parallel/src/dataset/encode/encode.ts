// Applies an encoding: rows of a table become a dataset.
import { featureWidth, type Dataset, type FeatureBlock, type Target } from "../table/dataset.js";
import { denseBlock, numbersExpected, type DenseFeature } from "./encode-dense.js";
import {
  embeddingSize,
  type CategoryFeature,
  type EmbeddingFeature,
  type Encoding,
  type FeatureEncoding,
  type VectorFeature,
} from "./encoding.js";
import { requireTargets } from "./fit-target.js";
import { InputError, shown } from "../table/input-error.js";
import { encodeLabels } from "./labels.js";
import {
  allRows,
  columnOf,
  hasValue,
  listed,
  placeOf,
  type Column,
  type Table,
  type TextColumn,
} from "../table/table.js";
import type {
  ClassTargetEncoding,
  NumberTargetEncoding,
  TargetEncoding,
} from "./target-encoding.js";

/**
 * Rows of a table as features and target, by default all rows.
 * Throws InputError when a column is absent or of another type, a target is missing, or a class is new.
 */
export function encode(
  encoding: Encoding,
  table: Table,
  rows: Int32Array = allRows(table),
): Dataset {
  return {
    ...encodeFeatures(encoding, table, rows),
    target: encodeTarget(encoding.target, table, rows),
  };
}

/** Rows of a table as features alone; the target column may be absent. Throws InputError. */
export function encodeFeatures(
  encoding: Encoding,
  table: Table,
  rows: Int32Array = allRows(table),
): Dataset {
  const isDense = (feature: FeatureEncoding): feature is DenseFeature =>
    feature.kind !== "category" && feature.kind !== "embedding" && feature.kind !== "vector";
  const dense = encoding.features.filter(isDense);
  const blocks: FeatureBlock[] = [];
  // All dense columns are one block, where the first of them stands.
  for (const feature of encoding.features)
    if (!isDense(feature)) blocks.push(featureBlock(feature, table, rows));
    else if (feature === dense[0]) blocks.push(denseBlock(dense, table, rows));
  return { rows: rows.length, features: blocks, target: null };
}

function featureBlock(
  feature: CategoryFeature | EmbeddingFeature | VectorFeature,
  table: Table,
  rows: Int32Array,
): FeatureBlock {
  const column = columnOf(table, feature.column);
  if (feature.kind === "vector") return vectorBlock(feature, column, table, rows);
  const labels = labelled(table, column);
  const codeOf = new Map(feature.values.map((value, code) => [value, code]));
  const missingCode = feature.missing ? feature.values.length : -1;
  const known = labels.values.map((value) => codeOf.get(value) ?? -1);
  const codes = rows.map((row) => {
    const code = labels.codes[row] ?? -1;
    return code < 0 ? missingCode : (known[code] ?? -1);
  });
  if (feature.kind === "category")
    return {
      kind: "oneHot",
      classes: feature.values.length + (feature.missing ? 1 : 0),
      codes,
    };
  const unknown = embeddingSize(feature) - 1;
  return {
    kind: "f32",
    width: 1,
    values: Float32Array.from(codes, (code) => (code < 0 ? unknown : code)),
  };
}

function vectorBlock(
  feature: VectorFeature,
  column: Column,
  table: Table,
  rows: Int32Array,
): FeatureBlock {
  const { width, mean, sd } = feature;
  const place = `${table.source}: column ${shown(column.name)}`;
  if (column.kind !== "vector")
    throw new InputError(`${place} holds single values, where the model has vectors of ${width}`);
  if (column.width !== width)
    throw new InputError(
      `${place} has vectors of ${column.width}, where the model was trained with ${width}`,
    );
  const source = column.values;
  if (feature.element === "u8") {
    if (!(source instanceof Uint8Array))
      throw new InputError(`${place} holds floats, where the model was trained with bytes`);
    return { kind: "u8", width, shift: mean, scale: 1 / sd, values: bytesOf(source, width, rows) };
  }
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    for (let j = 0; j < width; j += 1)
      values[i * width + j] = standardised(
        source[row * width + j] ?? 0,
        mean,
        sd,
        table,
        row,
        column.name,
      );
  });
  return { kind: "f32", width, values };
}

/** Some rows of a matrix of bytes: a view when they are all of them in order, since pictures are large. */
function bytesOf(source: Uint8Array, width: number, rows: Int32Array): Uint8Array {
  if (rows.length * width === source.length && rows.every((row, i) => row === i)) return source;
  const values = new Uint8Array(rows.length * width);
  for (let from = 0, to = 0; from < rows.length; from = to) {
    const first = rows[from] ?? 0;
    do to += 1;
    while (rows[to] === first + to - from); // rows that follow one another are copied at once
    values.set(source.subarray(first * width, (first + to - from) * width), from * width);
  }
  return values;
}

/** (value − mean)/sd in f64, then f32. */
function standardised(
  value: number,
  mean: number,
  sd: number,
  table: Table,
  row: number,
  name: string,
): number {
  const result = Math.fround((value - mean) / sd);
  if (Number.isFinite(result)) return result;
  throw new InputError(
    `${placeOf(table, row)}, column ${shown(name)}: ${value} is too far from the training rows' mean ${mean}; correct it or leave it empty`,
  );
}

function encodeTarget(target: TargetEncoding, table: Table, rows: Int32Array): Target {
  switch (target.kind) {
    case "class":
      return encodeClasses(target, table, rows);
    case "number":
      return encodeNumbers(target, table, rows);
    case "labels":
      return {
        kind: "labels",
        width: target.labels.length,
        values: encodeLabels(target, table, rows),
      };
  }
}

function encodeNumbers({ columns }: NumberTargetEncoding, table: Table, rows: Int32Array): Target {
  const width = columns.length;
  const encoded = new Float32Array(rows.length * width);
  columns.forEach(({ column: name, mean, sd }, j) => {
    const column = columnOf(table, name);
    requireTargets(table, column, rows);
    const { values } = numbersExpected(table, column);
    rows.forEach((row, i) => {
      encoded[i * width + j] = standardised(values[row] ?? 0, mean, sd, table, row, name);
    });
  });
  return { kind: "number", width, values: encoded };
}

function encodeClasses(target: ClassTargetEncoding, table: Table, rows: Int32Array): Target {
  const column = columnOf(table, target.column);
  requireTargets(table, column, rows);
  const labels = labelled(table, column);
  const classOf = new Map(target.classes.map((label, i) => [label, i]));
  return {
    kind: "class",
    classes: target.classes.length,
    labels: rows.map((row) => {
      const label = labels.values[labels.codes[row] ?? -1] ?? "";
      const index = classOf.get(label);
      if (index === undefined)
        throw new InputError(
          `${placeOf(table, row)}, column ${shown(column.name)}: ${shown(label)} is none of the classes seen in training (${listed(target.classes)})`,
        );
      return index;
    }),
  };
}

/** A column as labels: text as it is, numbers as their shortest decimal text. */
function labelled(table: Table, column: Column): Pick<TextColumn, "codes" | "values"> {
  if (column.kind === "text") return column;
  if (column.kind !== "number")
    throw new InputError(
      `${table.source}: column ${shown(column.name)} is of type ${column.kind}, where the model was trained with text`,
    );
  const codeOf = new Map<string, number>();
  const codes = Int32Array.from(column.values, (value, row) => {
    if (!hasValue(column, row)) return -1;
    const label = String(value);
    const code = codeOf.get(label) ?? codeOf.size;
    codeOf.set(label, code);
    return code;
  });
  return { codes, values: [...codeOf.keys()] };
}

/**
 * The features of every row as numbers, [rows, width], with the arithmetic of the gather kernels to the bit.
 */
export function denseFeatures(dataset: Dataset): Float32Array {
  const width = featureWidth(dataset);
  const dense = new Float32Array(dataset.rows * width);
  let offset = 0;
  for (const block of dataset.features) {
    for (let row = 0; row < dataset.rows; row += 1)
      writeFeatures(block, row, dense, row * width + offset);
    offset += block.kind === "oneHot" ? block.classes : block.width;
  }
  return dense;
}

function writeFeatures(block: FeatureBlock, row: number, out: Float32Array, at: number): void {
  switch (block.kind) {
    case "f32":
      out.set(block.values.subarray(row * block.width, (row + 1) * block.width), at);
      break;
    case "u8": {
      const shift = Math.fround(block.shift);
      const scale = Math.fround(block.scale);
      for (let j = 0; j < block.width; j += 1) {
        const byte = block.values[row * block.width + j] ?? 0;
        out[at + j] = Math.fround(byte - shift) * scale; // a product of two f32 in f64 is exact, so it rounds once
      }
      break;
    }
    case "oneHot": {
      const code = block.codes[row] ?? -1;
      if (code >= 0 && code < block.classes) out[at + code] = 1;
    }
  }
}
