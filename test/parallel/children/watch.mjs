// Loaded before anything else in every thread of a child process: prints each garbage collection and each posted message.
import { writeSync } from "node:fs";
import { constants, performance, PerformanceObserver } from "node:perf_hooks";
import { MessagePort, threadId } from "node:worker_threads";

const file = process.argv[1] ?? "";
const thread = `${threadId} ${file.slice(file.lastIndexOf("/") + 1)}`;
const tell = (what, time) =>
  writeSync(1, `${JSON.stringify({ thread, what, time: performance.timeOrigin + time })}\n`);

const { NODE_PERFORMANCE_GC_FLAGS_FORCED: FORCED } = constants;
new PerformanceObserver((list) => {
  for (const { startTime, detail } of list.getEntries())
    if ((detail.flags & FORCED) === 0) tell("gc", startTime);
}).observe({ entryTypes: ["gc"] });
// An idle thread collects what starting and compiling left, so that a run begins with an empty heap; a thread that runs
// its loop never comes here.
setInterval(() => globalThis.gc?.(), 30).unref();

const ports = MessagePort.prototype;
const post = Object.getOwnPropertyDescriptor(ports, "postMessage")?.value;
ports.postMessage = function (...args) {
  tell("message", performance.now());
  return post.apply(this, args);
};
