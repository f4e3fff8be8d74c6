// The options of the commands that do runs again: verify and diff.
import { sessionOptions, type SessionSettings, workersOption } from "./common.js";
import type { Option, OptionTable } from "./option.js";
import { path, stepRange } from "./values.js";

/** What verify is asked to do. */
export interface VerifySettings extends SessionSettings {
  readonly run?: string | undefined;
  readonly steps?: { readonly from: number; readonly to: number } | undefined;
  readonly workers: number | "auto";
}

const run = (help: string): Option<string> => ({
  kind: path("a run folder"),
  help,
  group: "Data",
  positional: true,
  scope: "session",
});

export const verifyOptions: OptionTable<VerifySettings> = {
  run: run("Run to do again"),
  steps: {
    kind: stepRange(),
    help: "Only the logged hashes of these steps, from the nearest checkpoint before them",
    group: "Run",
    defaultWords: "the whole run",
    scope: "session",
  },
  workers: workersOption,
  ...sessionOptions,
};

/** What diff is asked to do. */
export interface DiffSettings extends SessionSettings {
  readonly a?: string | undefined;
  readonly b?: string | undefined;
  readonly workers: number | "auto";
}

export const diffOptions: OptionTable<DiffSettings> = {
  a: run("A run"),
  b: run("Another run"),
  workers: workersOption,
  ...sessionOptions,
};
