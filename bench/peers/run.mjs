// This project beside others that train on a processor: all hold the same job ready, and take turns.
//
// `npm run bench:peers [-- small,medium [shardgrad,jax-js,PyTorch]]`: all jobs and peers, or those named. JavaScript peers
// are installed into .cache/peers; PyTorch is used where python3 has it.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { benchJobs, flopsPerRow } from "../../packages/cli/dist/bench/jobs.js";
import { benchData, spread } from "../../packages/cli/dist/bench/measure.js";
import { cores } from "@shardgrad/parallel";
import { record, table } from "../record/record.mjs";
import { folder, start } from "./start.mjs";

/** @typedef {import("./start.mjs").Peer} Peer */
/** @typedef {import("./start.mjs").Runner} Runner */

const ROUNDS = 5;
const SECONDS = 1;

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

function install() {
  mkdirSync(folder, { recursive: true });
  const manifest = readFileSync(here("peers.json"), "utf8");
  const stamp = `${folder}package.json`;
  if (
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === manifest &&
    existsSync(`${folder}node_modules`)
  )
    return;
  writeFileSync(stamp, manifest);
  execFileSync("npm install --ignore-scripts --no-audit --no-fund", {
    cwd: folder,
    shell: true,
    stdio: "inherit",
  });
}

/** A Python that can import torch, or null. */
function pythonWithTorch() {
  const candidates = process.platform === "win32" ? ["python"] : ["python3", "/usr/bin/python3"];
  for (const python of candidates)
    try {
      execFileSync(python, ["-c", "import torch"], { stdio: "ignore" });
      return python;
    } catch {
      // the next may
    }
  console.log(`without PyTorch: ${candidates.join(" and ")} cannot import torch`);
  return null;
}

// Older libraries do not know newer processors: both sides get the kernels for AVX-512 where there is AVX-512.
const { OPENBLAS_CORETYPE = hasAvx512() ? "SkylakeX" : undefined } = process.env;
const blasKernels = OPENBLAS_CORETYPE === undefined ? {} : { OPENBLAS_CORETYPE };

function hasAvx512() {
  return existsSync("/proc/cpuinfo") && readFileSync("/proc/cpuinfo", "utf8").includes(" avx512vl");
}

/** @returns {Peer[]} */
function peers() {
  const all = cores().count;
  const counts = all === 1 ? [1] : [1, all];
  const node = (
    /** @type {string} */ name,
    /** @type {string} */ file,
    /** @type {string} */ setting,
  ) => ({
    name: `${name} ${setting}`,
    command: process.execPath,
    arguments: ["--import", new URL("koffi.mjs", import.meta.url).href],
    file: here(file),
    setting,
    env: blasKernels,
  });
  const python = pythonWithTorch();
  const torch = (/** @type {number} */ threads, /** @type {number} */ blas) => ({
    name: `PyTorch ${threads} ${threads === 1 ? "thread" : "threads"}, OPENBLAS_NUM_THREADS=${blas}`,
    command: python ?? "",
    file: here("pytorch.py"),
    setting: String(threads),
    env: { ...blasKernels, OPENBLAS_NUM_THREADS: String(blas) },
  });
  return [
    ...counts.map((workers) => node("shardgrad", "shardgrad.mjs", String(workers))),
    ...counts.map((workers) => node("shardgrad", "shardgrad.mjs", `${workers} blas`)),
    node("jax-js", "jax.mjs", "wasm"),
    node("TensorFlow.js", "tfjs.mjs", "wasm"),
    node("TensorFlow.js", "tfjs.mjs", "cpu"),
    node("brain.js", "brain.mjs", "cpu"),
    ...(python === null
      ? []
      : counts.flatMap((threads) => counts.map((blas) => torch(threads, blas)))),
  ];
}

install();
const done = record("peers");
const [wanted, names] = process.argv.slice(2).map((list) => list.split(","));
const all = peers().filter(({ name }) => names?.some((start) => name.startsWith(start)) ?? true);
const jobs = [];
for (const job of benchJobs.filter(({ name }) => wanted === undefined || wanted.includes(name))) {
  const { features, target } = benchData(job);
  const [block] = features;
  if (block?.kind !== "f32" || target?.kind !== "class")
    throw new Error("peers: the data have another form");
  writeFileSync(`${folder}${job.name}.f32`, block.values);
  writeFileSync(`${folder}${job.name}.i32`, target.labels);

  /** @type {Runner[]} */
  const runners = [];
  /** @type {Map<string, number[]>} */
  const rates = new Map();
  const failed = [];
  for (const peer of all) {
    try {
      const runner = await start(peer, job);
      await runner.turn(SECONDS); // to get warm
      runners.push(runner);
      rates.set(peer.name, []);
    } catch (error) {
      failed.push({
        peer: peer.name,
        problem: error instanceof Error ? error.message : String(error),
      });
    }
  }
  for (let round = 0; round < ROUNDS; round += 1)
    for (const { peer, turn } of round % 2 === 0 ? runners : runners.toReversed())
      rates.get(peer.name)?.push(await turn(SECONDS));
  for (const { end } of runners) end();

  const measured = [...rates].map(([peer, samples]) => ({ peer, samplesPerSecond: samples }));
  jobs.push({ job, measured, failed });
  // Ours with all cores: without libraries, what a user gets who says nothing, and with OpenBLAS.
  const wasm = rates.get(`shardgrad ${cores().count}`) ?? [];
  const blas = rates.get(`shardgrad ${cores().count} blas`) ?? [];
  const rows = [
    ["job", "peer", "rows/s", "range", "GFLOP/s", "wasm is faster by", "range", "blas by", "range"],
  ];
  for (const { peer, samplesPerSecond } of measured) {
    const { median, least, most } = spread(samplesPerSecond);
    const ratios = [wasm, blas].map((ours) =>
      spread(samplesPerSecond.map((rate, i) => (ours[i] ?? NaN) / rate)),
    );
    rows.push([
      job.name,
      peer,
      median.toFixed(0),
      `${least.toFixed(0)}…${most.toFixed(0)}`,
      ((median * flopsPerRow(job)) / 1e9).toFixed(1),
      ...ratios.flatMap(({ median, least, most }) => [
        `× ${median.toFixed(2)}`,
        `${least.toFixed(2)}…${most.toFixed(2)}`,
      ]),
    ]);
  }
  for (const { peer, problem } of failed)
    console.log(`${job.name}: ${peer} does not train it: ${problem}`);
  console.log(table(rows));
}
done({ jobs });
