// The files that a pattern names: * and ? within a name, {a,b} for one or the other.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../table/input-error.js";
import { byCodeUnit } from "../table/order.js";

/** The most files that one pattern may name. */
const MOST_FILES = 10_000;

/** The path itself when it is no pattern or such a file exists; else the files that it names, each folder by code unit. */
export async function filesNamed(path: string): Promise<readonly string[]> {
  if (!/[*?{]/.test(path) || (await exists(path))) return [path];
  const files: string[] = [];
  for (const pattern of alternatives(path)) {
    const start = pattern.startsWith("/") ? "/" : "";
    for (const file of await matching(
      start,
      pattern.split("/").filter((part) => part !== ""),
    ))
      if (!files.includes(file)) files.push(file);
  }
  if (files.length === 0)
    throw new InputError(`${path}: no file has such a name; check the pattern and the folder`);
  return files;
}

/** `a{b,c}d` → `abd`, `acd`. */
function alternatives(pattern: string): string[] {
  const match = /\{([^{}]*)\}/.exec(pattern);
  if (match === null) return [pattern];
  const before = pattern.slice(0, match.index);
  const after = pattern.slice(match.index + match[0].length);
  const all = (match[1] ?? "").split(",").flatMap((part) => alternatives(before + part + after));
  if (all.length > MOST_FILES)
    throw new InputError(`${pattern}: names more than ${MOST_FILES} files; name fewer`);
  return all;
}

async function matching(folder: string, parts: readonly string[]): Promise<string[]> {
  const [part, ...rest] = parts;
  if (part === undefined) return (await exists(folder)) ? [folder] : [];
  if (!/[*?]/.test(part)) return matching(join(folder, part), rest);
  const names = await readdir(folder === "" ? "." : folder).catch((): string[] => []);
  const found: string[] = [];
  for (const name of names.sort(byCodeUnit)) {
    const isHidden = name.startsWith(".") && !part.startsWith(".");
    if (!isHidden && isMatch(name, part)) found.push(...(await matching(join(folder, name), rest)));
  }
  return found;
}

/** Whether a name fits a pattern; goes back to the last * only, so the time is at most length × length. */
function isMatch(name: string, pattern: string): boolean {
  let [i, j, star, mark] = [0, 0, -1, 0];
  while (i < name.length) {
    if (j < pattern.length && pattern[j] === "*") [star, mark, j] = [j, i, j + 1];
    else if (j < pattern.length && (pattern[j] === "?" || pattern[j] === name[i]))
      [i, j] = [i + 1, j + 1];
    else if (star >= 0) [j, mark, i] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (pattern[j] === "*") j += 1;
  return j === pattern.length;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
