// Cross-validation side by side: ten folds on the diamonds with one worker each, one after the other and as many at once as
// there are cores. Both take turns; their scores must be the same digits.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { cores } from "@shardgrad/parallel";
import { spread } from "../packages/cli/dist/bench/measure.js";
import { record, table } from "./record/record.mjs";

const ROUNDS = 3;
const FOLDS = 10;
const program = fileURLToPath(new URL("../packages/cli/bin/shardgrad.js", import.meta.url));
const { resolve } = createRequire(new URL("../test/package.json", import.meta.url));
const diamonds = resolve("@observablehq/sample-datasets/diamonds.csv");

/** Seconds and output of all folds with so many workers in all. */
function folds(workers) {
  const args = ["train", diamonds, "--target", "price", "--folds", String(FOLDS), "--json"];
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, ...args, "--workers", String(workers)],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`folds: exit code ${status}: ${stderr}`);
  return { seconds: (performance.now() - begun) / 1000, stdout };
}

const done = record("folds");
const together = Math.min(FOLDS, cores().count);
const alone = [];
const beside = [];
const outputs = new Set();
for (let round = 0; round < ROUNDS; round += 1)
  for (const workers of round % 2 === 0 ? [1, together] : [together, 1]) {
    const { seconds, stdout } = folds(workers);
    (workers === 1 ? alone : beside).push(seconds);
    outputs.add(stdout);
  }
if (outputs.size > 1) throw new Error("folds: the scores differ");
const gains = alone.map((seconds, round) => seconds / beside[round]);
const cells = (seconds) => {
  const { least, median, most } = spread(seconds);
  return [median, least, most].map((value) => value.toFixed(1));
};
console.log(
  table([
    ["at once", "seconds, median", "least", "most"],
    ["1", ...cells(alone)],
    [String(together), ...cells(beside)],
  ]),
);
console.log(`${spread(gains).median.toFixed(2)} × faster, identical scores`);
done({ folds: FOLDS, together, alone, beside, gains });
