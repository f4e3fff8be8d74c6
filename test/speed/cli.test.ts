// What a run tells about its time, through the command line.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireBlas } from "@shardgrad/core";
import { afterAll, describe, expect, it } from "vitest";
import { benchJobs } from "../../packages/cli/dist/bench/jobs.js";
import { run, succeed } from "../cli/support.js";

const folder = mkdtempSync(join(tmpdir(), "shardgrad-speed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Wide enough for the products to be OpenBLAS's own, and uneven shards at the end of an epoch.
const table = join(folder, "table.csv");
writeFileSync(
  table,
  [
    "x,y,z,class",
    ...Array.from({ length: 250 }, (_, i) => {
      const [x, y, z] = [i % 7, (i * 5) % 11, (i * i) % 13];
      return `${x},${y},${z},${x + y > z ? "above" : "below"}`;
    }),
  ].join("\n"),
);

const train = (out: string, ...more: string[]): string[] => [
  "train",
  table,
  "--target",
  "class",
  "--hidden",
  "64,32",
  "--out",
  join(folder, out),
  ...more,
];

/** The part of a Chrome trace that is read here. */
interface Stretch {
  readonly name: string;
  readonly ph: string;
  readonly tid: number;
  readonly ts: number; // microseconds
  readonly dur: number;
  readonly args: { readonly step: number; readonly name?: string };
}

describe("train --trace", async () => {
  const file = join(folder, "trace.json");
  const stdout = await succeed(train("traced", "--epochs", "3", "--workers", "3", "--trace", file));
  const { traceEvents } = JSON.parse(readFileSync(file, "utf8")) as { traceEvents: Stretch[] };
  const stretches = traceEvents.filter(({ ph }) => ph === "X");

  it("has a row for every worker", () => {
    const named = traceEvents.filter(({ ph }) => ph === "M").map(({ args }) => args.name);
    expect(named).toEqual(["worker 1", "worker 2", "worker 3"]);
    expect(new Set(stretches.map(({ tid }) => tid))).toEqual(new Set([1, 2, 3]));
  });

  it("has every phase of every step", () => {
    const steps = 3 * Math.ceil((250 - 25) / 64);
    for (const tid of [1, 2, 3])
      for (let step = 1; step <= steps; step += 1) {
        const names = stretches.filter((one) => one.tid === tid && one.args.step === step);
        expect(new Set(names.map(({ name }) => name)), `worker ${tid}, step ${step}`).toEqual(
          new Set(
            step % 4 === 0
              ? ["gather", "forward", "backward", "wait", "reduce", "update", "score"]
              : ["gather", "forward", "backward", "wait", "reduce", "update"],
          ),
        );
      }
  });

  it("leaves no gap: the phases of a step sum to the step", () => {
    for (const tid of [1, 2, 3]) {
      const row = stretches.filter((one) => one.tid === tid);
      const last = row.at(-1)!;
      const sum = row.reduce((total, { dur }) => total + dur, 0);
      // Times are milliseconds since 1970 in f64, so each is rounded by about a quarter of a microsecond.
      expect(Math.abs(sum - (last.ts + last.dur - row[0]!.ts))).toBeLessThan(row.length);
      row.slice(1).forEach(({ ts }, i) => {
        expect(Math.abs(ts - (row[i]!.ts + row[i]!.dur))).toBeLessThan(2);
      });
    }
  });

  it("adds the share of each phase, and the worker that was waited for, to the last lines", () => {
    const line = stdout.split("\n").find((text) => text.startsWith("time "))!;
    const shares = [...line.matchAll(/[a-z]+ ([\d.]+)%/g)].map(([, share]) => Number(share));
    expect(shares).toHaveLength(7);
    expect(shares.reduce((a, b) => a + b)).toBeGreaterThan(99.6);
    expect(shares.reduce((a, b) => a + b)).toBeLessThan(100.4);
    expect(stdout).toMatch(/the others waited most for worker [123];/);
  });

  it("says that a file cannot be written before anything else is", async () => {
    const file = join(folder, "none", "trace.json");
    const { code, stderr } = await run(train("untraced", "--trace", file));
    expect(code).toBe(2);
    expect(stderr).toBe(
      `error: --trace ${file}: cannot be written: its folder does not exist; make it first\n`,
    );
    expect(readdirSync(folder)).not.toContain("untraced");
  });
});

describe("train --cpu-prof", () => {
  it("writes a profile for every thread, with the names of kernels", async () => {
    const profiles = join(folder, "profiles");
    await succeed(
      train("profiled", "--workers", "2", "--epochs", "300", "--cpu-prof", profiles, "--quiet"),
    );
    expect(readdirSync(profiles).toSorted()).toEqual([
      "main.cpuprofile",
      "supervisor.cpuprofile",
      "worker-1.cpuprofile",
      "worker-2.cpuprofile",
    ]);
    const functions = (name: string): string[] => {
      const text = readFileSync(join(profiles, `${name}.cpuprofile`), "utf8");
      const { nodes } = JSON.parse(text) as {
        nodes: { callFrame: { functionName: string; url: string } }[];
      };
      return nodes
        .filter(({ callFrame }) => callFrame.url.startsWith("wasm:"))
        .map(({ callFrame }) => callFrame.functionName);
    };
    for (const worker of ["worker-1", "worker-2"])
      expect(functions(worker).join(" "), worker).toMatch(/gemm|sgd|adam|softmax|permute/);
  });
});

const blas = await requireBlas().then(
  () => true,
  () => false,
);

describe("train --backend blas", () => {
  it.skipIf(blas)("says in one line what is missing, and writes nothing", async () => {
    const { code, stderr } = await run(train("blas", "--backend", "blas"));
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: --backend blas: (the package koffi is missing; npm install koffi|no OpenBLAS found .*; install it .*)\n$/,
    );
    expect(readdirSync(folder)).not.toContain("blas");
  });

  it.runIf(blas)(
    "leaves the same bytes for any number of workers, and says so in the manifest",
    async () => {
      const hashes = [];
      for (const workers of ["1", "2", "3", "4"]) {
        await succeed(
          train(`blas-${workers}`, "--epochs", "3", "--backend", "blas", "--workers", workers),
        );
        const text = readFileSync(join(folder, `blas-${workers}`, "manifest.json"), "utf8");
        const manifest = JSON.parse(text) as { backend: string; weights: { sha256: string } };
        expect(manifest.backend).toBe("blas");
        hashes.push(manifest.weights.sha256);
      }
      expect(new Set(hashes).size).toBe(1);
    },
  );
});

describe("bench", () => {
  it("prints a job's rows a second by workers, as JSON", async () => {
    const text = await succeed(["bench", "--jobs", "tiny", "--json"]);
    const { jobs } = JSON.parse(text) as {
      jobs: {
        job: { name: string };
        measured: { workers: number; samplesPerSecond: number[] }[];
      }[];
    };
    expect(jobs.map(({ job }) => job.name)).toEqual(["tiny"]);
    for (const { workers, samplesPerSecond } of jobs[0]!.measured) {
      expect(workers).toBeGreaterThan(0);
      expect(samplesPerSecond.every((rate) => rate > 0)).toBe(true);
    }
  });

  it("measures the jobs of bench/jobs.json", () => {
    const file = createRequire(import.meta.url)("../../bench/jobs.json") as object;
    expect(benchJobs).toEqual(Object.entries(file).map(([name, job]) => ({ name, ...job })));
  });
});
