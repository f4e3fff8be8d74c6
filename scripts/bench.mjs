// Runs the measurements in bench/, all of them or those named: `npm run bench -- gemm`.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { node, root } from "./run.mjs";

install("tests");
const code = build();
if (code !== 0) process.exit(code);

const all = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => file.slice(0, -".mjs".length))
  .toSorted();
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
for (const name of names) {
  const file = join(root, "bench", `${name}.mjs`);
  if (!existsSync(file)) throw new Error(`bench: "${name}" is none of ${all.join(", ")}`);
  console.log(`\n${name}`);
  process.exitCode ||= node(file);
}
