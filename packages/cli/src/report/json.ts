// A run as JSON lines: every event is one object on one line of stdout.
import type { Reporter } from "./reporter.js";

/** Writes each event as it comes, only the last one when `quiet`; NaN and infinities become null. */
export function jsonReporter(quiet: boolean): Reporter {
  return {
    tell: (event) => {
      if (!quiet || event.type === "end") process.stdout.write(`${JSON.stringify(event)}\n`);
    },
    close: () => undefined,
  };
}
