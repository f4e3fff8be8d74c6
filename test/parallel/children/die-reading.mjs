// Loaded before anything else in every thread of a child process: DIE_READING="0:2,1:1" ends the first thread that reads streamed files instead of its 2nd full window, and the one that takes its place instead of its 1st.
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

const isReading = (file) => String(file).endsWith("/parallel/dist/threads/feeder.js");

if (isReading(process.argv[1])) {
  const number = process.argv[2];
  const plan = (process.env.DIE_READING ?? "").split(",");
  const last = Number(plan.find((entry) => entry.startsWith(`${number}:`))?.split(":")[1]);
  const { store } = Atomics;
  let stores = 0;
  Atomics.store = (words, index, value) => {
    stores += 1;
    if (stores === last) process.exit(7);
    return store.call(Atomics, words, index, value);
  };
} else {
  let started = 0;
  threads.Worker = class extends threads.Worker {
    constructor(file, options) {
      super(file, isReading(file) ? { ...options, argv: [String(started++)] } : options);
    }
  };
  syncBuiltinESMExports();
}
