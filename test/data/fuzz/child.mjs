// Reads mutated inputs of one format after the other: each must end in time with a result or a refusal of one line.
//
// node child.mjs SEED FOLDER NAME=COUNT…   prints one JSON line a format; what broke is left in FOLDER as a file.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { InputError } from "@shardgrad/parallel";
import fc from "fast-check";
import { mutate, mutation } from "./mutate.mjs";
import { isRefusal, makeTargets } from "./targets.mjs";

const [seedWord = "1", folder = "."] = process.argv.slice(2);
const seed = Number(seedWord);
const BATCH = 500;
const MOST_KIB = 2 ** 20; // 1 GiB
const INPUT_BYTES = 2 ** 20;

// The watchdog is a thread of its own: it sees an input that does not end, writes it down and ends the process. It counts its
// looks, a second apart, and not the time: that goes on while a process is stopped.
const shared = new SharedArrayBuffer(16 + INPUT_BYTES);
const words = new Int32Array(shared, 0, 4); // inputs begun, bytes of the input
const input = new Uint8Array(shared, 16);
const SECONDS_AN_INPUT = 60; // of a machine that may have much else to do
mkdirSync(folder, { recursive: true });
const watchdog = new Worker(
  `const { workerData: { shared, path, limit } } = require("node:worker_threads");
  const { writeFileSync, writeSync } = require("node:fs");
  const words = new Int32Array(shared, 0, 4);
  let [seen, looks] = [-1, 0];
  setInterval(() => {
    const begun = Atomics.load(words, 0);
    if (begun !== seen) { seen = begun; looks = 0; }
    else if (++looks > limit) {
      writeFileSync(path, new Uint8Array(shared, 16, Atomics.load(words, 1)).slice());
      writeSync(2, "an input does not end; it is in " + path + "\\n");
      process.kill(process.pid, "SIGKILL");
    }
  }, 1000);`,
  { eval: true, workerData: { shared, path: join(folder, "hangs"), limit: SECONDS_AN_INPUT } },
);
watchdog.unref();

const targets = makeTargets(folder);
process.on("uncaughtException", broken);
process.on("unhandledRejection", broken);
let failed = 0;

for (const part of process.argv.slice(4)) {
  const [name = "", count = "0"] = part.split("=");
  const target = targets[name];
  if (target === undefined)
    throw new Error(`${name}: no such format; one of ${Object.keys(targets).join(", ")}`);
  await fuzz(name, target, Number(count));
}
process.exit(failed === 0 ? 0 : 1);

async function fuzz(name, { samples, read }, count) {
  for (const sample of samples)
    await read(Buffer.from(sample)).catch((error) => {
      throw new Error(`${name}: a sample is not read as it is: ${error.message}`, {
        cause: error,
      });
    });
  const began = performance.now();
  let [inputs, refused, slowest, wrong] = [0, 0, 0, 0];
  const property = fc.asyncProperty(mutation, async (drawn) => {
    const bytes = mutate(samples, drawn);
    input.set(bytes.subarray(0, INPUT_BYTES));
    Atomics.store(words, 1, Math.min(bytes.length, INPUT_BYTES));
    Atomics.add(words, 0, 1);
    inputs += 1;
    const start = process.cpuUsage();
    try {
      await read(bytes);
    } catch (error) {
      refused += 1;
      if (!isRefusal(error)) throw error;
      if (error instanceof InputError && /[\r\n]/.test(error.message))
        throw new Error(`more than one line: ${error.message}`, { cause: error });
    }
    const { user, system } = process.cpuUsage(start); // on a busy machine the clock says nothing
    slowest = Math.max(slowest, (user + system) / 1000);
    const peak = process.resourceUsage().maxRSS;
    if (peak > MOST_KIB) broken(new Error(`${peak} KiB resident`));
  });
  for (let batch = 0; batch * BATCH < count; batch += 1) {
    const numRuns = Math.min(BATCH, count - batch * BATCH);
    const details = await fc.check(property, {
      seed: seed + batch,
      numRuns,
      interruptAfterTimeLimit: 600_000,
    });
    if (!details.failed) continue;
    failed += 1;
    wrong += 1;
    const [drawn] = details.counterexample ?? [];
    const path = join(folder, `broken-${name}-${seed + batch}`);
    if (drawn !== undefined) writeFileSync(path, mutate(samples, drawn));
    const { stack = String(details.errorInstance) } = details.errorInstance ?? {};
    console.error(
      `${name}, seed ${seed + batch}, ${path}: ${stack.split("\n").slice(0, 6).join("\n")}`,
    );
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    JSON.stringify({
      name,
      seed,
      inputs,
      refused,
      failed: wrong,
      seconds,
      slowestCpuMs: Math.round(slowest),
      peakMiB: peak,
    }),
  );
}

/** An error that no caller could have caught, or too much memory: the end. */
function broken(error) {
  const path = join(folder, "broken");
  writeFileSync(path, input.slice(0, Atomics.load(words, 1)));
  console.error(`${path}: ${error?.stack ?? error}`);
  process.exit(3);
}
