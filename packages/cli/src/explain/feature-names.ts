// What each input of a model is: the columns of the table, by the rules of its encoding.
import type { Encoding, FeatureEncoding } from "@shardgrad/parallel";

/** A name for each input, in order: `mass`, `sex=male`, `pixels[3]`. */
export function featureNames({ features }: Encoding): readonly string[] {
  // Columns come in the order in which an encoding lists its features.
  return features.flatMap(namesOf);
}

function namesOf(feature: FeatureEncoding): string[] {
  const { column } = feature;
  switch (feature.kind) {
    case "embedding":
      return [`category of ${column}`];
    case "number":
      return [column, ...markName(feature)];
    case "ordinal":
      return [column, ...markName(feature)];
    case "calendar":
      return [
        ...["day", "week", "year"].flatMap((part) => [
          `sin of ${column} in the ${part}`,
          `cos of ${column} in the ${part}`,
        ]),
        column,
        ...markName(feature),
      ];
    case "words":
      return [
        ...Array.from({ length: feature.width }, (_, i) => `${column} words ${i}`),
        ...markName(feature),
      ];
    case "category":
      return [...feature.values.map((value) => `${column}=${value}`), ...markName(feature)];
    case "vector":
      return Array.from({ length: feature.width }, (_, i) => `${column}[${i}]`);
  }
}

function markName({
  column,
  missing,
}: {
  readonly column: string;
  readonly missing: boolean;
}): string[] {
  return missing ? [`${column} is missing`] : [];
}
