// From the command line to a command and its raw flags: yargs, and the checks it leaves out.
import yargs, { type Argv } from "yargs";
import { type CommandEntry, type CommandName, commands } from "./options/commands.js";
import { defaultText, environmentName, type Option, optionName } from "./options/option.js";
import type { RawFlags } from "./settings.js";
import { UsageError } from "./usage-error.js";

/** A command to run with its raw flags. */
export interface ParsedLine {
  readonly command: CommandName;
  readonly flags: RawFlags;
}

/** Reads the command line; null when it asked for help or the version, which is then printed. Throws UsageError. */
export async function parse(args: readonly string[], version: string): Promise<ParsedLine | null> {
  checkCommand(args);
  checkInherited(args);
  let parsed: ParsedLine | null = null;
  // The library lays out the help of a command that runs, too, which takes longer than all the rest: as little as can be.
  const isHelp = args.includes("--help");
  const parser = yargs()
    .scriptName("shardgrad")
    .usage(
      "$0 <command>\n\nTrain neural networks on all cores; the same bytes for any number of workers.",
    )
    .parserConfiguration({
      "camel-case-expansion": false,
      "dot-notation": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "strip-aliased": true,
    })
    .detectLocale(false)
    .wrap(isHelp ? Math.min(100, process.stdout.columns ?? 100) : null)
    .help("help")
    .version(version)
    .exitProcess(false)
    .fail((message: string, error: Error | undefined) => {
      throw error ?? new UsageError(message);
    });
  for (const [name, entry] of Object.entries(commands) as [CommandName, CommandEntry][]) {
    parser.command(
      usageLine(name, entry),
      entry.summary,
      (command) => describe(command, entry, isHelp),
      (argv) => {
        checkSwitches(args, entry);
        parsed = { command: name, flags: rawFlags(name, entry, argv) };
      },
    );
  }
  parser.epilogue("shardgrad <command> --help lists a command's options with examples.");
  await parser.parseAsync([...args]);
  return parsed;
}

/** Throws UsageError when the first word names no command. */
function checkCommand(args: readonly string[]): void {
  const names = Object.keys(commands);
  const first = args.find((arg) => !arg.startsWith("-"));
  if (first === undefined) {
    if (args.includes("--help") || args.includes("--version")) return;
    const flag = args[0] === undefined ? "" : `${args[0]}: `;
    throw new UsageError(
      `${flag}no command; give one of ${names.join(", ")} (shardgrad --help says more)`,
    );
  }
  if (!names.includes(first))
    throw new UsageError(`${first}: no such command`, {
      name: first,
      known: names,
      otherwise: `give one of ${names.join(", ")}`,
    });
}

/** Throws UsageError for an option such as --toString, which yargs finds in the prototype of its own tables. */
function checkInherited(args: readonly string[]): void {
  const end = args.indexOf("--");
  for (const arg of end < 0 ? args : args.slice(0, end)) {
    const typed = /^--?(?:no-)?([^=]+)/.exec(arg)?.[1];
    if (typed !== undefined && typed in Object.prototype)
      throw new UsageError(`--${typed}: no such option; shardgrad --help lists the commands`);
  }
}

function usageLine(name: string, entry: CommandEntry): string {
  const places = Object.entries(entry.options).filter(([, option]) => option.positional);
  return [name, ...places.map(([key]) => `[${optionName(key)}]`)].join(" ");
}

function describe(command: Argv, entry: CommandEntry, isShown: boolean): Argv {
  for (const [key, option] of Object.entries(entry.options)) {
    if (option.positional) command.positional(optionName(key), { description: helpText(option) });
    else
      command.option(optionName(key), {
        description: helpText(option),
        group: `${option.group}:`,
        hidden: !isShown,
        ...(option.short !== undefined && { alias: option.short }),
        ...(option.kind.isSwitch && { boolean: true }),
      });
  }
  if (!isShown) return command;
  const examples = entry.examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]);
  return command.epilogue(
    [
      "Examples:",
      ...examples,
      "",
      "Options may also stand in the environment, as SHARDGRAD_BATCH_SIZE for --batch-size.",
    ].join("\n"),
  );
}

/** What an option does, what it takes and what it is when not given. */
export function helpText(option: Option<unknown>): string {
  const { help, kind, defaultWords } = option;
  const choices = kind.choices === undefined ? "" : `: ${kind.choices.join(", ")}`;
  const fallback = defaultWords ?? (option.default === false ? undefined : defaultText(option));
  return `${help}${choices}${fallback === undefined ? "" : ` [${fallback}]`}`;
}

/** The options that were typed, by key. Throws UsageError for unknown, repeated and superfluous ones. */
function rawFlags(
  name: CommandName,
  entry: CommandEntry,
  argv: Readonly<Record<string, unknown>>,
): RawFlags {
  const keys = new Map(Object.keys(entry.options).map((key) => [optionName(key), key]));
  const flags = new Map<string, string | boolean>();
  for (const [typed, value] of Object.entries(argv)) {
    if (
      typed === "$0" ||
      typed === "_" ||
      typed === "help" ||
      typed === "version" ||
      value === undefined
    )
      continue;
    const key = keys.get(typed);
    if (key === undefined) {
      const known = [...keys]
        .filter(([, other]) => !entry.options[other]?.positional)
        .map(([flag]) => flag);
      const otherwise = `shardgrad ${name} --help lists them`;
      throw new UsageError(`${dashes(typed)}: no such option of ${name}`, {
        name: typed,
        known,
        prefix: "--",
        otherwise,
      });
    }
    if (Array.isArray(value))
      throw new UsageError(
        `--${typed}: given ${value.length} times; give it once${listHint(entry.options[key])}`,
      );
    if (entry.options[key]?.positional && value === true) {
      flags.set(key, "-"); // yargs takes it for a flag without a name
      continue;
    }
    const isSwitch = entry.options[key]?.kind.isSwitch === true;
    if (typeof value === "string" || (isSwitch && typeof value === "boolean"))
      flags.set(key, value);
    else flags.set(key, ""); // a flag without its value is read as a switch
  }
  // Words after -- are places too, even if they begin with a dash.
  const extra = Array.isArray(argv["_"]) ? argv["_"].slice(1).map(String) : [];
  for (const [key, option] of Object.entries(entry.options))
    if (option.positional && !flags.has(key)) {
      const word = extra.shift();
      if (word !== undefined) flags.set(key, word);
    }
  if (extra.length > 0)
    throw new UsageError(`${extra[0]}: one argument too many; shardgrad ${usageLine(name, entry)}`);
  return flags;
}

function dashes(typed: string): string {
  return `${typed.length === 1 ? "-" : "--"}${typed}`;
}

/** Throws UsageError for a switch with a value other than true and false, which yargs would take for false. */
function checkSwitches(args: readonly string[], entry: CommandEntry): void {
  for (const [key, option] of Object.entries(entry.options)) {
    if (!option.kind.isSwitch) continue;
    const flag = `--${optionName(key)}=`;
    const value = args.find((arg) => arg.startsWith(flag))?.slice(flag.length);
    if (value !== undefined && value !== "true" && value !== "false")
      throw new UsageError(
        `${flag}${value}: is on or off; give ${flag.slice(0, -1)} alone, or ${flag.slice(0, -1)}=false`,
      );
  }
}

function listHint(option: Option<unknown> | undefined): string {
  return option?.kind.allowed.includes("separated by commas")
    ? ", with commas between the values"
    : "";
}

/** SHARDGRAD_* variables that no command knows. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): readonly UsageError[] {
  const known = [
    ...new Set(
      Object.values(commands).flatMap((entry) => Object.keys(entry.options).map(environmentName)),
    ),
  ];
  return Object.keys(environment)
    .filter((name) => name.startsWith("SHARDGRAD_") && !known.includes(name))
    .map((name) => new UsageError(`${name}: no such option`, { name, known }));
}
