// How a peer is driven: a process that holds one job ready, and trains for as many seconds as each line of its stdin says.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * @typedef {object} Task
 * @property {import("../../packages/cli/dist/bench/jobs.js").BenchJob} job
 * @property {string} folder with the data and the installed peers
 * @property {string} setting what the peer is to use: a back end, or a number of threads
 */

/** The task of this process. */
export const task = /** @type {Task} */ (JSON.parse(process.argv[2] ?? "null"));

/** Loads a package from the folder of the peers. */
export const peer = createRequire(join(task.folder, "package.json"));

/** The rows that all train on: features [rows, inputs] and labels [rows]. */
export function readData() {
  const { job, folder } = task;
  const read = (/** @type {string} */ name) =>
    readFileSync(join(folder, `${job.name}.${name}`)).buffer;
  return { x: new Float32Array(read("f32")), labels: new Int32Array(read("i32")) };
}

/** Row numbers in a new order each epoch, a batch at a time. */
export function batches() {
  const { rows, batch } = task.job;
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  let at = rows;
  let state = 1;
  return () => {
    if (at + batch > rows) {
      for (let i = rows - 1; i > 0; i -= 1) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const j = state % (i + 1);
        const other = order[j] ?? 0;
        order[j] = order[i] ?? 0;
        order[i] = other;
      }
      at = 0;
    }
    at += batch;
    return order.subarray(at - batch, at);
  };
}

/**
 * Answers each line of stdin, a number of seconds, with the rows a second that `turn` gives; ends with stdin.
 * @param {(seconds: number) => Promise<number>} turn
 */
export async function serve(turn) {
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin }))
    console.log(await turn(Number(line)));
}

/**
 * Turns that repeat one step of a batch.
 * @param {() => void | Promise<void>} step
 * @returns {(seconds: number) => Promise<number>}
 */
export function repeat(step) {
  return async (seconds) => {
    const start = performance.now();
    let steps = 0;
    let passed = 0;
    do {
      await step();
      steps += 1;
      passed = (performance.now() - start) / 1000;
    } while (passed < seconds);
    return (steps * task.job.batch) / passed;
  };
}
