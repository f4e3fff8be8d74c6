// Mutations of bytes as data that fast-check draws, and what they make of a sample.
import fc from "fast-check";

/** Numbers at which lengths and offsets go wrong. */
const EDGES = [
  0n, 1n, 2n, 7n, 127n, 128n, 255n, 256n, 32767n, 65535n, 65536n, 2n ** 24n, 2n ** 31n - 1n, 2n ** 31n,
  2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n - 8n,
]; // prettier-ignore

/** What means something in some text format, and what is often forgotten. */
const TOKENS = [
  ",", "\t", ";", '"', '""', "'", "\n", "\r\n", "\r", " ", "\0", "\ufeff", "\\", "\\u0000", "\ud83d\ude00", "é", "\u2028",
  "0", "-0", "1", "-1", "1e308", "1e309", "-1e-400", "NaN", "Infinity", "-Infinity", "nan", "0x10", "1_000", "１",
  "9007199254740993", "99999999999999999999999", "0.1", ".5", "5.", "+1", "--1", "null", "true", "false", "none", "",
  "{", "}", "[", "]", "{}", "[]", ":", "{\"a\":", "[[[[", "__proto__", "constructor", "toString", "length",
  "2024-02-30", "1970-01-01T00:00:00Z", "25:61", "(", ")", "((((", "+", "-", "*", "/", "^", "**", "^-", "exp(", "log(0)",
  "sqrt(-1)", "1/0", "x", "y", "max(", "pow(", "sigmoid(", "e1000", "&a", "*a", "!!js/function", "!!binary", "<<: *a", "- ", ": ", "? ",
  "|", ">", "%YAML 9.9", "---", "...", "#", "shape", "dtype", "data_offsets", "F32", "BF16", "descr", "fortran_order",
  "<f8", ">f8", "|O", "<U4", "(,)", "(1000000000,)", "True", "PAR1", "ARROW1", "PK\u0003\u0004", "\u0093NUMPY", "../../etc/passwd",
]; // prettier-ignore

const place = fc.nat({ max: 0xffffffff });

const edit = fc.oneof(
  fc.record({ kind: fc.constant("byte"), at: place, value: fc.nat({ max: 255 }) }),
  fc.record({ kind: fc.constant("bit"), at: place, bit: fc.nat({ max: 7 }) }),
  fc.record({
    kind: fc.constant("number"),
    at: place,
    value: fc.constantFrom(...EDGES),
    width: fc.constantFrom(1, 2, 4, 8),
    little: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("insert"), at: place, token: fc.constantFrom(...TOKENS) }),
  fc.record({ kind: fc.constant("replace"), at: place, token: fc.constantFrom(...TOKENS) }),
  fc.record({ kind: fc.constant("cut"), at: place, length: fc.nat({ max: 300 }) }),
  fc.record({ kind: fc.constant("end"), at: place }),
  fc.record({
    kind: fc.constant("repeat"),
    at: place,
    length: fc.nat({ max: 60 }),
    times: fc.constantFrom(1, 2, 3, 20, 300, 5000),
  }),
  fc.record({ kind: fc.constant("move"), at: place, length: fc.nat({ max: 300 }), to: place }),
);

/** A sample's number and what is done to it, one edit after the other. */
export const mutation = fc.record({
  sample: fc.nat({ max: 0xffff }),
  edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
});

const LONGEST = 2 ** 18;

/** Applies a mutation to one of some samples. */
export function mutate(samples, { sample, edits }) {
  let bytes = Buffer.from(samples[sample % samples.length]);
  for (const change of edits) bytes = apply(bytes, change);
  return bytes;
}

function apply(bytes, change) {
  const at = bytes.length === 0 ? 0 : change.at % bytes.length;
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (change.kind) {
    case "byte":
      if (at < bytes.length) bytes[at] = change.value;
      return bytes;
    case "bit":
      if (at < bytes.length) bytes[at] ^= 1 << change.bit;
      return bytes;
    case "number": {
      const number = Buffer.alloc(8);
      if (change.little) number.writeBigUInt64LE(change.value);
      else
        number.writeBigUInt64BE((change.value << BigInt(64 - 8 * change.width)) & (2n ** 64n - 1n));
      number.copy(bytes, at, 0, Math.min(change.width, bytes.length - at));
      return bytes;
    }
    case "insert":
      return Buffer.concat([before, Buffer.from(change.token), after]);
    case "replace":
      return Buffer.concat([before, Buffer.from(change.token), after.subarray(wordLength(after))]);
    case "cut":
      return Buffer.concat([before, after.subarray(change.length)]);
    case "end":
      return Buffer.from(before);
    case "repeat": {
      const part = after.subarray(0, change.length);
      const times = Math.min(
        change.times,
        Math.floor((LONGEST - bytes.length) / (part.length || 1)),
      );
      return times < 1 ? bytes : Buffer.concat([before, ...Array(times).fill(part), after]);
    }
    case "move": {
      const part = after.subarray(0, change.length);
      const rest = Buffer.concat([before, after.subarray(change.length)]);
      const to = rest.length === 0 ? 0 : change.to % rest.length;
      return Buffer.concat([rest.subarray(0, to), part, rest.subarray(to)]);
    }
    default:
      throw new Error(`no such edit: ${change.kind}`);
  }
}

/** Letters, digits and signs of numbers that stand together at the start. */
function wordLength(bytes) {
  const [word = ""] = /^[\w.+-]*/.exec(bytes.toString("latin1", 0, 40)) ?? [];
  return Math.max(1, word.length);
}
