// The kinds of values that options take: each reads text and native values alike, and has words that say what it allows.
import { UsageError } from "../usage-error.js";

/** Reads a value; undefined when it is not allowed. */
export type Reader<T> = (raw: unknown) => T | undefined;

/** How a value is read, whether it comes as text (flag, environment) or as a YAML value. */
export interface ValueKind<T> {
  readonly read: Reader<T>;
  /** What is allowed, to follow "give …". */
  readonly allowed: string;
  /** Set for a closed list of names. */
  readonly choices?: readonly string[];
  /** True for on/off options, which take no value on the command line. */
  readonly isSwitch?: true;
  /** Whether a value names a file or folder; such values are relative to the configuration file they stand in. */
  isPath?(value: T): boolean;
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** A finite number that passes the test. */
function numberThat(passes: (value: number) => boolean): Reader<number> {
  return (raw) => {
    const value = typeof raw === "string" && DECIMAL.test(raw.trim()) ? Number(raw) : raw;
    return typeof value === "number" && Number.isFinite(value) && passes(value) ? value : undefined;
  };
}

const anyNumber = numberThat(() => true);

const wholeNumber = (low: number, high: number): Reader<number> =>
  numberThat((value) => Number.isSafeInteger(value) && low <= value && value <= high);

/** Text that passes the test. */
function textThat(passes: (value: string) => boolean): Reader<string> {
  return (raw) => (typeof raw === "string" && passes(raw) ? raw : undefined);
}

const someText = textThat((value) => value !== "");

const nameOf =
  <const Name extends string>(...names: readonly Name[]): Reader<Name> =>
  (raw) =>
    names.find((name) => name === raw);

/** What the first reader allows, else what the second does. */
const either =
  <A, B>(first: Reader<A>, second: Reader<B>): Reader<A | B> =>
  (raw) =>
    first(raw) ?? second(raw);

/** A whole number from `low` to `high`. */
export function integer(low: number, high: number): ValueKind<number> {
  return { read: wholeNumber(low, high), allowed: `a whole number from ${low} to ${high}` };
}

/** A number with low ≤ value ≤ high; a bound in `open` is excluded. */
export function real(
  low: number,
  high: number,
  open: "none" | "low" | "high" = "none",
): ValueKind<number> {
  const words =
    high === Number.MAX_VALUE
      ? `a number ${open === "low" ? "above" : "from"} ${low}${open === "low" ? "" : " on"}`
      : `a number from ${low} to ${high}${open === "none" ? "" : open === "low" ? ` (above ${low})` : ` (below ${high})`}`;
  return {
    read: numberThat(
      (value) =>
        low <= value &&
        value <= high &&
        !(open === "low" && value === low) &&
        !(open === "high" && value === high),
    ),
    allowed: words,
  };
}

/** On or off. */
export function onOff(): ValueKind<boolean> {
  return {
    read: (raw) => {
      if (raw === "true" || raw === "1") return true;
      if (raw === "false" || raw === "0") return false;
      return typeof raw === "boolean" ? raw : undefined;
    },
    allowed: "true or false",
    isSwitch: true,
  };
}

/** One of some names. */
export function choice<const Name extends string>(...names: readonly Name[]): ValueKind<Name> {
  return { read: nameOf(...names), allowed: `one of ${names.join(", ")}`, choices: names };
}

/** Text that is not empty. */
export function text(allowed: string): ValueKind<string> {
  return { read: someText, allowed };
}

/** The path of a file or folder. */
export function path(allowed: string): ValueKind<string> {
  return { ...text(allowed), isPath: (value) => value !== "-" }; // that is standard input, wherever it stands
}

/** What a table may be, for the words after "give …". */
export const TABLE = "a CSV, TSV, JSONL, Parquet, Arrow, NumPy or IDX file";

/** A part of the rows (0 ≤ part < 1), or the path of a file. */
export function partOrPath(): ValueKind<number | string> {
  return {
    read: either(
      numberThat((value) => 0 <= value && value < 1),
      textThat((value) => value !== "" && !DECIMAL.test(value.trim())),
    ),
    allowed: "a part of the rows from 0 to 1 (below 1), such as 0.1, or a file",
    isPath: (value) => typeof value === "string",
  };
}

/** Some values of one kind, separated by commas, or a list in YAML; `none` is the empty list when `orNone`. */
export function listOf<T>(
  kind: ValueKind<T>,
  allowed: string,
  orNone = false,
): ValueKind<readonly T[]> {
  const partsOf = (raw: unknown): unknown => {
    if (orNone && raw === "none") return [];
    if (typeof raw === "string") return raw.split(",").map((part) => part.trim());
    return typeof raw === "number" ? [raw] : raw;
  };
  return {
    read: (raw) => {
      const parts = partsOf(raw);
      if (!Array.isArray(parts) || (parts.length === 0 && !orNone)) return undefined;
      const values = parts.flatMap((part) => kind.read(part) ?? []);
      return values.length === parts.length ? values : undefined;
    },
    allowed,
    ...(kind.choices && { choices: kind.choices }),
    ...(kind.isPath && { isPath: () => true }),
  };
}

/** A value of an option with `change` applied to the paths in it. */
export function mapPaths(
  kind: ValueKind<unknown>,
  value: unknown,
  change: (path: string) => string,
): unknown {
  if (kind.isPath?.(value) !== true) return value;
  if (Array.isArray(value)) return value.map((part) => change(String(part)));
  return typeof value === "string" ? change(value) : value;
}

/**
 * `name=value` pairs, separated by commas, or a mapping in YAML. The last `=` of a pair separates, or the first one with
 * `unique`, which refuses a name that comes twice.
 */
export function pairsOf<T>(
  value: Reader<T>,
  allowed: string,
  unique: boolean = false,
): ValueKind<Readonly<Record<string, T>>> {
  const fromText = (text: string): unknown => {
    const pairs = text.split(",").map((part): [string, string] => {
      const at = unique ? part.indexOf("=") : part.lastIndexOf("=");
      return [part.slice(0, Math.max(at, 0)).trim(), part.slice(at + 1).trim()];
    });
    const names = new Set(pairs.map(([name]) => name));
    return unique && names.size < pairs.length ? undefined : Object.fromEntries(pairs);
  };
  return {
    read: (raw) => {
      const mapping = typeof raw === "string" ? fromText(raw) : raw;
      if (typeof mapping !== "object" || mapping === null || Array.isArray(mapping))
        return undefined;
      const entries = Object.entries(mapping);
      const read = entries.flatMap(([name, part]: [string, unknown]): [string, T][] => {
        const found = value(part);
        return name === "" || found === undefined ? [] : [[name, found]];
      });
      return read.length === entries.length ? Object.fromEntries(read) : undefined;
    },
    allowed,
  };
}

/** How columns are read. */
export function columnTypes(): ValueKind<Readonly<Record<string, "number" | "text">>> {
  return pairsOf(nameOf("number", "text"), "column=number or column=text, separated by commas");
}

/** How columns are encoded; what an encoder may be is checked where it is applied. */
export function columnEncoders(): ValueKind<Readonly<Record<string, string>>> {
  return pairsOf(someText, "column=encoder, separated by commas");
}

/** What missing numbers of columns count as. */
export function columnFills(): ValueKind<Readonly<Record<string, "mean" | "median" | number>>> {
  return pairsOf(
    either(nameOf("mean", "median"), anyNumber),
    "column=mean, column=median or column=0 (any number), separated by commas",
  );
}

/** Numbers by name. */
export function numbersByName(): ValueKind<Readonly<Record<string, number>>> {
  return pairsOf(anyNumber, "a number for each name, once, such as x=-2,y=5", true);
}

/** Steps, or seconds such as 30s. */
export function stepsOrSeconds(): ValueKind<number | string> {
  const seconds: Reader<string> = (raw) => {
    const value = typeof raw === "string" ? raw.trim() : "";
    return /^\d+(\.\d+)?s$/.test(value) && Number.parseFloat(value) > 0 ? value : undefined;
  };
  return {
    read: either(seconds, wholeNumber(1, 1e9)),
    allowed: "a whole number of steps from 1 on, or seconds, such as 50 or 30s",
  };
}

/** Two numbers of steps, such as 200..400. */
export function stepRange(): ValueKind<{ readonly from: number; readonly to: number }> {
  return {
    read: (raw) => {
      if (typeof raw !== "string" || !/^\s*\d{1,15}\.\.\d{1,15}\s*$/.test(raw)) return undefined;
      const [from = 0, to = 0] = raw.split("..").map(Number);
      return from <= to ? { from, to } : undefined;
    },
    allowed: "two numbers of finished steps, the smaller first, such as 200..400",
  };
}

/** A whole number from 1 to `high`, or a word. */
export function countOr<const Word extends string>(
  word: Word,
  high: number,
): ValueKind<number | Word> {
  return {
    read: either(nameOf(word), wholeNumber(1, high)),
    allowed: `${word} or a whole number from 1 to ${high}`,
  };
}

/** A number above 0 and below 1, or a word. */
export function partOr<const Word extends string>(word: Word): ValueKind<number | Word> {
  return {
    read: either(
      nameOf(word),
      numberThat((value) => 0 < value && value < 1),
    ),
    allowed: `${word} or a number above 0 and below 1`,
  };
}

/** Reads a value; throws UsageError that begins with `place` when it is not allowed. */
export function readValue<T>(kind: ValueKind<T>, raw: unknown, place: string): T {
  const value = kind.read(raw);
  if (value !== undefined) return value;
  const { allowed, choices } = kind;
  const wrong =
    choices && typeof raw === "string"
      ? raw.split(",").find((part) => !choices.includes(part.trim()))
      : undefined;
  throw new UsageError(
    `${place}: give ${allowed}`,
    choices && wrong !== undefined ? { name: wrong, known: choices } : null,
  );
}
