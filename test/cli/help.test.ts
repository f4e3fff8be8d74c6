// Help, version and documentation follow from the table of options.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { commands } from "../../packages/cli/dist/options/commands.js";
import { optionName } from "../../packages/cli/dist/options/option.js";
import { succeed } from "./support.js";

const packageFolder = new URL("../../packages/cli/", import.meta.url);

describe("help", () => {
  it.each(Object.entries(commands))(
    "of %s lists each option and example on stdout",
    async (name, { options, examples }) => {
      const help = await succeed([name, "--help"]);
      const missing = Object.entries(options)
        .filter(([, option]) => !option.positional)
        .map(([key]) => `--${optionName(key)}`)
        .filter((flag) => !help.includes(`${flag} `));
      expect(missing).toEqual([]);
      for (const [line] of examples) expect(help).toContain(line);
    },
  );

  it("without a command lists the commands", async () => {
    const help = await succeed(["--help"]);
    for (const name of Object.keys(commands)) expect(help).toContain(`shardgrad ${name}`);
  });

  it("--version prints the version of package.json and nothing else", async () => {
    const { version } = JSON.parse(
      readFileSync(new URL("package.json", packageFolder), "utf8"),
    ) as { version: string };
    expect(await succeed(["--version"])).toBe(`${version}\n`);
  });

  it("docs/cli.md holds the tables as they are", () => {
    expect(() =>
      execFileSync(process.execPath, [
        fileURLToPath(new URL("make-docs.mjs", packageFolder)),
        "--check",
      ]),
    ).not.toThrow();
  });
});
