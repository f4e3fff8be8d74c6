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
