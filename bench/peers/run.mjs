// This project beside others that train on a processor: all hold the same job ready, and take turns.
//
// `npm run bench:peers [-- small,medium]`. JavaScript peers are installed into .cache/peers; PyTorch is used where python3 has it.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { benchJobs, flopsPerRow } from "../../packages/cli/dist/bench/jobs.js";
import { benchData, spread } from "../../packages/cli/dist/bench/measure.js";
import { requireBlas } from "@shardgrad/core";
import { cores } from "@shardgrad/parallel";
import { record, table } from "../record/record.mjs";
import { folder, start } from "./start.mjs";

/** @typedef {import("./start.mjs").Peer} Peer */
/** @typedef {import("./start.mjs").Runner} Runner */

const ROUNDS = 5;
const SECONDS = 1;

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const python = process.platform === "win32" ? "python" : "python3";

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

/** @returns {Promise<Peer[]>} */
async function peers() {
  const all = cores().count;
  const counts = all === 1 ? [1] : [1, all];
  const node = (
    /** @type {string} */ name,
    /** @type {string} */ file,
    /** @type {string} */ setting,
  ) => ({
    name: `${name} ${setting}`,
    command: process.execPath,
    file: here(file),
    setting,
  });
  /** @type {Peer[]} */
  const list = [
    ...counts.map((workers) => node("shardgrad", "shardgrad.mjs", String(workers))),
    node("jax-js", "jax.mjs", "wasm"),
    node("TensorFlow.js", "tfjs.mjs", "wasm"),
    node("TensorFlow.js", "tfjs.mjs", "cpu"),
    node("brain.js", "brain.mjs", "cpu"),
  ];
  try {
    await requireBlas();
    list.splice(
      2,
      0,
      ...counts.map((workers) => node("shardgrad", "shardgrad.mjs", `${workers} blas`)),
    );
  } catch (error) {
    console.log(
      `without --backend blas: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  try {
    execFileSync(python, ["-c", "import torch"], { stdio: "ignore" });
    for (const threads of counts)
      for (const blas of counts)
        list.push({
          name: `PyTorch ${threads} ${threads === 1 ? "thread" : "threads"}, OPENBLAS_NUM_THREADS=${blas}`,
          command: python,
          file: here("pytorch.py"),
          setting: String(threads),
          env: { OPENBLAS_NUM_THREADS: String(blas) },
        });
  } catch {
    console.log(`without PyTorch: ${python} cannot import torch`);
  }
  return list;
}

install();
const done = record("peers");
const wanted = process.argv[2]?.split(",");
const all = await peers();
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
  // Ours with all cores, without libraries: what a user gets who says nothing.
  const ours = rates.get(`shardgrad ${cores().count}`) ?? [];
  const rows = [["job", "peer", "rows/s", "range", "GFLOP/s", "ours is faster by", "range"]];
  for (const { peer, samplesPerSecond } of measured) {
    const { median, least, most } = spread(samplesPerSecond);
    const ratio = spread(samplesPerSecond.map((rate, i) => (ours[i] ?? NaN) / rate));
    rows.push([
      job.name,
      peer,
      median.toFixed(0),
      `${least.toFixed(0)}…${most.toFixed(0)}`,
      ((median * flopsPerRow(job)) / 1e9).toFixed(1),
      `× ${ratio.median.toFixed(2)}`,
      `${ratio.least.toFixed(2)}…${ratio.most.toFixed(2)}`,
    ]);
  }
  for (const { peer, problem } of failed)
    console.log(`${job.name}: ${peer} does not train it: ${problem}`);
  console.log(table(rows));
}
done({ jobs });
