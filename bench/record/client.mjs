// Asks a web server at a fixed rate for as many seconds as each line of stdin says, and prints how long answers took.
import { Agent, get } from "node:http";
import { createInterface } from "node:readline";

const [port, rate] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true });

/** Milliseconds until the answer was whole, null when there was none. @returns {Promise<number | null>} */
function ask() {
  const began = performance.now();
  return new Promise((resolve) => {
    get({ host: "127.0.0.1", port, agent }, (response) => {
      response.resume();
      response.on("end", () =>
        resolve(response.statusCode === 200 ? performance.now() - began : null),
      );
      response.on("error", () => resolve(null));
    }).on("error", () => resolve(null));
  });
}

/** @param {number} seconds */
async function load(seconds) {
  const count = Math.round(seconds * (rate ?? 0));
  const began = performance.now();
  /** @type {Promise<number | null>[]} */
  const asked = [];
  while (asked.length < count) {
    const due = Math.min(count, ((performance.now() - began) / 1000) * (rate ?? 0));
    while (asked.length < due) asked.push(ask());
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const times = (await Promise.all(asked))
    .filter((time) => time !== null)
    .toSorted((a, b) => a - b);
  const at = (/** @type {number} */ part) => times[Math.floor(part * times.length)] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), lost: count - times.length };
}

for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await load(Number(line))));
