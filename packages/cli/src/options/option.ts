// What an option is: one row of a table that drives the parser, the checks, the configuration file, the environment and the help.
import type { ValueKind } from "./values.js";

/** One option of a command. */
export interface Option<T> {
  readonly kind: ValueKind<T>;
  readonly help: string;
  readonly group: string;
  /** Absent: not set unless given. */
  readonly default?: T;
  /** The words for the default in help, where the value alone does not say it. */
  readonly defaultWords?: string;
  /** A one-letter flag. */
  readonly short?: string;
  /** Given by its place, not by a flag. */
  readonly positional?: true;
  /**
   * result: part of the configuration, and the weights depend on it;
   * speed: part of the configuration, and the weights do not depend on it;
   * session: about this call alone, not stored with a run.
   */
  readonly scope: "result" | "speed" | "session";
}

/** The options of a command by key; the flag is the key in kebab-case. */
export type OptionTable<Settings> = {
  readonly [Key in keyof Settings]-?: Option<Exclude<Settings[Key], undefined>>;
};

/** A table whose values' types do not matter. */
export type AnyOptionTable = Readonly<Record<string, Option<unknown>>>;

/** `batchSize` → `batch-size`: the name of the flag and in configuration files. */
export function optionName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `batchSize` → `SHARDGRAD_BATCH_SIZE`. */
export function environmentName(key: string): string {
  return `SHARDGRAD_${optionName(key).replaceAll("-", "_").toUpperCase()}`;
}

/** The default as it would be typed. */
export function defaultText(option: Option<unknown>): string | undefined {
  const value = option.default;
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "string" ? value : JSON.stringify(value);
}
