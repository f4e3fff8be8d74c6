// The form that an encoding gives to rows, without any row; and datasets joined end to end.
import type { Dataset, FeatureBlock, Target } from "../table/dataset.js";
import { encode } from "../encode/encode.js";
import type { Encoding, FeatureEncoding } from "../encode/encoding.js";
import type { Column } from "../table/table.js";
import { targetColumns, type TargetEncoding } from "../encode/target-encoding.js";

/** A dataset of no rows, with the features and the target of an encoding. */
export function emptyForm(encoding: Encoding): Dataset {
  const { features, target } = encoding;
  const table = {
    source: "no rows",
    rows: 0,
    columns: [
      ...features.map(emptyColumn),
      ...targetColumns(target).map((name) => emptyOf(name, targetKind(target))),
    ],
    places: { noun: "row", first: 1, numbers: null },
    notes: [],
  } as const;
  return encode(encoding, table, new Int32Array(0));
}

function targetKind(target: TargetEncoding): "number" | "text" {
  if (target.kind === "class") return target.element;
  return target.kind === "labels" && target.list !== null ? "text" : "number";
}

/** The columns that an encoding takes from. */
export function encodedColumns({ features, target }: Encoding): string[] {
  return [...new Set([...features.map(({ column }) => column), ...targetColumns(target)])];
}

function emptyColumn(feature: FeatureEncoding): Column {
  switch (feature.kind) {
    case "vector": {
      const { column: name, width, element } = feature;
      const values = element === "u8" ? new Uint8Array(0) : new Float32Array(0);
      return { kind: "vector", name, shape: [width], width, values };
    }
    case "number":
      return emptyOf(feature.column, "number");
    case "category":
    case "embedding":
      return emptyOf(feature.column, feature.element);
    default:
      return emptyOf(feature.column, "text");
  }
}

function emptyOf(name: string, kind: "number" | "text"): Column {
  return kind === "number"
    ? { kind, name, values: new Float64Array(0), valid: null }
    : { kind, name, codes: new Int32Array(0), values: [] };
}

/** The rows of several datasets of the same form. */
export function joinDatasets(form: Dataset, parts: readonly Dataset[]): Dataset {
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    features: form.features.map((block, i): FeatureBlock => {
      const own = parts.flatMap(({ features }) => features[i] ?? []);
      switch (block.kind) {
        case "u8":
          return { ...block, values: joined(block.values, valuesOf(own)) };
        case "f32":
          return { ...block, values: joined(block.values, valuesOf(own)) };
        case "oneHot":
          return {
            ...block,
            codes: joined(
              block.codes,
              own.flatMap((part) => (part.kind === "oneHot" ? [part.codes] : [])),
            ),
          };
      }
    }),
    target: joinTargets(
      form.target,
      parts.flatMap(({ target }) => target ?? []),
    ),
  };
}

const valuesOf = (blocks: readonly FeatureBlock[]): (Uint8Array | Float32Array)[] =>
  blocks.flatMap((block) => (block.kind === "oneHot" ? [] : [block.values]));

function joinTargets(form: Target | null, parts: readonly Target[]): Target | null {
  if (form === null) return null;
  return form.kind === "class"
    ? {
        ...form,
        labels: joined(
          form.labels,
          parts.flatMap((part) => (part.kind === "class" ? [part.labels] : [])),
        ),
      }
    : {
        ...form,
        values: joined(
          form.values,
          parts.flatMap((part) => (part.kind === "class" ? [] : [part.values])),
        ),
      };
}

type Numbers = Uint8Array | Float32Array | Int32Array;

/** All parts in an array of the type of `like`. */
function joined<T extends Numbers>(like: T, parts: readonly Numbers[]): T {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = (
    like instanceof Uint8Array
      ? new Uint8Array(length)
      : like instanceof Float32Array
        ? new Float32Array(length)
        : new Int32Array(length)
  ) as T; // of the same type as `like`
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
