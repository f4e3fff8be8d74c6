// Starts a peer in a process of its own, which holds one job ready and trains when it is told.
import { spawn } from "node:child_process";
import { setPriority } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const START_SECONDS = 120;
// Our workers lower their own priority. On a machine that is not quiet the others must not have more of it.
const PRIORITY = 5;

/** Where the peers are installed, and the data they read. */
export const folder = fileURLToPath(new URL("../../.cache/peers/", import.meta.url));

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} command
 * @property {string[]} [arguments] before the file
 * @property {string} file
 * @property {string} setting
 * @property {Record<string, string>} [env]
 */

/** @typedef {{ peer: Peer, turn: (seconds: number) => Promise<number>, end: () => void }} Runner */

/**
 * Starts a peer; resolves when it has its job ready.
 * @param {Peer} peer
 * @param {import("../../packages/cli/dist/bench/jobs.js").BenchJob} job
 * @returns {Promise<Runner>}
 */
export async function start(peer, job) {
  const child = spawn(
    peer.command,
    [...(peer.arguments ?? []), peer.file, JSON.stringify({ job, folder, setting: peer.setting })],
    {
      cwd: folder,
      env: { ...process.env, ...peer.env },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  setPriority(child.pid ?? 0, PRIORITY);
  let problem = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (problem += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** The next line that says something to us; libraries greet on stdout too. @param {RegExp} wanted */
  const read = async (wanted) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done)
        throw new Error(
          problem.match(/^\w*Error: .*/m)?.[0] ?? (problem.trim().split("\n").at(-1) || "it ended"),
        );
      if (wanted.test(value)) return value;
    }
  };
  const timer = setTimeout(() => {
    problem = "Error: not ready in time";
    child.kill();
  }, START_SECONDS * 1000);
  try {
    await read(/^ready$/);
  } finally {
    clearTimeout(timer);
  }
  return {
    peer,
    turn: async (seconds) => {
      child.stdin.write(`${seconds}\n`);
      return Number(await read(/^[\d.e+]+$/));
    },
    end: () => child.stdin.end(),
  };
}
