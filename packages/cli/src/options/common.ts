// Options that several commands share.
import type { Option, OptionTable } from "./option.js";
import { countOr, listOf, onOff, path, text } from "./values.js";

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

/** Ops of the user's own. Only the user names them: here, or in a configuration file that the user names. */
export const opsOption: Option<readonly string[]> = {
  kind: listOf(path("a JavaScript module"), "JavaScript modules, separated by commas"),
  help: "Modules that export ops of your own, for layers that use them; their code runs",
  group: "Model",
  scope: "result",
};

export const sqlOption: Option<string> = {
  kind: text("a SELECT, such as \"SELECT * FROM 'part-*.parquet'\""),
  help: "Instead of a table, the rows of a query; needs the package @duckdb/node-api",
  group: "Data",
  scope: "result",
};

export const workersOption: Option<number | "auto"> = {
  kind: countOr("auto", 1024),
  help: "Threads; never changes the result",
  group: "Speed",
  default: "auto",
  scope: "speed",
};
