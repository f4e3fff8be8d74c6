// The order of texts, the same on every machine and in every language.

/** Compares two texts by their UTF-16 code units. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
