// What a run may be watched with: the trace of its workers, and V8's CPU profile of every thread.
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { chromeTrace, type RunResult, type TrainerOptions } from "@shardgrad/parallel";
import { cannotWrite } from "./usage-error.js";

/** What is asked for. */
interface Watched {
  readonly trace?: string | undefined;
  readonly cpuProf?: string | undefined;
  readonly verbose: boolean;
}

/** The profiles of one run. */
export interface Profiles {
  /** For the trainer. */
  readonly options: Pick<TrainerOptions, "profile" | "cpuProfile">;
  /** Writes the trace. */
  write(result: RunResult): Promise<void>;
  /** Writes the main thread's CPU profile; the other threads write theirs when the trainer is closed. */
  close(): Promise<void>;
}

/** Makes sure that the files can be written, and begins. Throws UsageError when one cannot. */
export async function openProfiles({ trace, cpuProf, verbose }: Watched): Promise<Profiles> {
  if (trace !== undefined) await writable("--trace", trace, writeFile(trace, ""));
  const folder = cpuProf === undefined ? undefined : resolve(cpuProf);
  if (folder !== undefined)
    await writable("--cpu-prof", folder, mkdir(folder, { recursive: true }));
  const stop = folder === undefined ? null : await profileMain(join(folder, "main.cpuprofile"));
  // Without a trace only the totals are of use: one turn is the least that can be kept.
  const profile = trace === undefined ? (verbose ? { events: 1 } : undefined) : {};
  return {
    options: { profile, cpuProfile: folder },
    write: async (result) => {
      if (trace !== undefined && result.profile)
        await writeFile(trace, chromeTrace(result.profile));
    },
    close: async () => stop?.(),
  };
}

async function writable(option: string, path: string, writing: Promise<unknown>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    throw cannotWrite(option, path, error);
  }
}

/** Has V8 sample this thread; the function that is returned ends that and writes the file. */
async function profileMain(file: string): Promise<() => Promise<void>> {
  const { Session } = await import("node:inspector/promises");
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.start");
  return async () => {
    const { profile } = await session.post("Profiler.stop");
    session.disconnect();
    await writeFile(file, JSON.stringify(profile));
  };
}
