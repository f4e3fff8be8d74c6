// Loaded before anything else in every thread of a child process: ends training threads in the middle of a run.
//
// DIE="1:5,3:2": the training thread that is started as number 1 (from 0) ends instead of its 5th atomic store, number 3
// instead of its 2nd, and 4:0 ends number 4 before it does anything, while it loads. Threads that take another's place are numbered on: with 3 workers the first of them is number 3.
// Every phase of a step ends with such a store, so every place between two phases can be hit.
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

const isTraining = (file) => String(file).endsWith("/parallel/dist/threads/worker.js");

if (isTraining(process.argv[1])) {
  const number = process.argv[2];
  const plan = (process.env.DIE ?? "").split(",").find((entry) => entry.startsWith(`${number}:`));
  const last = Number(plan?.split(":")[1] ?? Infinity);
  if (last === 0) process.exit(7);
  const { store } = Atomics;
  let stores = 0;
  Atomics.store = (words, index, value) => {
    stores += 1;
    if (stores >= last) process.exit(7);
    return store.call(Atomics, words, index, value);
  };
} else {
  let started = 0;
  threads.Worker = class extends threads.Worker {
    constructor(file, options) {
      super(file, isTraining(file) ? { ...options, argv: [String(started++)] } : options);
    }
  };
  syncBuiltinESMExports();
}
