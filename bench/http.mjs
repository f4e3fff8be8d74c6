// A web server in the process that trains: how much later do its answers come, and does it lose any?
//
// The requests come from another process, at a fixed rate, idle and training in turns.
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { cores, Trainer } from "@shardgrad/parallel";
import { benchJobs } from "../packages/cli/dist/bench/jobs.js";
import { benchData, spread, trainerOptions } from "../packages/cli/dist/bench/measure.js";
import { record, table } from "./record/record.mjs";

const ROUNDS = 3;
const SECONDS = 3;
const RATE = 200; // requests a second

const done = record("http");
const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ path: request.url, at: Date.now() }));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const address = server.address();
if (address === null || typeof address === "string") throw new Error("http: no port");
const client = spawn(
  process.execPath,
  [
    fileURLToPath(new URL("record/client.mjs", import.meta.url)),
    String(address.port),
    String(RATE),
  ],
  { stdio: ["pipe", "pipe", "inherit"] },
);
const answers = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
/** @returns {Promise<{ p50: number, p99: number, lost: number }>} */
async function load() {
  client.stdin.write(`${SECONDS}\n`);
  return JSON.parse((await answers.next()).value);
}

const rows = [["job", "", "p50 ms", "p99 ms", "range of p99", "lost"]];
const jobs = [];
await load(); // to get warm
for (const job of benchJobs) {
  const trainer = new Trainer({
    ...trainerOptions(job, benchData(job)),
    epochs: 65_536,
    workers: cores().count,
  });
  /** @type {Awaited<ReturnType<typeof load>>[]} */
  const idle = [];
  /** @type {Awaited<ReturnType<typeof load>>[]} */
  const training = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    idle.push(await load());
    const run = trainer.run();
    for await (const { type } of run) if (type === "progress") break;
    training.push(await load());
    run.stop();
    await run.result;
  }
  await trainer.close();
  for (const [name, samples] of /** @type {const} */ ([
    ["idle", idle],
    ["training", training],
  ])) {
    const p99 = spread(samples.map((sample) => sample.p99));
    rows.push([
      job.name,
      name,
      spread(samples.map((sample) => sample.p50)).median.toFixed(2),
      p99.median.toFixed(2),
      `${p99.least.toFixed(2)}…${p99.most.toFixed(2)}`,
      String(samples.reduce((sum, { lost }) => sum + lost, 0)),
    ]);
  }
  jobs.push({ job, idle, training });
}
client.stdin.end();
server.close();
console.log(table(rows));
done({ jobs });
