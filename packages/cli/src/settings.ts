// Where settings come from: defaults, then the configuration file, then SHARDGRAD_* variables, then flags; the last one wins.
import { dirname, isAbsolute, relative, resolve } from "node:path";
import type { ConfigFile } from "./config-file.js";
import {
  type AnyOptionTable,
  environmentName,
  type Option,
  optionName,
  type OptionTable,
} from "./options/option.js";
import { mapPaths, readValue } from "./options/values.js";
import { UsageError } from "./usage-error.js";

/** Flags and places as they were typed, by option key. */
export type RawFlags = ReadonlyMap<string, string | boolean>;

/** Settings with the options that were given, by key: where each stands, to begin a message with. */
export interface Resolved<Settings> {
  readonly settings: Settings;
  readonly given: ReadonlyMap<string, string>;
}

/** Checks and merges all sources for the options of `table`. Throws UsageError with place, value and what is allowed. */
export function resolveSettings<Settings>(
  table: OptionTable<Settings>,
  flags: RawFlags,
  environment: Readonly<Record<string, string | undefined>>,
  file: ConfigFile | null,
): Resolved<Settings> {
  const settings: Record<string, unknown> = {};
  const given = new Map<string, string>();
  for (const [key, option] of Object.entries<Option<unknown>>(table as AnyOptionTable)) {
    const fromFile = file?.values.get(key);
    const fromEnvironment = option.positional ? undefined : environment[environmentName(key)];
    const fromFlags = flags.get(key);
    if (fromFlags !== undefined) {
      const place = option.positional ? optionName(key).toUpperCase() : `--${optionName(key)}`;
      given.set(key, place);
      if (fromFlags === "")
        throw new UsageError(`${place}: needs a value; give ${option.kind.allowed}`);
      settings[key] = readValue(option.kind, fromFlags, `${place} ${show(fromFlags)}`);
    } else if (fromEnvironment !== undefined && fromEnvironment !== "") {
      given.set(key, environmentName(key));
      settings[key] = readValue(
        option.kind,
        fromEnvironment,
        `${environmentName(key)}=${fromEnvironment}`,
      );
    } else if (file && fromFile) {
      const place = `${file.path}:${fromFile.line}: ${optionName(key)}`;
      given.set(key, place);
      const value = readValue(option.kind, fromFile.value, `${place}: ${show(fromFile.value)}`);
      settings[key] = mapPaths(option.kind, value, (path) => fromFolder(dirname(file.path), path));
    } else settings[key] = option.default;
  }
  // Every key of the table has been checked by the schema of its own type.
  return { settings: settings as Settings, given };
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A path that stands in a file of `folder`, as seen from here; short where it can be. */
function fromFolder(folder: string, path: string): string {
  const absolute = resolve(folder, path);
  const short = relative(".", absolute);
  return short === "" ? "." : short.startsWith("..") || isAbsolute(short) ? absolute : short;
}
