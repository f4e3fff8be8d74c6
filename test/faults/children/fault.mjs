// Loaded before anything else in every thread: makes training threads fail inside a kernel.
//
// FAULTS="1:exit:500,3:throw:20": the training thread that is started as number 1 (from 0) exits in its 500th kernel call,
// number 3 throws in its 20th. Threads that take another's place are numbered on. Other faults: "stack" and "heap" use
// theirs up, "spin" never returns, "terminate" is ended from outside while it goes on.
import { writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

const isTraining = (file) => String(file).endsWith("/parallel/dist/threads/worker.js");
const planOf = (number) =>
  (process.env.FAULTS ?? "").split(",").find((entry) => entry.startsWith(`${number}:`));
const TERMINATE = "terminate me";

const faults = {
  exit: () => process.exit(3),
  throw: () => {
    throw new Error("a fault");
  },
  stack: () => {
    const deeper = () => deeper() + 1;
    deeper();
  },
  heap: () => {
    const kept = [];
    for (;;) kept.push(new Array(1e5).fill(1.5));
  },
  spin: () => {
    for (;;);
  },
  terminate: () => threads.parentPort?.postMessage(TERMINATE),
};

if (isTraining(process.argv[1])) {
  const [number, kind, last] = (planOf(process.argv[2]) ?? "").split(":");
  const { Instance } = WebAssembly;
  let calls = 0;
  WebAssembly.Instance = function (module, imports) {
    const { exports } = new Instance(module, imports);
    const wrapped = Object.entries(exports).map(([name, kernel]) => [
      name,
      typeof kernel !== "function"
        ? kernel
        : (...args) => {
            calls += 1;
            if (calls === Number(last)) {
              writeSync(2, `fault ${number} ${kind} ${name}\n`);
              faults[kind]();
            }
            return kernel(...args);
          },
    ]);
    return { exports: Object.fromEntries(wrapped) };
  };
} else {
  let started = 0;
  threads.Worker = class extends threads.Worker {
    constructor(file, options) {
      if (!isTraining(file)) {
        super(file, options);
        return;
      }
      const number = started++;
      const isHeap = planOf(number)?.split(":")[1] === "heap";
      const limits = isHeap ? { resourceLimits: { maxOldGenerationSizeMb: 32 } } : {};
      super(file, { ...options, ...limits, argv: [String(number)] });
      this.on("message", (message) => {
        if (message === TERMINATE) void this.terminate();
      });
    }
  };
  syncBuiltinESMExports();
}
