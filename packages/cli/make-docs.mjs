// Writes the option tables of docs/cli.md from the tables that drive the command line.
// node packages/cli/make-docs.mjs            after a build
// node packages/cli/make-docs.mjs --check    exits 1 when the file is not up to date
import { readFileSync, writeFileSync } from "node:fs";
import { commands } from "./dist/options/commands.js";
import { defaultText, optionName } from "./dist/options/option.js";

const file = new URL("../../docs/cli.md", import.meta.url);

/** Cells of a Markdown table must not hold its separator. */
const cell = (text) => text.replaceAll("|", "\\|");

function optionTable(entry) {
  const rows = Object.entries(entry.options).map(([key, option]) => {
    const name = option.positional ? optionName(key).toUpperCase() : `--${optionName(key)}`;
    const short = option.short === undefined ? "" : `, \`-${option.short}\``;
    const fallback =
      option.defaultWords ?? (option.default === false ? "off" : (defaultText(option) ?? ""));
    return `| \`${name}\`${short} | ${cell(option.help)} | ${cell(option.kind.allowed)} | ${cell(fallback)} |`;
  });
  return ["| option | | value | default |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

const before = readFileSync(file, "utf8");
const after = before.replaceAll(
  /(<!-- options of (\w+) -->\n)[\s\S]*?(\n<!-- end -->)/g,
  (_, begin, name, end) => `${begin}\n${optionTable(commands[name])}\n${end}`,
);

if (process.argv.includes("--check")) {
  if (after !== before) {
    process.stderr.write("docs/cli.md is not up to date: run node packages/cli/make-docs.mjs\n");
    process.exitCode = 1;
  }
} else writeFileSync(file, after);
