// A run is a folder: its configuration, metrics, manifest, model and the state to go on from.
import { access, appendFile, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MODEL_FILE, writeFileAtomic } from "@shardgrad/parallel";
import { cannotWrite, UsageError } from "./usage-error.js";

/** The files of a run folder. */
export interface RunFiles {
  readonly folder: string;
  readonly model: string; // the trained model
  readonly config: string; // the effective configuration
  readonly metrics: string; // one JSON object an epoch
  readonly manifest: string; // what went in and what came out
  readonly hashes: string; // of the weights at fixed steps, one JSON object each
  readonly state: string; // weights, optimizer and position, to go on from
}

/** Where the files of the run in `folder` are. */
export function runFiles(folder: string): RunFiles {
  return {
    folder,
    model: join(folder, MODEL_FILE),
    config: join(folder, "config.yaml"),
    metrics: join(folder, "metrics.jsonl"),
    manifest: join(folder, "manifest.json"),
    hashes: join(folder, "hashes.jsonl"),
    state: join(folder, "checkpoints", "last.safetensors"),
  };
}

/** What went into a run and what came out of it: everything needed to do it again and to see that it is the same. */
export interface Manifest {
  readonly shardgrad: string;
  readonly node: string;
  readonly backend: string;
  readonly status: "running" | "stopped" | "failed" | "finished";
  readonly seed: number;
  /** Of the settings that the weights depend on. */
  readonly configuration: { readonly sha256: string };
  readonly data: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
  /** Of each split: its rows, where they come from, and the sha256 of their numbers as little-endian i32. */
  readonly splits: Readonly<
    Record<string, { readonly rows: number; readonly from: string; readonly sha256: string }>
  >;
  readonly workers?: number | undefined;
  readonly shards?: number | undefined;
  readonly steps?: number | undefined; // finished steps
  readonly epochs?: number | undefined; // finished epochs
  /** Steps that --on-nan skip has skipped. */
  readonly skipped?: number | undefined;
  /** Whether the last change was within --tolerance. */
  readonly converged?: boolean | undefined;
  /** The epoch whose weights the model has, and its score, with early stopping. */
  readonly best?: { readonly epoch: number; readonly value: number } | undefined;
  readonly seconds?: number | undefined; // of the last call
  readonly weights?: { readonly sha256: string } | undefined;
  readonly validation?: Readonly<Record<string, number | null>> | undefined;
  readonly test?: Readonly<Record<string, number | null>> | undefined;
}

/** Whether something other than an empty folder is at `path`. */
async function isTaken(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null) return false;
  if (!found.isDirectory()) throw new UsageError(`--out ${path}: is a file; give a folder`);
  // A process that was killed before it had written anything leaves an empty folder of checkpoints and unfinished files.
  const names = (await readdir(path)).filter((name) => !UNFINISHED.test(name));
  if (names.join() === "checkpoints") return (await readdir(join(path, "checkpoints"))).length > 0;
  return names.length > 0;
}

/** The names under which files are written before they get their own. */
const UNFINISHED = /^\..+\.[0-9a-f-]{36}\.tmp$/;

/** Whether there is a file at `path`. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Throws UsageError unless a run has begun in `folder`. */
export async function checkRunFolder(folder: string): Promise<void> {
  if (!(await exists(runFiles(folder).config)))
    throw new UsageError(
      `${folder}: not a run folder (no config.yaml); give a folder that shardgrad train has written`,
    );
}

/** Removes what writes that were cut short have left in a run's folder, and makes its folder of checkpoints if it is missing. */
export async function sweep(files: RunFiles): Promise<void> {
  await mkdir(dirname(files.state), { recursive: true });
  for (const folder of [files.folder, dirname(files.state)])
    for (const name of await readdir(folder).catch(() => []))
      if (UNFINISHED.test(name)) await rm(join(folder, name), { force: true });
}

/** Throws UsageError when a run may not be written to `folder`; writes nothing. */
export async function checkFree(folder: string, force: boolean): Promise<void> {
  if ((await isTaken(folder)) && !force)
    throw new UsageError(
      `--out ${folder}: is not empty; give another folder, --force to replace the run in it, or --resume ${folder}`,
    );
}

/** Makes `folder` if it is missing. */
export async function claimFolder(folder: string): Promise<RunFiles> {
  const files = runFiles(folder);
  await mkdir(dirname(files.state), { recursive: true }).catch((error: unknown) => {
    throw cannotWrite("--out", folder, error);
  });
  return files;
}

/** Removes the files of an earlier run, its checkpoints first: what is left of it is never taken for another's. */
export async function clearRun(files: RunFiles): Promise<void> {
  const checkpoints = dirname(files.state);
  for (const name of await readdir(checkpoints))
    if (isCheckpoint(name)) await rm(join(checkpoints, name), { force: true });
  for (const file of [files.manifest, files.model, files.metrics, files.hashes, files.config])
    await rm(file, { force: true });
}

function isCheckpoint(name: string): boolean {
  return /^(last|step-\d+)\.safetensors$/.test(name);
}

/** Makes the first free `runs/<name>-<n>`, n from 1. Safe against other processes that do the same. */
export async function claimNumberedFolder(name: string): Promise<RunFiles> {
  await mkdir("runs", { recursive: true }).catch((error: unknown) => {
    throw cannotWrite("--out", "runs", error);
  });
  for (let n = 1; ; n++) {
    const folder = join("runs", `${name}-${n}`);
    try {
      await mkdir(folder);
      return await claimFolder(folder);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

/** Reads the manifest of a run; UsageError when there is none or it does not make sense. */
export async function readManifest(folder: string): Promise<Manifest> {
  const { manifest } = runFiles(folder);
  const text = await readFile(manifest, "utf8").catch(() => {
    throw new UsageError(
      `${folder}: not a run folder (no manifest.json); give a folder that shardgrad train has written`,
    );
  });
  const { manifestSchema } = await import("./manifest-schema.js"); // with zod, 50 ms
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(
      `${manifest}: ${issue?.path.join(".") || "not valid JSON"}: ${issue?.message ?? "not a manifest"}`,
    );
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes the manifest, as readable JSON. */
export async function writeManifest(files: RunFiles, manifest: Manifest): Promise<void> {
  await writeFileAtomic(files.manifest, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Adds a line to the run's metrics. */
export async function appendMetrics(files: RunFiles, entry: object): Promise<void> {
  await appendFile(files.metrics, `${JSON.stringify(entry)}\n`);
}

/**
 * Makes the metrics say what is known of the first `epochs` epochs, each once: a run that goes on from there will write
 * the others again. Lines that a killed process did not write come from `past`.
 */
export async function keepMetrics(
  files: RunFiles,
  epochs: number,
  past: readonly { readonly epoch: number }[],
): Promise<void> {
  const text = await readFile(files.metrics, "utf8").catch(() => "");
  const lines = new Map(past.map((entry) => [entry.epoch, JSON.stringify(entry)]));
  for (const line of text.split("\n")) {
    const entry = parseJson(line); // the last line may have been cut short
    if (typeof entry !== "object" || entry === null || !("epoch" in entry)) continue;
    if (typeof entry.epoch === "number" && Number.isInteger(entry.epoch))
      lines.set(entry.epoch, line);
  }
  const kept = [...lines].filter(([epoch]) => epoch <= epochs).sort(([a], [b]) => a - b);
  await writeFileAtomic(files.metrics, kept.map(([, line]) => `${line}\n`).join(""));
}
