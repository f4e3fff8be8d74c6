// A run as JSON lines: every event is one object on one line of stdout.
import type { Reporter } from "./reporter.js";

/** Writes each event as it comes; NaN and infinities become null. */
export function jsonReporter(): Reporter {
  return {
    tell: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`),
    close: () => undefined,
  };
}
