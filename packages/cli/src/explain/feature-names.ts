// What each input of a model is: the columns of the table, by the rules of its encoding.
import type { Encoding, FeatureEncoding } from "@shardgrad/parallel";

/** A name for each input, in order: `mass`, `sex=male`, `pixels[3]`. */
export function featureNames({ features }: Encoding): readonly string[] {
  // Numbers come first, then categories, then vectors: the order in which an encoding lists its features.
  return features.flatMap(namesOf);
}

function namesOf(feature: FeatureEncoding): string[] {
  const { column } = feature;
  switch (feature.kind) {
    case "number":
      return [column, ...(feature.missing ? [`${column} is missing`] : [])];
    case "category":
      return [
        ...feature.values.map((value) => `${column}=${value}`),
        ...(feature.missing ? [`${column} is missing`] : []),
      ];
    case "vector":
      return Array.from({ length: feature.width }, (_, i) => `${column}[${i}]`);
  }
}
