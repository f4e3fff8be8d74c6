// Loaded before anything else in every thread of a process: notes in the file NOTES which threads are started, by whom,
// and when the file TABLE is first opened. A line each, in the order of one thread.
import { appendFileSync } from "node:fs";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import threads from "node:worker_threads";

const { NOTES = "", TABLE = "" } = process.env;
const name = threads.isMainThread ? "main" : basename(process.argv[1] ?? "");

/** @param {string} what */
function note(what) {
  appendFileSync(NOTES, `${name} ${what}\n`);
}

threads.Worker = class extends threads.Worker {
  /**
   * @param {string | URL} file
   * @param {import("node:worker_threads").WorkerOptions} options
   */
  constructor(file, options) {
    super(file, options);
    note(`starts ${basename(fileURLToPath(file))}`);
  }
};
const { open } = files;
let isOpened = false;
files.open = (path, ...rest) => {
  if (path === TABLE && !isOpened) {
    isOpened = true;
    note("opens the table");
  }
  return open(path, ...rest);
};
syncBuiltinESMExports();
