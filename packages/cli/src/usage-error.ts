// The error of a command line, environment or configuration file that asks for something impossible.

/** A name that was not known, and those that are. */
export interface UnknownName {
  readonly name: string;
  readonly known: readonly string[];
  /** Put before the suggestion: "--" for flags. */
  readonly prefix?: string;
  /** Said when no known name is near. */
  readonly otherwise?: string;
}

/** One line: where, the value, and what is allowed. Ends the process with code 2 before anything is written. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly unknown: UnknownName | null;

  constructor(message: string, unknown: UnknownName | null = null) {
    super(message);
    this.unknown = unknown;
  }
}

const WRITE_ERRORS = new Map([
  ["ENOENT", "its folder does not exist; make it first"],
  ["ENOTDIR", "a part of the path is a file; choose another"],
  ["EACCES", "permission denied; choose another place"],
  ["EPERM", "permission denied; choose another place"],
  ["EROFS", "the file system is read-only; choose another place"],
  ["EISDIR", "is a folder; name a file"],
  ["ENOSPC", "the disk is full"],
]);

/** Why a write failed, null when the error is not one of the file system. */
function whyNotWritten(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  return code === null ? null : (WRITE_ERRORS.get(code) ?? code);
}

/** Turns an error of the file system into one that names the option and the path; others are handed back. */
export function cannotWrite(option: string, path: string, error: unknown): unknown {
  const why = whyNotWritten(error);
  return why === null ? error : new UsageError(`${option} ${path}: cannot be written: ${why}`);
}

/** The same for a run that was going on: what is left of it, and how to go on. */
export function runCannotWrite(folder: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why = WRITE_ERRORS.get(code)?.replace(/; .*/, "");
  return why === undefined
    ? error
    : new Error(
        `${folder}: cannot be written: ${why}; the last checkpoint is intact: once that is mended, shardgrad train --resume ${folder} goes on from it`,
        { cause: error },
      );
}
