// CPU profiles of threads, taken by V8's sampling profiler: the flags that a thread is started with.

/** The part of a thread's options that makes Node write `<folder>/<name>.cpuprofile` when the thread ends. */
export interface ProfilerFlags {
  readonly execArgv?: string[];
}

/**
 * Nothing without a folder. With one, the thread gets these flags in place of the process's own, among which there may
 * be flags that Node takes for a whole process only; NODE_OPTIONS reaches it all the same.
 */
export function profilerFlags(folder: string | undefined, name: string): ProfilerFlags {
  if (folder === undefined) return {};
  return {
    execArgv: ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`],
  };
}
