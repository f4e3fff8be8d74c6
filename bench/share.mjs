// Two processes with a worker for every core each, on the same cores: what part of its fair share, half, does each get?
//
// A barrier that spins too long burns the time of the other process. Both alone and both together take turns.
import { fileURLToPath } from "node:url";
import { cores } from "@shardgrad/parallel";
import { benchJobs } from "../packages/cli/dist/bench/jobs.js";
import { spread } from "../packages/cli/dist/bench/measure.js";
import { start } from "./peers/start.mjs";
import { record, table } from "./record/record.mjs";

const ROUNDS = 7;
const SECONDS = 1;
const file = fileURLToPath(new URL("peers/shardgrad.mjs", import.meta.url));
const setting = String(cores().count);

const done = record("share");
const rows = [["job", "alone, rows/s", "each of two", "of its fair share", "range", "together"]];
const jobs = [];
for (const job of benchJobs) {
  const peers = [1, 2].map((n) => ({
    name: `process ${n}`,
    command: process.execPath,
    file,
    setting,
  }));
  const [one, other] = await Promise.all(peers.map((peer) => start(peer, job)));
  if (!one || !other) throw new Error("share: a process is missing");
  await Promise.all([one.turn(SECONDS), other.turn(SECONDS)]); // to get warm
  const alone = [];
  const each = [];
  const shares = [];
  const sums = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const by = round % 2 === 0 ? one : other;
    const rate = await by.turn(SECONDS);
    const both = await Promise.all([one.turn(2 * SECONDS), other.turn(2 * SECONDS)]);
    alone.push(rate);
    for (const part of both) {
      each.push(part);
      shares.push((2 * part) / rate);
    }
    sums.push((both[0] + both[1]) / rate);
  }
  one.end();
  other.end();
  const share = spread(shares);
  rows.push([
    job.name,
    spread(alone).median.toFixed(0),
    spread(each).median.toFixed(0),
    `${(100 * share.median).toFixed(0)} %`,
    `${(100 * share.least).toFixed(0)}…${(100 * share.most).toFixed(0)} %`,
    `${(100 * spread(sums).median).toFixed(0)} %`,
  ]);
  jobs.push({ job, alone, each, shares });
}
console.log(table(rows));
done({ jobs });
