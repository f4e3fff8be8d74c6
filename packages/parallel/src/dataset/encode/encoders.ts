// The encoders that a column can be given by name.
import { InputError, shown } from "../table/input-error.js";
import { nearest } from "../table/suggest.js";

/** How a column becomes features. */
export type Encoder =
  | { readonly name: "standard" | "minmax" | "robust" | "log1p" } // of numbers
  | { readonly name: "onehot" | "calendar" }
  | { readonly name: "ordinal"; readonly order: readonly string[] | null } // null: by code unit
  | { readonly name: "words"; readonly width: number }
  | { readonly name: "embedding"; readonly width: number | null }; // null: by the number of categories

/** The names of encoders. */
export const encoderNames: readonly Encoder["name"][] = [
  "standard",
  "minmax",
  "robust",
  "log1p",
  "onehot",
  "ordinal",
  "calendar",
  "words",
  "embedding",
];

const WORDS_WIDTH = 256;
const MOST_WORDS = 65_536;
const MOST_NUMBERS = 4096; // of a category

/**
 * Reads an encoder: one of encoderNames; `ordinal:small<medium<large` gives the order of all values, `words:512` the
 * number of features, `embedding:8` the length of a vector. Throws InputError that begins with `place`.
 */
export function parseEncoder(text: string, place: string): Encoder {
  const at = text.indexOf(":");
  const given = at < 0 ? text : text.slice(0, at);
  const detail = at < 0 ? null : text.slice(at + 1);
  const name = encoderNames.find((known) => known === given);
  if (name === undefined) {
    const near = nearest(given, encoderNames);
    throw new InputError(
      `${place}: ${shown(given)} is no encoder; ${near === null ? `give one of ${encoderNames.join(", ")}` : `did you mean ${near}?`}`,
    );
  }
  if (name === "ordinal") {
    const order = detail?.split("<").map((value) => value.trim()) ?? null;
    if (order !== null && (new Set(order).size < order.length || order.length < 2))
      throw new InputError(
        `${place}: ${shown(text)}: give two or more different values from the least to the greatest, such as ordinal:small<large`,
      );
    return { name, order };
  }
  if (name === "words") {
    const width = detail === null ? WORDS_WIDTH : Number(detail);
    if (!Number.isInteger(width) || width < 1 || width > MOST_WORDS)
      throw new InputError(
        `${place}: ${shown(text)}: give a whole number of features from 1 to ${MOST_WORDS}`,
      );
    return { name, width };
  }
  if (name === "embedding") {
    const width = detail === null ? null : Number(detail);
    if (width !== null && (!Number.isInteger(width) || width < 1 || width > MOST_NUMBERS))
      throw new InputError(
        `${place}: ${shown(text)}: give vectors a length from 1 to ${MOST_NUMBERS}`,
      );
    return { name, width };
  }
  if (detail !== null)
    throw new InputError(`${place}: ${shown(text)}: ${name} takes nothing after a colon`);
  return { name };
}
