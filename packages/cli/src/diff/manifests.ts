// What went into two runs, compared: data, rows, settings, seed, versions.
import { readConfigFile } from "../config-file.js";
import { resultEntries } from "../fingerprint.js";
import { optionName } from "../options/option.js";
import { trainOptions } from "../options/train.js";
import type { DoneRun } from "../replay.js";
import { resolveSettings } from "../settings.js";

/** Something that is not the same in both runs, as text. */
export interface Difference {
  readonly what: string;
  readonly a: string;
  readonly b: string;
}

/** All differences that the weights may depend on; what never changes them, as workers, is left out. */
export async function differencesBetween(a: DoneRun, b: DoneRun): Promise<readonly Difference[]> {
  const [first, second] = [await entriesOf(a), await entriesOf(b)];
  return [...new Set([...first.keys(), ...second.keys()])].flatMap((what): Difference[] => {
    const [left = "none", right = "none"] = [first.get(what), second.get(what)];
    return left === right ? [] : [{ what, a: left, b: right }];
  });
}

async function entriesOf({ manifest, files }: DoneRun): Promise<ReadonlyMap<string, string>> {
  const config = await readConfigFile(files.config, trainOptions);
  const { settings } = resolveSettings(trainOptions, new Map(), {}, config);
  return new Map([
    // The content counts, not the name.
    ...manifest.data.map(({ sha256, bytes }, i): [string, string] => [
      `file ${i + 1}`,
      `${bytes} bytes, sha256 ${sha256.slice(0, 16)}…`,
    ]),
    ...Object.entries(manifest.splits).map(([name, split]): [string, string] => [
      `rows of the ${name} split`,
      `${split.rows}, sha256 ${split.sha256.slice(0, 16)}…`,
    ]),
    ...resultEntries(settings, trainOptions).map(([key, value]): [string, string] => [
      `--${optionName(key)}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
    ["shardgrad", manifest.shardgrad],
    ["node", manifest.node],
  ]);
}
