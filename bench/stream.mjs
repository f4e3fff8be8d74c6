// Trains on the 3,000,000 flights of npm's vega-datasets as a stream, in memory, and decodes them alone; each in a process of its own, in turn.
//
// `npm run bench -- stream`. The data set is installed into .cache/vega-datasets.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dense, sequential } from "@shardgrad/core";
import { featureWidth, fitStream, streamFiles, targetUnit, Trainer } from "@shardgrad/parallel";
import { joinDatasets } from "../packages/parallel/dist/dataset/stream-form.js";
import { median } from "./peak/peak.mjs";

const ROUNDS = 3;
const EPOCHS = 5;

const file = fileURLToPath(import.meta.url);
const folder = fileURLToPath(new URL("../.cache/vega-datasets/", import.meta.url));
const flights = `${folder}node_modules/vega-datasets/data/flights-3m.parquet`;

/** @typedef {{ rate: number, cpu: number, peak: number, r2: number, hash: string }} Sample */

const kinds = /** @type {const} */ (["decoding", "memory", "stream"]);
const [, , kind, workers = "2"] = process.argv;
if (kind === undefined) {
  install();
  for (const workers of [1, 2]) {
    /** @type {Record<string, Sample[]>} */
    const found = { decoding: [], memory: [], stream: [] };
    for (let round = 0; round < ROUNDS; round += 1)
      for (const kind of kinds)
        found[kind]?.push(
          JSON.parse(
            execFileSync(process.execPath, [file, kind, `${workers}`], { encoding: "utf8" }),
          ),
        );
    const of = (/** @type {string} */ kind, /** @type {"rate" | "cpu" | "peak"} */ what) =>
      median((found[kind] ?? []).map((sample) => sample[what]));
    const least = Math.min(of("decoding", "rate"), of("memory", "rate"));
    console.log(`${workers} ${workers === 1 ? "worker" : "workers"}`);
    for (const kind of kinds)
      console.log(
        `  ${kind.padEnd(9)} ${Math.round(of(kind, "rate")).toLocaleString("en-US")} rows/s, ` +
          `${of(kind, "cpu").toFixed(2)} s of processor time per million rows, peak ${of(kind, "peak").toFixed(0)} MiB`,
      );
    console.log(
      `  streaming is at ${((100 * of("stream", "rate")) / least).toFixed(0)} % of the slower of the other two; ` +
        `R² ${found["stream"]?.[0]?.r2.toFixed(4)} after ${EPOCHS} epochs`,
    );
  }
} else {
  const source = await streamFiles(flights);
  const { encoding, data, validation } = await fitStream(source, {
    target: "distance",
    features: ["origin", "destination"],
    validation: 0.01,
  });
  if (kind === "decoding") {
    const watch = begin();
    let rows = 0;
    for await (const chunk of data.chunks(0)) rows += chunk.rows;
    print(watch(rows), 0, "");
  } else {
    const parts = [];
    if (kind === "memory") for await (const chunk of data.chunks(0)) parts.push(chunk);
    const trainer = new Trainer({
      model: sequential(featureWidth(data), [
        dense(64, { activation: "relu" }),
        dense(32, { activation: "relu" }),
        dense(1),
      ]),
      data: kind === "memory" ? joinDatasets(data.form, parts) : data,
      validation: validation ?? undefined,
      optimizer: { name: "adam", lr: 0.003 },
      batchSize: 512,
      epochs: EPOCHS,
      workers: Number(workers),
      unit: targetUnit(encoding),
    });
    const run = trainer.run();
    let watch = begin();
    for await (const { type } of run) if (type === "start") watch = begin();
    const { epochs, hash } = await run.result;
    print(watch(EPOCHS * data.rows), epochs.at(-1)?.validation?.["r2"] ?? Number.NaN, hash);
    await trainer.close();
  }
}

/** Measures from now on. @returns {(rows: number) => { rate: number, cpu: number }} */
function begin() {
  const started = performance.now();
  const before = process.cpuUsage();
  return (rows) => {
    const { user, system } = process.cpuUsage(before);
    return {
      rate: (1000 * rows) / (performance.now() - started),
      cpu: (user + system) / rows, // microseconds a row: seconds a million rows
    };
  };
}

/**
 * @param {{ rate: number, cpu: number }} measured
 * @param {number} r2
 * @param {string} hash
 */
function print(measured, r2, hash) {
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ ...measured, peak, r2, hash }));
}

function install() {
  if (existsSync(flights)) return;
  mkdirSync(folder, { recursive: true });
  execFileSync("npm install --ignore-scripts --no-audit --no-fund --prefix . vega-datasets@3.2.1", {
    cwd: folder,
    shell: true,
    stdio: "inherit",
  });
}
