// Text as a bag of words whose features are chosen by a hash.

/** Writes the counts of a text's words, divided by the root of the sum of their squares. */
export function writeWords(text: string, width: number, out: Float32Array, at: number): void {
  const counts = new Map<number, number>();
  for (const word of wordsOf(text)) {
    const feature = hash(word) % width;
    counts.set(feature, (counts.get(feature) ?? 0) + 1);
  }
  let squares = 0;
  for (const count of counts.values()) squares += count * count;
  for (const [feature, count] of counts) out[at + feature] = count / Math.sqrt(squares);
}

/**
 * Runs of letters and digits, in lower case. Only the letters of ASCII have two cases here, and everything beyond ASCII is
 * a letter: what Unicode says of the rest changes from one Node to the next.
 */
export function wordsOf(text: string): readonly string[] {
  const lower = text.replaceAll(/[A-Z]/g, (letter) =>
    String.fromCharCode(letter.charCodeAt(0) + 32),
  );
  return lower.match(/[a-z0-9\u0080-\uffff]+/g) ?? [];
}

/** FNV-1a of 32 bits over the UTF-16 code units, low byte first. Source: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(word: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < word.length; i += 1) {
    const unit = word.charCodeAt(i);
    value = Math.imul(value ^ (unit & 255), 0x01000193);
    value = Math.imul(value ^ (unit >> 8), 0x01000193);
  }
  return value >>> 0;
}
