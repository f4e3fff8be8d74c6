// Measures the scores in docs/scores.md: train with the flags below, for seeds 0 to 4 on the splits of test/splits.
// node test/export/scores.mjs [table …]     prints a line of Markdown for each
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const sample = (/** @type {string} */ name) =>
  createRequire(import.meta.url).resolve(`@observablehq/sample-datasets/${name}`);

/**
 * The tables, the flags that name what is predicted, and the scores that are told.
 * @type {Record<string, { file: string, flags: string[], scores: string[] }>}
 */
const tables = {
  penguins: {
    file: sample("penguins.csv"),
    flags: ["--target", "species"],
    scores: ["accuracy", "f1", "rocAuc"],
  },
  digits: {
    file: here("../data-sets/digits.csv.gz"),
    flags: ["--target", "digit", "--task", "classification"],
    scores: ["accuracy", "f1", "rocAuc"],
  },
  olympians: {
    file: sample("olympians.csv"),
    flags: ["--target", "sex", "--drop", "id,name,info"],
    scores: ["accuracy", "f1", "rocAuc"],
  },
  diamonds: {
    file: sample("diamonds.csv"),
    flags: ["--target", "price"],
    scores: ["r2", "rmse", "mae"],
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

const folder = mkdtempSync(join(tmpdir(), "shardgrad-scores-"));
try {
  const named = process.argv.slice(2);
  for (const [name, { file, flags, scores }] of Object.entries(tables)) {
    if (named.length > 0 && !named.includes(name)) continue;
    const runs = [0, 1, 2, 3, 4].map((seed) => {
      const test = `${here(`../splits/${name}-${seed}.json`)}#test`;
      const out = join(folder, `${name}-${seed}`);
      shardgrad("train", file, ...flags, "--test-rows", test, "--seed", `${seed}`, "--out", out);
      return JSON.parse(shardgrad("evaluate", out, file, "--rows", test, "--json")).scores;
    });
    const cells = scores.map((score) => {
      const values = runs.map((run) => Number(run[score]));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.map((value) => (value - mean) * (value - mean));
      const sd = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / (values.length - 1));
      const digits = mean > 10 ? 1 : 4;
      return `${score} ${mean.toFixed(digits)} ± ${sd.toFixed(digits)}`;
    });
    console.log(`| ${name} | \`${flags.join(" ")}\` | ${cells.join(", ")} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
