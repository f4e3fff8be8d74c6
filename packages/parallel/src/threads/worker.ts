// The entry of a worker thread.
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";

const WORKER_NICENESS = 5;

// On Linux priority is a thread's own: the main thread of a service keeps answering while the workers have the rest, and
// that of a run reads its data while they load what they do.
if (process.platform === "linux") setPriority(WORKER_NICENESS);

if (parentPort !== null) (await import("./work.js")).work(parentPort);
