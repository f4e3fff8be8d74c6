// Options that several commands share.
import type { Option, OptionTable } from "./option.js";
import { onOff, workerCount } from "./values.js";

/** How a call that reports reports. */
export interface SessionSettings {
  readonly json: boolean;
  readonly verbose: boolean;
}

export const sessionOptions: OptionTable<SessionSettings> = {
  json: {
    kind: onOff(),
    help: "JSON on stdout: one object a line",
    group: "Output",
    default: false,
    scope: "session",
  },
  verbose: {
    kind: onOff(),
    help: "Say more; with an error, show its stack",
    group: "Output",
    default: false,
    scope: "session",
  },
};

export const workersOption: Option<number | "auto"> = {
  kind: workerCount(),
  help: "Threads; never changes the result",
  group: "Speed",
  default: "auto",
  scope: "speed",
};
