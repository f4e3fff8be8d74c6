// The options of `shardgrad train` about threads, the run folder and what is told.
import { workersOption } from "../common.js";
import type { OptionTable } from "../option.js";
import { choice, countOr, integer, onOff, path, stepsOrSeconds } from "../values.js";

/** How a run goes and what it leaves behind. */
export interface RunSettings {
  readonly shards?: number | undefined;
  readonly backend: "wasm" | "blas";
  readonly workers: number | "auto";
  readonly polite: boolean;
  readonly saveEvery?: number | string | undefined;
  readonly keep: number;
  readonly hashEvery: number | "never";
  readonly out?: string | undefined;
  readonly force: boolean;
  readonly resume?: string | undefined;
  readonly config?: string | undefined;
  readonly quiet: boolean;
  readonly trace?: string | undefined;
  readonly cpuProf?: string | undefined;
}

export const runOptions: OptionTable<RunSettings> = {
  shards: {
    kind: integer(1, 65536),
    help: "Pieces of a batch; at most so many workers have work",
    group: "Speed",
    defaultWords: "from the batch size",
    scope: "result",
  },
  backend: {
    kind: choice("wasm", "blas"),
    help: "What multiplies matrices; blas is the system's OpenBLAS, needs the package koffi, and gives the same bytes on one machine only",
    group: "Speed",
    default: "wasm",
    scope: "result",
  },
  workers: workersOption,
  polite: {
    kind: onOff(),
    help: "Let fewer workers train while other programs take the cores, and more again when they leave them; never changes the result",
    group: "Speed",
    default: false,
    scope: "speed",
  },
  saveEvery: {
    kind: stepsOrSeconds(),
    help: "Steps or seconds between two checkpoints to --resume from, besides those after epochs (at most one a second)",
    group: "Run",
    defaultWords: "60s",
    scope: "speed",
  },
  keep: {
    kind: integer(1, 10000),
    help: "Checkpoints to keep: the newest is last.safetensors, it and those before it step-<n>.safetensors",
    group: "Run",
    default: 1,
    scope: "speed",
  },
  hashEvery: {
    kind: countOr("never", 1e9),
    help: "Steps from one hash of the weights in hashes.jsonl to the next: what verify and diff compare",
    group: "Run",
    default: 500,
    scope: "speed",
  },
  out: {
    kind: path("a folder"),
    help: "Folder of the run",
    group: "Run",
    defaultWords: "runs/<data>-<n>",
    scope: "session",
  },
  force: {
    kind: onOff(),
    help: "Replace the run in a folder that is not empty",
    group: "Run",
    default: false,
    scope: "session",
  },
  resume: {
    kind: path("a run folder"),
    help: "Go on with the run in this folder",
    group: "Run",
    scope: "session",
  },
  config: {
    kind: path("a YAML or JSON file"),
    help: "Options from a YAML or JSON file, by the names of the flags; flags win",
    group: "Run",
    short: "c",
    scope: "session",
  },
  quiet: {
    kind: onOff(),
    help: "No progress, only the last lines",
    group: "Output",
    default: false,
    scope: "session",
  },
  trace: {
    kind: path("a file"),
    help: "Write where each worker's time went, for ui.perfetto.dev or chrome://tracing; the last lines sum it up",
    group: "Output",
    scope: "session",
  },
  cpuProf: {
    kind: path("a folder"),
    help: "Write a CPU profile of every thread, for Chrome's developer tools",
    group: "Output",
    scope: "session",
  },
};
