// How many cores this process may use: affinity and cgroup quotas count.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Cores that are free to use, and whether a quota limits their time, so that spinning would burn it. */
export interface Cores {
  readonly count: number;
  readonly quota: boolean;
}

/** Reads affinity and, on Linux, the cgroup's cpu.max. */
export function cores(): Cores {
  const available = availableParallelism();
  const quota = cgroupQuota();
  return quota === null
    ? { count: available, quota: false }
    : { count: Math.max(1, Math.min(available, Math.floor(quota))), quota: quota < available };
}

/** Cores' worth of time that a cgroup v2 or v1 allows, null when it sets no limit. */
function cgroupQuota(): number | null {
  const v2 = read("/sys/fs/cgroup/cpu.max")?.split(" ");
  if (v2 !== undefined) return ratio(v2[0], v2[1]);
  return ratio(
    read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
    read("/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
  );
}

function ratio(quota: string | undefined, period: string | undefined): number | null {
  const cores = Number(quota) / Number(period);
  return cores > 0 && Number.isFinite(cores) ? cores : null;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined; // not Linux, or no such controller
  }
}
