// Going on with a run: the same settings, the same data, from the state that it left.
import { loadState, QUERY, type TrainingState } from "@shardgrad/parallel";
import type { ConfigFile } from "./config-file.js";
import { type FileFingerprint, resultEntries } from "./fingerprint.js";
import { type AnyOptionTable, optionName } from "./options/option.js";
import { trainOptions, type TrainSettings } from "./options/train.js";
import { exists, type Manifest, readManifest, type RunFiles, runFiles } from "./run-folder.js";
import { type Resolved, resolveSettings } from "./settings.js";
import { withDefaults } from "./train-defaults.js";
import { UsageError } from "./usage-error.js";

/** A run that goes on. */
export interface ResumedRun {
  readonly files: RunFiles;
  /** Null when the run ended before it was written. */
  readonly manifest: Manifest | null;
  /** Null when the run ended before its first checkpoint: it begins again. */
  readonly state: TrainingState | null;
}

/** Opens the run in `folder`. Throws UsageError when it cannot go on with these settings. */
export async function openResumed(
  folder: string,
  request: Resolved<TrainSettings>,
  config: ConfigFile,
): Promise<ResumedRun> {
  const files = runFiles(folder);
  const manifest = (await exists(files.manifest)) ? await readManifest(folder) : null;
  checkUnchanged(request, config);
  const stored = (await exists(files.state)) ? await loadState(files.state) : null;
  return { files, manifest, state: stored?.state ?? null };
}

/** Only more epochs, and what never changes the result, may differ from the run's own configuration. */
function checkUnchanged({ settings, given }: Resolved<TrainSettings>, config: ConfigFile): void {
  const table: AnyOptionTable = trainOptions;
  const { settings: before } = resolveSettings(trainOptions, new Map(), {}, config);
  const old = new Map(resultEntries(withDefaults(before), table));
  for (const [key, value] of resultEntries(settings, table)) {
    if (JSON.stringify(old.get(key)) === JSON.stringify(value)) continue;
    if (key === "epochs" && settings.schedule === "constant") continue;
    const place = given.get(key) ?? optionName(key);
    if (key === "epochs")
      throw new UsageError(
        `${place} ${settings.epochs}: the run's rate falls to 0 over its ${before.epochs} epochs; leave it out, or begin a run that can go on with --schedule constant, or a new one with these weights with --init-from`,
      );
    throw new UsageError(
      `${place} ${JSON.stringify(value)}: the run began with ${JSON.stringify(old.get(key)) ?? "none"} and can only go on with it; leave it out, or begin a new run`,
    );
  }
}

/** Throws UsageError when a file is not what the run began with. */
export function checkSameFiles(found: readonly FileFingerprint[], manifest: Manifest): void {
  found.forEach((file, i) => {
    const before = manifest.data[i];
    if (before?.sha256 !== file.sha256)
      throw new UsageError(
        `${file.path}: is not what the run began with (sha256 ${file.sha256.slice(0, 12)}…, then ${before?.sha256.slice(0, 12) ?? "absent"}…); ${file.path === QUERY ? "bring back its data, give the order of its rows by ORDER BY" : "bring back the file"}, or begin a new run`,
      );
  });
}

/** Throws UsageError when there are no steps left to do. */
export function checkUnfinished(
  { files: { folder }, manifest, state }: ResumedRun,
  epochs: number,
  stepsPerEpoch: number,
  schedule: "constant" | "cosine",
): void {
  if (manifest?.status === "finished" && manifest.converged === true)
    throw new UsageError(
      `--resume ${folder}: the run has converged after ${manifest.steps} steps; begin a new run for another --tolerance`,
    );
  // A run that ended after its last step and before its model was written has that left to do.
  if (manifest?.status === "finished" && state !== null && state.step >= epochs * stepsPerEpoch)
    throw new UsageError(
      `--resume ${folder}: the run has done its ${epochs} epochs; ${schedule === "constant" ? "give more with --epochs to go on" : "begin a new one, with its weights with --init-from"}`,
    );
}
