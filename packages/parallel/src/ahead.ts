// @shardgrad/parallel/ahead: starts threads before the rest of the package is loaded, which it does not load.
export { startThreads } from "./threads/supervisor-thread.js";
export { cores } from "./threads/cores.js";
