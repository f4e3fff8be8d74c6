// What is wrong with something the user gave: a file, a cell, a column name.

/** An input that cannot be used. The message is one line: the place, the value and the remedy. */
export class InputError extends Error {
  override readonly name = "InputError";

  constructor(message: string, options?: ErrorOptions) {
    super(message.replaceAll(/[\r\n]\s*/g, " "), options);
  }
}

/** A value as it is shown in a message: quoted when it is text, and cut to a length that fits a line. */
export function shown(value: unknown): string {
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The code of a system error, such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
