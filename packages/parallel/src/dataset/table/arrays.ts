// Datasets from arrays of numbers that a program already has.
import type { Dataset, NumberTarget, Target } from "./dataset.js";
import { shown } from "./input-error.js";
import { byCodeUnit } from "./order.js";

/** Options of datasetFromArrays. */
export interface ArrayOptions {
  /** Features of a row; needed when x is one flat array. */
  readonly width?: number | undefined;
  /** The classes of the labels, or how many there are when labels are numbers. Makes numbers labels. Default: those that occur. */
  readonly classes?: readonly string[] | number | undefined;
  /** True when y is [rows][labels] of 0 and 1: labels of which a row has any number. */
  readonly multilabel?: boolean | undefined;
}

/**
 * A dataset of numbers as they are, without standardising.
 * @param x rows of features: [rows][width], or flat with `width` given
 * @param y what rows should give: texts or an Int32Array are class labels; numbers are numbers to predict ([rows], or
 *   [rows][outputs]) unless `classes` is given; null for none
 * Throws RangeError when rows differ in length or a label is not one of the classes.
 */
export function datasetFromArrays(
  x: readonly (readonly number[])[] | Float32Array,
  y:
    | readonly string[]
    | readonly number[]
    | readonly (readonly number[])[]
    | Int32Array
    | Float32Array
    | null = null,
  { width, classes, multilabel = false }: ArrayOptions = {},
): Dataset {
  const { rows, columns, values } = matrix("x", x, width);
  const features = [{ kind: "f32", width: columns, values }] as const;
  if (y === null) return { rows, features, target: null };
  const isClass = y instanceof Int32Array || typeof y[0] === "string" || classes !== undefined;
  if (isClass && multilabel)
    throw new RangeError(
      "datasetFromArrays: a class a row and multilabel; give rows of 0 and 1, and no classes",
    );
  const target: Target = isClass
    ? classTarget(y, classes)
    : { ...numberTarget(y, rows), kind: multilabel ? "labels" : "number" };
  const given =
    target.kind === "class" ? target.labels.length : target.values.length / target.width;
  if (given !== rows)
    throw new RangeError(`datasetFromArrays: ${given} targets for ${rows} rows of features`);
  return { rows, features, target };
}

function matrix(
  name: string,
  values: readonly (readonly number[])[] | Float32Array,
  width: number | undefined,
): { rows: number; columns: number; values: Float32Array } {
  const columns = width ?? (values instanceof Float32Array ? 0 : (values[0]?.length ?? 0));
  if (!Number.isInteger(columns) || columns < 1)
    throw new RangeError(
      `datasetFromArrays: ${name}: rows of ${columns} numbers; ${values instanceof Float32Array ? "give options.width for a flat array" : "give at least one row with one number"}`,
    );
  if (values instanceof Float32Array) {
    if (values.length % columns !== 0 || values.length === 0)
      throw new RangeError(
        `datasetFromArrays: ${name}: ${values.length} numbers are not rows of ${columns}`,
      );
    return { rows: values.length / columns, columns, values };
  }
  values.forEach((row, i) => {
    if (row.length !== columns)
      throw new RangeError(
        `datasetFromArrays: ${name}: row ${i} has ${row.length} numbers, where others have ${columns}`,
      );
  });
  return { rows: values.length, columns, values: Float32Array.from(values.flat()) };
}

function numberTarget(
  y: readonly unknown[] | Float32Array | Int32Array,
  rows: number,
): NumberTarget {
  if (y instanceof Float32Array) return { kind: "number", width: y.length / rows, values: y };
  const nested = Array.from(y, (value) =>
    Array.isArray(value) ? value.map(Number) : [Number(value)],
  );
  const { columns, values } = matrix("y", nested, undefined);
  return { kind: "number", width: columns, values };
}

function classTarget(
  y: ArrayLike<unknown>,
  classes: readonly string[] | number | undefined,
): Target {
  const given = Array.from(y);
  if (typeof given[0] === "string" || Array.isArray(classes)) {
    const names: readonly unknown[] =
      typeof classes === "object" ? classes : [...new Set(given.map(String))].sort(byCodeUnit);
    return labelTarget(
      given.map((label) => names.indexOf(label)),
      names.length,
      given,
    );
  }
  const labels = given.map(Number);
  const count =
    typeof classes === "number"
      ? classes
      : labels.reduce((most, label) => Math.max(most, label), -1) + 1;
  return labelTarget(labels, count, given);
}

function labelTarget(
  labels: readonly number[],
  classes: number,
  given: readonly unknown[],
): Target {
  labels.forEach((label, row) => {
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new RangeError(
        `datasetFromArrays: row ${row}: ${shown(given[row])} is not one of the ${classes} classes`,
      );
  });
  return { kind: "class", classes, labels: Int32Array.from(labels) };
}
