// What speed was measured on: figures mean little without it.
import { cpus, loadavg } from "node:os";
import { cores } from "@shardgrad/parallel";

/** A machine and how busy it is. */
export interface Machine {
  readonly processor: string;
  /** Cores that this process may use. */
  readonly cores: number;
  readonly node: string;
  readonly platform: string;
  /** Mean number of threads that ran or wanted to over the last minute, all programs together; null where it is not known. */
  readonly load: number | null;
}

/** The machine as it is now. */
export function machine(): Machine {
  const [load = 0] = loadavg();
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: cores().count,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    load: process.platform === "win32" ? null : Math.round(load * 100) / 100,
  };
}
