// The options of the commands that use a trained model or look at a file.
import {
  opsOption,
  sessionOptions,
  type SessionSettings,
  sqlOption,
  workersOption,
} from "./common.js";
import type { Option, OptionTable } from "./option.js";
import { choice, columnTypes, onOff, path, TABLE } from "./values.js";

/** A model and the rows to apply it to. */
interface ModelAndData {
  readonly model?: string | undefined;
  readonly data?: string | undefined;
  readonly sql?: string | undefined;
  readonly rows?: string | undefined;
  readonly ops?: readonly string[] | undefined;
  readonly workers: number | "auto";
}

/** What `shardgrad evaluate` is asked to do. */
export interface EvaluateSettings extends ModelAndData, SessionSettings {}

/** What `shardgrad predict` is asked to do. */
export interface PredictSettings extends ModelAndData {
  readonly out?: string | undefined;
  readonly format?: "csv" | "jsonl" | "arrow" | "parquet" | undefined;
  readonly probabilities: boolean;
  readonly verbose: boolean;
}

/** What `shardgrad inspect` is asked to do. */
export interface InspectSettings extends SessionSettings {
  readonly file?: string | undefined;
  readonly sql?: string | undefined;
  readonly types?: Readonly<Record<string, "number" | "text">> | undefined;
}

/** How to read columns whose type is not clear from their values. */
export const typesOption: Option<Readonly<Record<string, "number" | "text">>> = {
  kind: columnTypes(),
  help: "How to read columns: zip=text,size=number",
  group: "Data",
  defaultWords: "number if every value is one",
  scope: "result",
};

const modelAndData: OptionTable<ModelAndData> = {
  model: {
    kind: path("a run folder or a .safetensors file"),
    help: "Run folder, or model file",
    group: "Data",
    positional: true,
    scope: "session",
  },
  data: {
    kind: path(TABLE),
    help: "Table with the columns of the training data",
    group: "Data",
    positional: true,
    scope: "session",
  },
  sql: { ...sqlOption, scope: "session" },
  rows: {
    kind: path("a file of row numbers"),
    help: "Use the rows listed in a file: a JSON list (FILE#KEY for a list in an object), or a number a line; 0 is the first row",
    group: "Data",
    scope: "session",
  },
  ops: opsOption,
  workers: workersOption,
};

export const evaluateOptions: OptionTable<EvaluateSettings> = {
  ...modelAndData,
  ...sessionOptions,
};

export const predictOptions: OptionTable<PredictSettings> = {
  ...modelAndData,
  out: {
    kind: path("a .csv, .jsonl, .arrow or .parquet file"),
    help: "File for the predictions: .csv, .jsonl, .arrow or .parquet",
    group: "Output",
    defaultWords: "CSV on stdout",
    scope: "session",
  },
  format: {
    kind: choice("csv", "jsonl", "arrow", "parquet"),
    help: "Format of the predictions",
    group: "Output",
    defaultWords: "by the name of --out",
    scope: "session",
  },
  probabilities: {
    kind: onOff(),
    help: "Add a column with the probability of each class",
    group: "Output",
    default: false,
    scope: "session",
  },
  verbose: sessionOptions.verbose,
};

export const inspectOptions: OptionTable<InspectSettings> = {
  file: {
    kind: path("a file or a run folder"),
    help: "Table, model file or run folder",
    group: "Data",
    positional: true,
    scope: "session",
  },
  sql: { ...sqlOption, scope: "session" },
  types: typesOption,
  ...sessionOptions,
};
