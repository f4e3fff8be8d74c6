// Every kernel call of one worker's training step, timed in its place: its time and, of products, its share of the peak.
//
//   node bench/step.mjs small medium       these jobs (tiny, small and medium where none is named)
//   node bench/step.mjs small u8           its features as bytes
//   node bench/step.mjs small ../other     and the same calls by the kernels of another built checkout, in turns
//
// The calls of an epoch are recorded and repeated. Both kernels work on one memory: where its pages lie matters as much as
// many a change. Reading the clock between calls takes some µs of a step.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { initialize, kernelModule, loadKernels } from "@shardgrad/core";
import { benchJobs, flopsPerRow } from "../packages/cli/dist/bench/jobs.js";
import { benchData, trainerOptions } from "../packages/cli/dist/bench/measure.js";
import { Control } from "../packages/parallel/dist/step/control.js";
import { stepsPerEpoch } from "../packages/parallel/dist/step/job.js";
import { createLayout } from "../packages/parallel/dist/step/layout.js";
import { writeParameters } from "../packages/parallel/dist/step/parameters.js";
import { phasesOf } from "../packages/parallel/dist/step/position.js";
import { createReplica } from "../packages/parallel/dist/step/replica.js";
import { checkOptions } from "../packages/parallel/dist/validate.js";
import { median, peak, warm } from "./peak/peak.mjs";
import { record, table } from "./record/record.mjs";

/** @typedef {import("../packages/cli/dist/bench/jobs.js").BenchJob} BenchJob */
/** @typedef {{ name: string, args: readonly number[] }} Call */

/** Epochs of a job, so few that no numbers get denormal, and rows of an epoch, so many that none stay in the near caches. */
const EPOCHS = 12;
const ROWS = 4096;

const words = process.argv.slice(2);
const other = words.find((word) => word.includes("/"));
const bytes = words.includes("u8");
const named = benchJobs.filter(({ name }) => words.includes(name));
const jobs = named.length > 0 ? named : benchJobs.slice(0, 3);

/** Features of a job as bytes. @param {ReturnType<typeof benchData>} data */
function asBytes(data) {
  const features = data.features.map((block) =>
    block.kind === "f32"
      ? {
          kind: /** @type {const} */ ("u8"),
          width: block.width,
          values: Uint8Array.from(block.values, (x) => Math.floor(256 * x)),
          shift: 0,
          scale: 1 / 255,
        }
      : block,
  );
  return { ...data, features };
}

/** A memory with a job in it, and the kernel calls of the steps of an epoch. @param {BenchJob} job */
function recorded(job) {
  const floats = benchData({ ...job, rows: ROWS });
  const data = bytes ? asBytes(floats) : floats;
  const { job: spec, training } = checkOptions(
    { ...trainerOptions(job, data), epochs: 1, workers: 1 },
    1,
  );
  const layout = createLayout(spec);
  const places = layout.training;
  if (places === null) throw new Error("step: the job trains nothing");
  const pages = Math.ceil(layout.bytes / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const put = (/** @type {number} */ address, /** @type {ArrayBufferView} */ values) =>
    new Uint8Array(memory.buffer).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      address,
    );
  for (const [i, block] of data.features.entries())
    put(places.data.blocks[i] ?? 0, block.kind === "oneHot" ? block.codes : block.values);
  if (data.target?.kind === "class") put(places.data.target, data.target.labels);
  writeParameters(layout, memory.buffer, layout.theta[0], initialize(spec.model, training.seed));

  /** @type {Call[]} */
  const calls = [];
  const kernels = loadKernels("f32", memory);
  const noting = Object.fromEntries(
    functions(kernels).map(([name, call]) => [
      name,
      (/** @type {number[]} */ ...args) => {
        calls.push({ name, args });
        return call(...args);
      },
    ]),
  );
  const replica = createReplica(
    layout,
    {
      memory,
      module: kernelModule("f32"),
      index: 0,
      spin: false,
      probe: false,
      snapshot: null,
      trace: null,
    },
    () =>
      /** @type {Pick<typeof kernels, "gemm" | "gemmTree">} */ (/** @type {unknown} */ (noting)),
  );
  const steps = stepsPerEpoch(training);
  calls.length = 0;
  new Control(memory.buffer).reset(1, phasesOf(steps, 1, false), 0);
  replica.train();
  const each = calls.length / steps;
  if (!Number.isInteger(each) || steps % 2 > 0) throw new Error("step: the steps are not alike");
  return {
    memory,
    steps: Array.from({ length: steps }, (_, s) => calls.slice(s * each, (s + 1) * each)),
  };
}

/** The kernels by name. @param {object} kernels @returns {[string, (...args: number[]) => unknown][]} */
function functions(kernels) {
  return Object.entries(kernels).filter(([, value]) => typeof value === "function");
}

/** What calls are added up under: name and counts, but no addresses. @param {Call} call */
function key({ name, args }) {
  if (name === "gemm") return `gemm ${args.slice(0, 3).join("×")}`;
  if (name === "gemmTree") return `gemmTree ${args.slice(1, 3).join("×")}`;
  return name;
}

/** Operations of a product. @param {Call} call @param {number} batch */
function flops({ name, args }, batch) {
  const [a = 0, b = 0, c = 0] = args;
  return name === "gemm" ? 2 * a * b * c : name === "gemmTree" ? 2 * b * c * batch : 0;
}

/** One set of kernels over a job's memory. @param {readonly (readonly Call[])[]} steps @param {object} kernels */
function player(steps, kernels) {
  const byName = Object.fromEntries(functions(kernels));
  const prepared = steps.map((step) =>
    step.map(({ name, args }) => {
      const call = byName[name];
      if (call === undefined) throw new Error(`step: no kernel ${name}`);
      return { key: key({ name, args }), run: call.bind(null, ...args) };
    }),
  );
  /** @type {Map<string, number[]>} */
  const samples = new Map();
  /** @type {number[]} */
  const whole = [];
  const epoch = () => {
    for (const step of prepared) {
      /** @type {Map<string, number>} */
      const sums = new Map();
      const start = process.hrtime.bigint();
      let from = start;
      for (const call of step) {
        call.run();
        const to = process.hrtime.bigint();
        sums.set(call.key, (sums.get(call.key) ?? 0) + Number(to - from));
        from = to;
      }
      whole.push(Number(from - start));
      for (const [name, ns] of sums) {
        const list = samples.get(name);
        if (list === undefined) samples.set(name, [ns]);
        else list.push(ns);
      }
    }
  };
  return {
    samples,
    whole,
    epoch,
    forget: () => {
      samples.clear();
      whole.length = 0;
    },
  };
}

const done = record("step");
const samplePeak = await peak("f32");
const measured = [];
for (const job of jobs) {
  const { memory, steps } = recorded(job);
  const here = player(steps, loadKernels("f32", memory));
  const players = [here];
  if (other !== undefined) {
    const index = pathToFileURL(resolve(other, "packages/core/dist/index.js")).href;
    const core = /** @type {typeof import("@shardgrad/core")} */ (await import(index));
    players.push(player(steps, core.loadKernels("f32", memory)));
  }
  for (const { epoch } of players) await warm(epoch);
  for (const { forget } of players) forget();
  const peaks = [];
  for (let round = 0; round < EPOCHS; round += 1) {
    peaks.push(samplePeak());
    for (const { epoch } of round % 2 === 0 ? players : players.toReversed()) epoch();
  }
  const ceiling = median(peaks);
  const useful = flopsPerRow(job) * job.batch;
  /** Microseconds, and the share of the peak of those that multiply. @param {readonly number[]} ns @param {number} operations */
  const cells = (ns, operations) => [
    (median(ns) / 1000).toFixed(2),
    operations > 0 ? `${((100 * operations) / median(ns) / ceiling).toFixed(1)} %` : "",
  ];
  const operations = new Map();
  for (const call of steps[0] ?? [])
    operations.set(key(call), (operations.get(key(call)) ?? 0) + flops(call, job.batch));
  const names = [...here.samples.keys()];
  console.log(`\n${job.name}: peak ${ceiling.toFixed(1)} GFLOP/s, ${names.length} kinds of calls`);
  console.log(
    table([
      ["call", ...players.flatMap((_, i) => [i === 0 ? "µs" : "µs there", "of the peak"])],
      ...names.map((name) => [
        name,
        ...players.flatMap(({ samples }) =>
          cells(samples.get(name) ?? [], operations.get(name) ?? 0),
        ),
      ]),
      ["whole step", ...players.flatMap(({ whole }) => cells(whole, useful))],
    ]),
  );
  measured.push({
    job,
    peakGflops: ceiling,
    kernels: players.map(({ samples, whole }) => ({
      step: median(whole),
      calls: Object.fromEntries([...samples].map(([name, ns]) => [name, median(ns)])),
    })),
  });
}
done({ jobs: measured });
