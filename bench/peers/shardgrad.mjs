// This project, as one of the peers. The setting is a number of workers, with "blas" behind it for OpenBLAS.
import { benchData, openJob } from "../../packages/cli/dist/bench/measure.js";
import { serve, task } from "./protocol.mjs";

const [workers, backend = "wasm"] = task.setting.split(" ");
const variant = {
  workers: Number(workers),
  backend: backend === "blas" ? /** @type {const} */ ("blas") : /** @type {const} */ ("wasm"),
};
const job = openJob(task.job, variant, benchData(task.job));
await serve(async (seconds) => (await job.turn(seconds)).samplesPerSecond);
await job.close();
