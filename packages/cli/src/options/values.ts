// The kinds of values that options take: each a schema that reads text and native values alike, and words that say what it allows.
import * as z from "zod";
import { UsageError } from "../usage-error.js";

/** How a value is read, whether it comes as text (flag, environment) or as a YAML value. */
export interface ValueKind<T> {
  readonly schema: z.ZodType<T>;
  /** What is allowed, to follow "give …". */
  readonly allowed: string;
  /** Set for a closed list of names. */
  readonly choices?: readonly string[];
  /** True for on/off options, which take no value on the command line. */
  readonly isSwitch?: true;
  /** Whether a value names a file or folder; such values are relative to the configuration file they stand in. */
  isPath?(value: T): boolean;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const number = z
  .union([z.number(), z.string().trim().regex(DECIMAL).transform(Number)])
  .pipe(z.number());

/** A whole number from `low` to `high`. */
export function integer(low: number, high: number): ValueKind<number> {
  return {
    schema: number.pipe(z.int().min(low).max(high)),
    allowed: `a whole number from ${low} to ${high}`,
  };
}

/** A number with low ≤ value ≤ high; a bound in `open` is excluded. */
export function real(
  low: number,
  high: number,
  open: "none" | "low" | "high" = "none",
): ValueKind<number> {
  const bounded = number.pipe(z.number().min(low).max(high));
  const words =
    high === Number.MAX_VALUE
      ? `a number ${open === "low" ? "above" : "from"} ${low}${open === "low" ? "" : " on"}`
      : `a number from ${low} to ${high}${open === "none" ? "" : open === "low" ? ` (above ${low})` : ` (below ${high})`}`;
  return {
    schema: bounded.refine(
      (value) => !(open === "low" && value === low) && !(open === "high" && value === high),
    ),
    allowed: words,
  };
}

/** On or off. */
export function onOff(): ValueKind<boolean> {
  const text = z
    .enum(["true", "false", "1", "0"])
    .transform((value) => value === "true" || value === "1");
  return { schema: z.union([z.boolean(), text]), allowed: "true or false", isSwitch: true };
}

/** One of some names. */
export function choice<const Name extends string>(...names: readonly Name[]): ValueKind<Name> {
  return { schema: z.enum(names), allowed: `one of ${names.join(", ")}`, choices: names };
}

/** Text that is not empty. */
export function text(allowed: string): ValueKind<string> {
  return { schema: z.string().min(1), allowed };
}

/** The path of a file or folder. */
export function path(allowed: string): ValueKind<string> {
  return { ...text(allowed), isPath: (value) => value !== "-" }; // that is standard input, wherever it stands
}

/** What a table may be, for the words after "give …". */
export const TABLE = "a CSV, TSV, JSONL, Parquet, Arrow, NumPy or IDX file";

/** A part of the rows (0 ≤ part < 1), or the path of a file. */
export function partOrPath(): ValueKind<number | string> {
  const part = number.pipe(z.number().min(0).lt(1));
  const file = z
    .string()
    .min(1)
    .refine((value) => !DECIMAL.test(value.trim()));
  return {
    schema: z.union([part, file]),
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
  const parts = z.preprocess(
    (value) => {
      if (orNone && value === "none") return [];
      if (typeof value === "string") return value.split(",").map((part) => part.trim());
      return typeof value === "number" ? [value] : value;
    },
    z.array(kind.schema).min(orNone ? 0 : 1),
  );
  return {
    schema: parts,
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

/** `column=value` pairs, separated by commas, or a mapping in YAML. */
export function byColumn<T>(
  value: z.ZodType<T>,
  allowed: string,
): ValueKind<Readonly<Record<string, T>>> {
  const mapping = z.record(z.string().min(1), value);
  const fromText = (value: unknown): unknown => {
    if (typeof value !== "string") return value;
    const pairs = value.split(",").map((part): [string, string] => {
      const at = part.lastIndexOf("=");
      return [part.slice(0, Math.max(at, 0)).trim(), part.slice(at + 1).trim()];
    });
    return Object.fromEntries(pairs);
  };
  return { schema: z.preprocess(fromText, mapping), allowed: `${allowed}, separated by commas` };
}

/** How columns are read. */
export function columnTypes(): ValueKind<Readonly<Record<string, "number" | "text">>> {
  return byColumn(z.enum(["number", "text"]), "column=number or column=text");
}

/** How columns are encoded; what an encoder may be is checked where it is applied. */
export function columnEncoders(): ValueKind<Readonly<Record<string, string>>> {
  return byColumn(z.string().min(1), "column=encoder");
}

/** What missing numbers of columns count as. */
export function columnFills(): ValueKind<Readonly<Record<string, "mean" | "median" | number>>> {
  return byColumn(
    z.union([z.enum(["mean", "median"]), number]),
    "column=mean, column=median or column=0 (any number)",
  );
}

/** Steps, or seconds such as 30s. */
export function stepsOrSeconds(): ValueKind<number | string> {
  const seconds = z
    .string()
    .trim()
    .regex(/^\d+(\.\d+)?s$/)
    .refine((value) => Number.parseFloat(value) > 0);
  return {
    schema: z.union([seconds, number.pipe(z.int().min(1).max(1e9))]),
    allowed: "a whole number of steps from 1 on, or seconds, such as 50 or 30s",
  };
}

/** Two numbers of steps, such as 200..400. */
export function stepRange(): ValueKind<{ readonly from: number; readonly to: number }> {
  const schema = z
    .string()
    .trim()
    .regex(/^\d{1,15}\.\.\d{1,15}$/)
    .transform((value) => {
      const [from = 0, to = 0] = value.split("..").map(Number);
      return { from, to };
    })
    .refine(({ from, to }) => from <= to);
  return { schema, allowed: "two numbers of finished steps, the smaller first, such as 200..400" };
}

/** A whole number from 1 to `high`, or a word. */
export function countOr<const Word extends string>(
  word: Word,
  high: number,
): ValueKind<number | Word> {
  return {
    schema: z.union([z.literal(word), number.pipe(z.int().min(1).max(high))]),
    allowed: `${word} or a whole number from 1 to ${high}`,
  };
}

/** A number above 0 and below 1, or a word. */
export function partOr<const Word extends string>(word: Word): ValueKind<number | Word> {
  return {
    schema: z.union([z.literal(word), number.pipe(z.number().gt(0).lt(1))]),
    allowed: `${word} or a number above 0 and below 1`,
  };
}

/** Reads a value; throws UsageError that begins with `place` when it is not allowed. */
export function readValue<T>(kind: ValueKind<T>, raw: unknown, place: string): T {
  const parsed = kind.schema.safeParse(raw);
  if (parsed.success) return parsed.data;
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
