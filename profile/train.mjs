// The command line as the profilers start it: the same program, in which worker threads do not load the profiler.
// The profiler's hooks arrive through NODE_OPTIONS and its analysis fails on the records of a second thread.
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

threads.Worker = class extends threads.Worker {
  /**
   * @param {string | URL} file
   * @param {import("node:worker_threads").WorkerOptions} [options]
   */
  constructor(file, options = {}) {
    const env = typeof options.env === "object" ? options.env : process.env;
    super(file, { ...options, env: { ...env, NODE_OPTIONS: "" } });
  }
};
syncBuiltinESMExports();

await import("../packages/cli/bin/shardgrad.js");
