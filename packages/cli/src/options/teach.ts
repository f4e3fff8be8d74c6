// The options of the commands that show and check how gradients come about.
import { opsOption, sessionOptions, type SessionSettings } from "./common.js";
import type { OptionTable } from "./option.js";
import { integer, numbersByName, path, real, text, TABLE } from "./values.js";

/** What `shardgrad explain` is asked to do. */
export interface ExplainSettings extends SessionSettings {
  readonly formula?: string | undefined;
  readonly at?: Readonly<Record<string, number>> | undefined;
  readonly data?: string | undefined;
  readonly row: number;
  readonly ops?: readonly string[] | undefined;
  readonly digits: number;
  readonly out?: string | undefined;
}

/** What `shardgrad gradcheck` is asked to do. */
export interface GradcheckSettings extends SessionSettings {
  readonly model?: string | undefined;
  readonly data?: string | undefined;
  readonly limit: number;
  readonly ops?: readonly string[] | undefined;
  readonly directions: number;
  readonly tolerance: number;
}

export const explainOptions: OptionTable<ExplainSettings> = {
  formula: {
    kind: text("a formula such as '(x+y)*z', or a run folder or model file with --data"),
    help: "Formula in quotation marks (one that begins with - in parentheses too); or run folder or model file, with --data",
    group: "Graph",
    positional: true,
    scope: "session",
  },
  at: {
    kind: numbersByName(),
    help: "Where to evaluate the formula: x=-2,y=5",
    group: "Graph",
    scope: "session",
  },
  data: {
    kind: path(TABLE),
    help: "Table with a row for the model",
    group: "Graph",
    scope: "session",
  },
  row: {
    kind: integer(0, 2 ** 31 - 1),
    help: "Row of the table; 0 is the first",
    group: "Graph",
    default: 0,
    scope: "session",
  },
  ops: opsOption,
  digits: {
    kind: integer(1, 17),
    help: "Significant digits of the numbers shown",
    group: "Output",
    default: 4,
    scope: "session",
  },
  out: {
    kind: path("a .html or .svg file"),
    help: "Also draw the graph: .html for a page, .svg for a picture",
    group: "Output",
    scope: "session",
  },
  ...sessionOptions,
};

export const gradcheckOptions: OptionTable<GradcheckSettings> = {
  model: {
    kind: path("a run folder, a model file or a configuration file"),
    help: "Run folder or model file; or a configuration (.yaml, .json), whose network is checked at its initial weights",
    group: "Data",
    positional: true,
    scope: "session",
  },
  data: {
    kind: path(TABLE),
    help: "Table with the columns of the training data",
    group: "Data",
    defaultWords: "the table that the configuration names",
    scope: "session",
  },
  limit: {
    kind: integer(1, 4096),
    help: "Use the first so many rows",
    group: "Data",
    default: 16,
    scope: "session",
  },
  ops: opsOption,
  directions: {
    kind: integer(1, 10_000),
    help: "Check parameters of more than 1024 numbers along so many random directions, not number by number",
    group: "Check",
    default: 32,
    scope: "session",
  },
  tolerance: {
    kind: real(0, 1, "low"),
    help: "Largest relative error that passes",
    group: "Check",
    default: 1e-5,
    scope: "session",
  },
  ...sessionOptions,
};
