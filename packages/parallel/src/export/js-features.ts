// What exported JavaScript modules compute features with: the functions that their statements call.

/** A value as JavaScript source: JSON, but for the line separators that old parsers stumble over. */
export function json(value: unknown): string {
  return JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** What the statements call, by name, in JavaScript. */
export const jsFeatureHelpers: Readonly<Record<string, string>> = {
  cell: `function cell(row, column) {
  if (!Object.hasOwn(row, column))
    throw new TypeError(\`predict: there is no column \${JSON.stringify(column)}; give null for a missing value\`);
  return row[column];
}`,
  number: `function number(features, raw, column, { low, high, log, center, scale, fill, missing }) {
  const isMissing = raw === null || raw === undefined || Number.isNaN(raw);
  if (!isMissing && (typeof raw !== "number" || !Number.isFinite(raw)))
    throw new TypeError(\`predict: column \${JSON.stringify(column)}: \${String(raw)} is not a finite number; give a number, or null\`);
  const limited = Math.min(Math.max(isMissing ? fill : raw, low), high);
  const value = log ? Math.sign(limited) * Math.log(1 + Math.abs(limited)) : limited;
  features.push((value - center) / scale);
  if (missing) features.push(isMissing ? 1 : 0);
}`,
  category: `function category(features, raw, column, values, missing) {
  const text = textOf(raw, column, values);
  for (const value of values) features.push(text === value ? 1 : 0);
  if (missing) features.push(text === null ? 1 : 0);
}`,
  embedding: `function embedding(features, raw, column, values, missing) {
  const text = textOf(raw, column, values);
  const unknown = values.length + (missing ? 1 : 0);
  const index = text === null ? values.length : values.indexOf(text);
  features.push(index < 0 ? unknown : index);
}`,
  ordinal: `function ordinal(features, raw, column, { values, center, scale, missing }) {
  const text = textOf(raw, column, values);
  const rank = text === null ? -1 : values.indexOf(text);
  features.push(rank < 0 ? 0 : (rank - center) / scale);
  if (missing) features.push(text === null ? 1 : 0);
}`,
  calendar: `function calendar(features, raw, column, { low, high, center, scale, missing }) {
  const isMissing = raw === null || raw === undefined || raw === "" || Number.isNaN(raw);
  const time = isMissing ? 0 : timeOf(raw, column);
  const day = 86400000;
  const start = (year) => new Date(0).setUTCFullYear(year, 0, 1);
  const year = new Date(time).getUTCFullYear();
  const modulo = (value, size) => ((value % size) + size) % size;
  const parts = [
    modulo(time, day) / day,
    modulo(time - 4 * day, 7 * day) / (7 * day), // 5 January 1970 was a Monday
    (time - start(year)) / (start(year + 1) - start(year)),
  ];
  for (const part of parts)
    features.push(isMissing ? 0 : Math.sin(2 * Math.PI * part), isMissing ? 0 : Math.cos(2 * Math.PI * part));
  features.push(isMissing ? 0 : (Math.min(Math.max(time, low), high) - center) / scale);
  if (missing) features.push(isMissing ? 1 : 0);
}`,
  // Milliseconds since 1970 of a number of them, a Date, or ISO 8601; a time that names no zone is in UTC.
  timeOf: `function timeOf(raw, column) {
  let time = typeof raw === "number" ? raw : raw instanceof Date ? raw.getTime() : Number.NaN;
  const match = typeof raw === "string" && /^(\\d{4})-(\\d\\d)-(\\d\\d)(?:[T ](\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?)?(?:(Z)|([+-])(\\d\\d):?(\\d\\d))?)?$/.exec(raw.trim());
  if (match) {
    const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(match[i] ?? 0));
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
    const offset = (match[9] === "-" ? -1 : 1) * (Number(match[10] ?? 0) * 60 + Number(match[11] ?? 0));
    const fraction = Number((match[7] ?? "0").padEnd(3, "0").slice(0, 3));
    if (isReal) time = date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction;
  }
  if (time >= -62167219200000 && time <= 253402300799999) return time;
  throw new TypeError(\`predict: column \${JSON.stringify(column)}: \${String(raw)} is not a time; give milliseconds since 1970, 2024-02-29T13:05:00Z, or null\`);
}`,
  // FNV-1a over UTF-16 code units, low byte first, chooses the feature of a word.
  words: `function words(features, raw, column, { width, missing }) {
  const text = textOf(raw, column, []);
  const counts = new Array(width).fill(0);
  const lower = (text ?? "").replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  for (const word of lower.match(/[a-z0-9\\u0080-\\uffff]+/g) ?? []) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i += 1) {
      const unit = word.charCodeAt(i);
      hash = Math.imul(hash ^ (unit & 255), 0x01000193);
      hash = Math.imul(hash ^ (unit >> 8), 0x01000193);
    }
    counts[(hash >>> 0) % width] += 1;
  }
  const length = Math.sqrt(counts.reduce((sum, count) => sum + count * count, 0));
  for (const count of counts) features.push(count === 0 ? 0 : count / length);
  if (missing) features.push(text === null ? 1 : 0);
}`,
  // Text, or null where it is missing; the empty text is missing unless it is one of the values.
  textOf: `function textOf(raw, column, values) {
  if (typeof raw === "object" && raw !== null)
    throw new TypeError(\`predict: column \${JSON.stringify(column)}: an object is not text; give text, or null\`);
  const isMissing = raw === null || raw === undefined || Number.isNaN(raw) || (raw === "" && !values.includes(""));
  return isMissing ? null : String(raw);
}`,
  vector: `function vector(features, raw, column, { element, width, mean, sd }) {
  if (raw?.length !== width)
    throw new TypeError(\`predict: column \${JSON.stringify(column)}: give an array of \${width} numbers\`);
  for (let i = 0; i < width; i += 1)
    features.push(element === "u8" ? Math.fround(raw[i] - Math.fround(mean)) * Math.fround(1 / sd) : (raw[i] - mean) / sd);
}`,
};
