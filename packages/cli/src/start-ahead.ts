// The threads of a run start before anything else of it is loaded: they load their modules while the data are read.
import { cores, startThreads } from "@shardgrad/parallel/ahead";
import { trainOptions } from "./options/train.js";
import { type RawFlags, resolveSettings } from "./settings.js";

/** More are started when it is known that there is work for them: few batches have more shards. */
const MOST = 8;

/** Starts as many threads as the flags and the environment ask for. Throws UsageError when these make no sense. */
export function startAhead(flags: RawFlags): void {
  const { settings } = resolveSettings(trainOptions, flags, process.env, null);
  const { workers, cpuProf, folds = 1 } = settings;
  if (cpuProf !== undefined) return; // a profile begins with its thread
  const threads = Math.min(workers === "auto" ? cores().count : workers, MOST);
  const together = Math.min(folds, threads);
  startThreads(Math.floor(threads / together), together);
}
