// What a model is: layers, parameters, preprocessing; and how the run went that made it.
import {
  type Encoding,
  type FeatureEncoding,
  hashParameters,
  type TargetEncoding,
  type TrainedModel,
} from "@shardgrad/parallel";
import type { LayerSpec } from "@shardgrad/core";
import type { Manifest } from "../run-folder.js";
import { columns, count, duration, scoreLine, short } from "./format.js";

/** A model as data, for JSON. */
export function describeModel(model: TrainedModel): { readonly model: object } {
  const { spec, encoding, loss, parameters } = model;
  return {
    model: {
      spec,
      loss,
      encoding,
      parameters: numbersOf(model),
      sha256: hashParameters(parameters),
    },
  };
}

/** Lines for people; `manifest` is that of the run folder, if it is one. */
export function formatModel(model: TrainedModel | null, manifest: Manifest | null): string {
  return [
    manifest && formatRun(manifest),
    model && formatLayers(model),
    model?.encoding && formatEncoding(model.encoding),
  ]
    .filter((part) => part !== null && part !== undefined)
    .join("\n\n");
}

function formatRun(run: Manifest): string {
  const splits = Object.entries(run.splits).map(([name, { rows, from }]) => [
    `  ${name}`,
    count(rows),
    from,
  ]);
  const lines = [
    `run        ${run.status}: ${count(run.epochs ?? 0)} epochs, ${count(run.steps ?? 0)} steps${run.seconds === undefined ? "" : ` in ${duration(run.seconds)}`}`,
    `made with  shardgrad ${run.shardgrad}, node ${run.node}, ${run.backend}, seed ${run.seed}`,
    ...(run.validation ? [`validation ${scoreLine(run.validation)}`] : []),
    ...(run.test ? [`test       ${scoreLine(run.test)}`] : []),
    "rows",
    columns(splits, [false, true, false]),
    "files",
    columns(
      run.data.map(({ path, bytes, sha256 }) => [`  ${path}`, count(bytes), sha256]),
      [false, true, false],
    ),
  ];
  return lines.join("\n");
}

function formatLayers(model: TrainedModel): string {
  const { spec, loss, parameters } = model;
  const rows = spec.layers.map((layer, i) => [`  ${i}`, ...layerCells(layer)]);
  return [
    `model      ${count(spec.inputs)} inputs, ${count(numbersOf(model))} parameters, loss ${loss.name}`,
    `weights    sha256 ${hashParameters(parameters)}`,
    columns(rows),
  ].join("\n");
}

function layerCells(layer: LayerSpec): readonly string[] {
  if (layer.type === "embedding")
    return [
      "embedding",
      layer.tables.map(({ size, width }) => `${count(size)} × ${width}`).join(", "),
    ];
  if (layer.type === "dropout") return ["dropout", String(layer.rate)];
  if (layer.type === "op") return [`op ${layer.name}`, `${count(layer.units)} units`];
  return ["dense", `${count(layer.units)} units`, layer.activation, layer.bias ? "" : "no bias"];
}

function formatEncoding({ features, target }: Encoding): string {
  const rows = features.map((feature) => [`  ${feature.column}`, featureWords(feature)]);
  return [...targetLines(target), "from", columns(rows)].join("\n");
}

function targetLines(target: TargetEncoding): readonly string[] {
  const first = "predicts   ";
  switch (target.kind) {
    case "class": {
      const { column, classes, threshold } = target;
      const from =
        threshold === undefined
          ? ""
          : `; ${classes[1] ?? ""} from a probability of ${short(threshold)} on`;
      return [`${first}${column}: one of ${classes.slice(0, 20).join(", ")}${from}`];
    }
    case "number":
      return target.columns.map(
        ({ column, mean, sd }, i) =>
          `${i === 0 ? first : " ".repeat(first.length)}${column}: (value − ${short(mean)}) / ${short(sd)}`,
      );
    case "labels": {
      const names = someOf(target.labels, ", ");
      return target.list === null
        ? [`${first}any of ${names}`]
        : [`${first}${target.list.column}: any of ${names}`];
    }
  }
}

function featureWords(feature: FeatureEncoding): string {
  if (feature.kind === "vector")
    return `${count(feature.width)} × ${feature.element}, (value − ${short(feature.mean)}) / ${short(feature.sd)}`;
  const mark = feature.missing ? ", and whether it is missing" : "";
  switch (feature.kind) {
    case "category":
      return `one of ${someOf(feature.values, ", ")}${feature.missing ? ", or missing" : ""}`;
    case "number": {
      const value = feature.log ? "log(1 + value)" : "value";
      return `(${value} − ${short(feature.center)}) / ${short(feature.scale)}, within ${short(feature.low)} to ${short(feature.high)}${mark}`;
    }
    case "embedding":
      return `a vector of ${feature.width} for each of ${someOf(feature.values, ", ")}${feature.missing ? ", or missing" : ""}`;
    case "ordinal":
      return `rank among ${someOf(feature.values, " < ")}${mark}`;
    case "calendar":
      return `time of the day, the week and the year, and how late${mark}`;
    case "words":
      return `words, hashed to ${count(feature.width)} features${mark}`;
  }
}

/** How many texts and the first of them. */
function someOf(values: readonly string[], separator: string): string {
  const rest = values.length > 10 ? `${separator}…` : "";
  return `${count(values.length)}: ${values.slice(0, 10).join(separator)}${rest}`;
}

/** Numbers in all parameters together. */
export function numbersOf({ parameters }: Pick<TrainedModel, "parameters">): number {
  let total = 0;
  for (const { data } of parameters.values()) total += data.length;
  return total;
}
