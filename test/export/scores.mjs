// Prints the scores in docs/scores.md: train for seeds 0 to 4 on the splits of test/splits.
// node test/export/scores.mjs [table …] [-- flags]     prints a line of Markdown for each
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { known, measure } from "./known-scores.mjs";
import { writeScoreTables } from "./score-tables.mjs";

const words = process.argv.slice(2);
const end = words.includes("--") ? words.indexOf("--") : words.length;
const [named, more] = [words.slice(0, end), words.slice(end + 1)];
const folder = mkdtempSync(join(tmpdir(), "shardgrad-scores-"));
try {
  if (named.length === 0 || named.includes("birdstrikes") || named.includes("flights"))
    await writeScoreTables(folder);
  for (const name of /** @type {(keyof typeof known)[]} */ (Object.keys(known))) {
    if (named.length > 0 && !named.includes(name)) continue;
    const cells = Object.entries(measure(name, folder, more)).map(([score, { mean, sd }]) => {
      const digits = mean > 10 ? 1 : 4;
      return `${score} ${mean.toFixed(digits)} ± ${sd.toFixed(digits)}`;
    });
    console.log(`| ${name} | \`${known[name].flags.join(" ")}\` | ${cells.join(", ")} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
