// The entry: reads the command line, runs the command, turns errors into one line and an exit code.
import { parse, unknownVariables } from "./parse.js";
import { type CommandResult, runCommand } from "./commands/run.js";
import { UsageError } from "./usage-error.js";
import { version } from "./version.js";

/** 0 done, 1 a run that failed, 2 input that makes no sense, 130 or 143 ended by SIGINT or SIGTERM. */
export type ExitCode = CommandResult;

/** Runs one command line (without `node` and the script's path); the answer is the exit code. Never throws. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  const verbose = args.includes("--verbose");
  process.stdout.on("error", endQuietly);
  try {
    const parsed = await parse(args, version());
    if (parsed === null) return 0;
    for (const unknown of unknownVariables(process.env))
      process.stderr.write(`warning: ${await describeError(unknown)}\n`);
    return await runCommand(parsed.command, parsed.flags);
  } catch (error) {
    return await report(error, verbose);
  }
}

/** A reader that has seen enough, such as head, is no failure. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
}

async function report(error: unknown, verbose: boolean): Promise<ExitCode> {
  process.stderr.write(`error: ${await describeError(error)}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  if (error instanceof UsageError) return 2;
  const { InputError } = await import("@shardgrad/parallel");
  return error instanceof InputError ? 2 : 1;
}

/** The message on one line, with the nearest known name where there was an unknown one. */
async function describeError(error: unknown): Promise<string> {
  const text = error instanceof Error ? error.message : String(error);
  const message = text.replaceAll(/[\r\n]\s*/g, " ");
  if (!(error instanceof UsageError && error.unknown)) return message;
  const { name, known, prefix = "", otherwise } = error.unknown;
  const { nearest } = await import("@shardgrad/parallel");
  const best = nearest(name, known);
  if (best !== null) return `${message}; did you mean ${prefix}${best}?`;
  return otherwise === undefined ? message : `${message}; ${otherwise}`;
}
