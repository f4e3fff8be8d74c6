// Trains on the 3,000,000 flights of npm's vega-datasets as a stream, in memory, and decodes them alone; each in a process of its own, in turn.
//
// `npm run bench -- stream`: for one and two workers, and one, two and five epochs, the part of the slower of decoding alone
// and training alone that streaming reaches. About 12 minutes. The data set is installed into .cache/vega-datasets.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dense, sequential } from "@shardgrad/core";
import { featureWidth, fitStream, streamFiles, targetUnit, Trainer } from "@shardgrad/parallel";
import { joinDatasets } from "../packages/parallel/dist/dataset/stream/stream-form.js";
import { median } from "./peak/peak.mjs";
import { record, table } from "./record/record.mjs";

const ROUNDS = 3;
const EPOCHS = [1, 2, 5];
const WORKERS = [1, 2];

const file = fileURLToPath(import.meta.url);
const folder = fileURLToPath(new URL("../.cache/vega-datasets/", import.meta.url));
const flights = `${folder}node_modules/vega-datasets/data/flights-3m.parquet`;

/** @typedef {{ rate: number, cpu: number, peak: number, r2: number, hash: string }} Sample */

/** @type {(...args: (string | number)[]) => Sample} */
const measured = (...args) =>
  JSON.parse(execFileSync(process.execPath, [file, ...args.map(String)], { encoding: "utf8" }));

const [, , kind, workers = "2", epochs = "2"] = process.argv;
if (kind === undefined) {
  install();
  const done = record("stream");
  /** @type {Sample[]} */
  const decoding = [];
  /** @type {Map<string, Sample[]>} */
  const trained = new Map();
  const add = (/** @type {[string, number, number]} */ ...which) => {
    const key = which.join(" ");
    trained.set(key, [...(trained.get(key) ?? []), measured(...which)]);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    decoding.push(measured("decoding"));
    for (const workers of WORKERS)
      for (const epochs of round % 2 === 0 ? EPOCHS : EPOCHS.toReversed())
        for (const kind of round % 2 === 0 ? ["memory", "stream"] : ["stream", "memory"])
          add(kind, workers, epochs);
  }
  const rate = (/** @type {Sample[]} */ samples) => median(samples.map(({ rate }) => rate));
  const words = (/** @type {Sample[]} */ samples) => [
    Math.round(rate(samples)).toLocaleString("en-US"),
    median(samples.map(({ cpu }) => cpu)).toFixed(2),
    Math.max(...samples.map(({ peak }) => peak)).toFixed(0),
  ];
  const rows = [["", "workers", "epochs", "rows/s", "s/M rows", "MiB", "of the slower", "R²"]];
  rows.push(["decoding", "", "", ...words(decoding), "", ""]);
  for (const workers of WORKERS)
    for (const epochs of EPOCHS) {
      const of = (/** @type {string} */ kind) => trained.get(`${kind} ${workers} ${epochs}`) ?? [];
      const least = Math.min(rate(decoding), rate(of("memory")));
      const share = `${((100 * rate(of("stream"))) / least).toFixed(0)} %`;
      const which = [`${workers}`, `${epochs}`];
      rows.push(["in memory", ...which, ...words(of("memory")), "", ""]);
      rows.push([
        "stream",
        ...which,
        ...words(of("stream")),
        share,
        of("stream")[0]?.r2.toFixed(4) ?? "",
      ]);
      if (new Set(of("stream").map(({ hash }) => hash)).size > 1)
        throw new Error("stream: the weights differ");
    }
  console.log(table(rows));
  done({ decoding, trained: Object.fromEntries(trained) });
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
      epochs: Number(epochs),
      workers: Number(workers),
      unit: targetUnit(encoding),
    });
    const run = trainer.run();
    let watch = begin();
    for await (const { type } of run) if (type === "start") watch = begin();
    const result = await run.result;
    const r2 = result.epochs.at(-1)?.validation?.["r2"] ?? Number.NaN;
    print(watch(Number(epochs) * data.rows), r2, result.hash);
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
