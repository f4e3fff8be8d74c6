// The entry of the supervisor thread, which is one of its own so that a blocked main thread stops nothing.
import { parentPort, workerData } from "node:worker_threads";
import type { SupervisorStart } from "./supervisor-thread.js";
import { startWorker } from "./worker-thread.js";

if (parentPort !== null) {
  const { workers, cpuProfile } = workerData as SupervisorStart;
  const threads = Array.from({ length: workers }, (_, index) =>
    startWorker(index, workers, 1, cpuProfile),
  );
  // Loaded when the workers are on their way: both load their modules at the same time.
  const { supervise } = await import("./supervise.js");
  supervise(parentPort, threads);
}
