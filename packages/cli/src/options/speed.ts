// The options of the command that measures speed.
import { type BenchJob, benchJobs } from "../bench/jobs.js";
import { sessionOptions, type SessionSettings } from "./common.js";
import type { OptionTable } from "./option.js";
import { choice, listOf } from "./values.js";

/** What `shardgrad bench` is asked to do. */
export interface BenchSettings extends SessionSettings {
  readonly jobs: readonly BenchJob["name"][];
}

const names = benchJobs.map(({ name }) => name);

export const benchOptions: OptionTable<BenchSettings> = {
  jobs: {
    kind: listOf(choice(...names), `some of ${names.join(", ")}, separated by commas`),
    help: "Which networks to train",
    group: "Measurement",
    default: names,
    scope: "session",
  },
  ...sessionOptions,
};
