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

/** Turns an error of the file system into one that names the option and the path; others are handed back. */
export function cannotWrite(option: string, path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  if (code === null) return error;
  const known = new Map([
    ["ENOENT", "its folder does not exist; make it first"],
    ["ENOTDIR", "a part of the path is a file; choose another"],
    ["EACCES", "permission denied; choose another place"],
    ["EPERM", "permission denied; choose another place"],
    ["EROFS", "the file system is read-only; choose another place"],
    ["EISDIR", "is a folder; name a file"],
    ["ENOSPC", "the disk is full"],
  ]);
  return new UsageError(`${option} ${path}: cannot be written: ${known.get(code) ?? code}`);
}
