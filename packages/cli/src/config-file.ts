// Reading and writing configuration files: YAML (of which JSON is a part), keys named like the flags.
import { readFile, stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type * as Yaml from "yaml";
import { type AnyOptionTable, optionName } from "./options/option.js";
import { mapPaths } from "./options/values.js";
import { UsageError } from "./usage-error.js";

/** Values by option key, each with the line it stands on. */
export interface ConfigFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly line: number }>;
}

/** Far more than all options take, and little enough that nothing in a file is a burden. */
const MOST_BYTES = 2 ** 16;

/** Values inside one another. */
const DEEPEST = 30;

/** Options that would mean nothing, or something surprising, in a file. */
const NOT_IN_FILES = new Set(["config", "resume", "force"]);

/** Reads a configuration file for the options of `table`; UsageError names file, line and key. */
export async function readConfigFile(path: string, table: AnyOptionTable): Promise<ConfigFile> {
  const text = await textOf(path);
  const yaml = await import("yaml");
  const { isMap, isNode, isScalar } = yaml;
  const lines = new yaml.LineCounter();
  const wrong = (offset: number, problem: string): UsageError => {
    const { line, col } = lines.linePos(offset);
    return new UsageError(`${path}:${line}:${col}: not valid YAML: ${problem}`);
  };
  if (isTooDeep(text, yaml))
    throw new UsageError(`${path}: not valid YAML for options: it is nested too deeply`);
  // The library compares each key with all others; below they are looked up.
  const document = yaml.parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error", // warnings would be written to stderr
    uniqueKeys: false,
  });
  const [problem] = document.errors;
  if (problem) throw wrong(problem.pos[0], firstLine(problem.message));
  yaml.visit(document, {
    Map: (_, map) => {
      const twice = keyTwice(map, isScalar);
      if (twice !== null) throw wrong(twice, "Map keys must be unique");
    },
  });
  const values = new Map<string, { value: unknown; line: number }>();
  if (document.contents === null) return { path, values };
  if (!isMap(document.contents))
    throw new UsageError(`${path}: not a list of options; write lines such as "epochs: 20"`);
  const keys = new Map(
    Object.keys(table)
      .filter((key) => !NOT_IN_FILES.has(key))
      .map((key) => [optionName(key), key]),
  );
  for (const pair of document.contents.items) {
    const name = isScalar(pair.key) ? String(pair.key.value) : "?";
    const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
    const { line } = lines.linePos(offset);
    const key = keys.get(name);
    if (key === undefined) {
      if (NOT_IN_FILES.has(name))
        throw new UsageError(`${path}:${line}: ${name}: give it on the command line`);
      throw new UsageError(`${path}:${line}: ${name}: no such option`, {
        name,
        known: [...keys.keys()],
      });
    }
    let plain: unknown = pair.value;
    try {
      if (isNode(pair.value)) plain = pair.value.toJS(document, { maxAliasCount: 10 });
    } catch (error) {
      // An alias of nothing, of itself, or of too much.
      throw new UsageError(`${path}:${line}: ${name}: ${firstLine(String(error))}`);
    }
    if (plain !== null) values.set(key, { value: plain, line });
  }
  return { path, values };
}

/**
 * The settings of a run as YAML text, without those of the session. Paths become relative to `folder`,
 * where the file will stand, so that the run can be moved together with its data.
 */
export async function formatConfig(
  settings: Readonly<Record<string, unknown>>,
  table: AnyOptionTable,
  folder: string,
): Promise<string> {
  const { stringify } = await import("yaml");
  const entries: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(table)) {
    const value = settings[key];
    if (option.scope === "session" || value === undefined) continue;
    entries[optionName(key)] = mapPaths(option.kind, value, (path) =>
      relative(folder, resolve(path)).replaceAll("\\", "/"),
    );
  }
  return stringify(entries);
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= MOST_BYTES) return await readFile(path, "utf8");
    throw new UsageError(
      `${path}: ${size} bytes; a file of options has at most ${MOST_BYTES}; give the table as DATA`,
    );
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(`${path}: cannot be read (${reason}); give a YAML or JSON file`);
  }
}

/** Whether so many values lie inside one another that reading them would use up the stack. */
function isTooDeep(text: string, { Lexer, Parser }: typeof Yaml): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > DEEPEST) return true;
  }
  return false;
}

/** Where a key of a map stands for the second time, null when there is none. */
function keyTwice(
  { items }: Yaml.YAMLMap,
  isScalar: (node: unknown) => node is Yaml.Scalar,
): number | null {
  const seen = new Set<string>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (seen.has(name)) return key.range?.[0] ?? 0;
    seen.add(name);
  }
  return null;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
