// Measured speeds as lines for people.
import { flopsPerRow } from "../bench/jobs.js";
import type { Machine } from "../bench/machine.js";
import { spread } from "../bench/measure.js";
import type { JobSpeed } from "../commands/bench.js";
import { columns, count } from "./format.js";

/** More waiting threads than this part of the cores, before the measurement, disturb it. */
const BUSY = 0.25;

/** What was measured on, and whether it was busy. */
export function describeMachine({ processor, cores, node, platform, load }: Machine): string[] {
  const lines = [
    `${processor}, ${cores} ${cores === 1 ? "core" : "cores"}, Node ${node}, ${platform}`,
  ];
  if (load !== null && load > BUSY * cores)
    lines.push(
      `note: other programs were running (load ${load.toFixed(1)}); a quiet machine is faster`,
    );
  return lines;
}

/** Rows a second of every job and variant: medians, with the spread over the turns. */
export function measuredTable(speeds: readonly JobSpeed[]): string {
  const rows = speeds.flatMap(({ job, measured }) => {
    const one = measured[0] ? spread(measured[0].samplesPerSecond).median : Number.NaN;
    return measured.map(({ workers, backend, samplesPerSecond }, i) => {
      const { median, least, most } = spread(samplesPerSecond);
      return [
        i === 0 ? job.name : "",
        i === 0 ? job.layers.join("-") : "",
        i === 0 ? String(job.batch) : "",
        String(workers),
        backend,
        count(median),
        `${count(least)}…${count(most)}`,
        ((median * flopsPerRow(job)) / 1e9).toFixed(1),
        `× ${(median / one).toFixed(2)}`,
      ];
    });
  });
  const head = [
    "job",
    "network",
    "batch",
    "workers",
    "backend",
    "rows/s",
    "range",
    "GFLOP/s",
    "speed-up",
  ];
  const right = [false, false, true, true, false, true, true, true, true];
  return columns([head, ...rows], right);
}

/** What `--backend blas` gains, or what it needs. */
export function describeBlas(speeds: readonly JobSpeed[], missing: string | null): string {
  if (missing !== null) return `--backend blas was not measured: ${missing}`;
  const gains = speeds.map(({ job, measured }) => {
    const blas = measured.find(({ backend }) => backend === "blas");
    const wasm = measured.find(
      (one) => one.backend === "wasm" && one.workers >= (blas?.workers ?? 0),
    );
    const rate = (one: typeof blas): number =>
      one ? spread(one.samplesPerSecond).median : Number.NaN;
    return `${job.name} × ${(rate(blas) / rate(wasm ?? measured.findLast((one) => one.backend === "wasm"))).toFixed(2)}`;
  });
  return `--backend blas against wasm with all cores: ${gains.join(", ")}; its bytes are the same on one machine only`;
}
