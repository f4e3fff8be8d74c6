// Keeps what was measured: prints where, on what and under which load, and writes it as JSON to bench/results.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { machine } from "../../packages/cli/dist/bench/machine.js";

const results = fileURLToPath(new URL("../results/", import.meta.url));

/** The commit that is measured, with a + when files differ from it. */
function commit() {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync("git", args, {
      cwd: results,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") === "" ? "" : "+")
    );
  } catch {
    return "unknown"; // not a clone
  }
}

/**
 * Begins a record; the function that is returned ends it.
 * @param {string} name of the file
 * @returns {(measured: object) => void}
 */
export function record(name) {
  mkdirSync(results, { recursive: true });
  const before = machine();
  console.log(
    `${before.processor}, ${before.cores} cores, Node ${before.node}, commit ${commit()}, load ${before.load}`,
  );
  return (measured) => {
    const file = `${results}${name}.json`;
    const content = { machine: before, loadAfter: loadavg()[0], commit: commit(), ...measured };
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
    console.log(`load at the end ${loadavg()[0]?.toFixed(1)}; ${file}`);
  };
}

/**
 * Rows of cells in columns, numbers to the right.
 * @param {readonly (readonly string[])[]} rows
 */
export function table(rows) {
  const widths = rows.reduce(
    (most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
    /** @type {number[]} */ ([]),
  );
  const left = (/** @type {number} */ i) =>
    rows.slice(1).some((row) => /^[a-z]/i.test(row[i] ?? ""));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (left(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
