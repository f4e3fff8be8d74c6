// Reading and writing configuration files: YAML (of which JSON is a part), keys named like the flags.
import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { type AnyOptionTable, optionName } from "./options/option.js";
import { mapPaths } from "./options/values.js";
import { UsageError } from "./usage-error.js";

/** Values by option key, each with the line it stands on. */
export interface ConfigFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly line: number }>;
}

/** Options that would mean nothing, or something surprising, in a file. */
const NOT_IN_FILES = new Set(["config", "resume", "force"]);

/** Reads a configuration file for the options of `table`; UsageError names file, line and key. */
export async function readConfigFile(path: string, table: AnyOptionTable): Promise<ConfigFile> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `${path}: cannot be read (${error.code ?? error.message}); give a YAML or JSON file`,
    );
  });
  const { isMap, isNode, isScalar, LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [problem] = document.errors;
  if (problem) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new UsageError(`${path}:${line}:${col}: not valid YAML: ${firstLine(problem.message)}`);
  }
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
    const plain: unknown = isNode(pair.value)
      ? pair.value.toJS(document, { maxAliasCount: 10 })
      : pair.value;
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

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
