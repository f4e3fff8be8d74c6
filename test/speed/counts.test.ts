// What a training step does, in counts: kernel calls, bytes, shards, messages, allocations. No times.
import { MessagePort, Worker } from "node:worker_threads";
import { kernelModule, loadKernels, type Products } from "@shardgrad/core";
import { Trainer } from "@shardgrad/parallel";
import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { describe, expect, it } from "vitest";
import type { BenchJob } from "../../packages/cli/dist/bench/jobs.js";
import { benchJobs } from "../../packages/cli/dist/bench/jobs.js";
import { benchData, trainerOptions } from "../../packages/cli/dist/bench/measure.js";
import { THETA_CHUNK } from "../../packages/parallel/dist/step/layout.js";
import { createReplica, type Replica } from "../../packages/parallel/dist/step/replica.js";
import { sliceOf } from "../../packages/parallel/dist/step/update.js";
import { openLab, type Lab } from "../parallel/lab.js";

// Three do not divide the shards evenly: one of them has a range of two subtrees.
const WORKERS = [1, 3];
const tiny = benchJobs[0]!;

/** One call of a kernel. */
interface Call {
  readonly name: string;
  readonly args: readonly number[];
}

/** One worker's replica; with `calls`, each of its kernels notes there what it was called with. */
function replicaOf({ layout, memory }: Lab, index: number, calls?: Call[]): Replica {
  const options = {
    memory,
    module: kernelModule("f32"),
    index,
    spin: false,
    probe: false,
    snapshot: null,
    trace: null,
  };
  if (calls === undefined) return createReplica(layout, options);
  const noting = Object.entries(loadKernels("f32", memory)).flatMap(([name, kernel]) => {
    if (typeof kernel !== "function") return [];
    const call = kernel as (...args: number[]) => number;
    return [[name, (...args: number[]): number => (calls.push({ name, args }), call(...args))]];
  });
  // More than products: whatever is given here is called in place of the kernel of that name.
  const replica = createReplica(layout, options, () => Object.fromEntries(noting) as Products);
  calls.length = 0; // the test of the arithmetic, once a run
  return replica;
}

/** A job of so many epochs of so many steps. */
function labOf(job: BenchJob, workers: number, epochs: number, steps: number): Lab {
  const data = benchData({ layers: job.layers, rows: steps * job.batch });
  return openLab({ ...trainerOptions(job, data), epochs, workers });
}

/** The kernel calls of every worker in one step. */
function callsOf(lab: Lab): Call[][] {
  const { layout, control, phases } = lab;
  const workers = layout.job.workers;
  return layout.workers.map((_, index) => {
    const calls: Call[] = [];
    const replica = replicaOf(lab, index, calls);
    control.reset(workers, phases, 0);
    // The others' words say that they have finished, so this worker waits for nobody.
    for (let w = 0; w < workers; w += 1) if (w !== index) control.finish(w, phases.total);
    replica.train();
    return calls;
  });
}

function counts(calls: readonly Call[]): Record<string, number> {
  const of: Record<string, number> = {};
  for (const { name } of calls) of[name] = (of[name] ?? 0) + 1;
  return of;
}

describe.each(benchJobs)("a step of $name", (job) => {
  const labs = WORKERS.map((workers) => labOf(job, workers, 1, 1));
  const calls = labs.map(callsOf);
  const layers = job.layers.length - 1;

  it("calls each kernel once a layer, its sums over rows once a subtree, and those of the update once a chunk", () => {
    labs.forEach((lab, i) =>
      calls[i]!.forEach((ofWorker, index) => {
        const { lo, hi } = sliceOf(lab.layout, index);
        const subtrees = lab.training.cuts[0].parts[index]!.subtrees.length;
        const holders = lab.training.cuts[0].parts.flatMap((part) => part.subtrees).length;
        const fetches = hi - lo < lab.layout.thetaCount && lab.layout.thetaCount <= 2 ** 17;
        const chunks = Math.ceil((hi - lo) / THETA_CHUNK);
        expect(counts(ofWorker), `worker ${index + 1} of ${WORKERS[i]}`).toEqual({
          permute: 1,
          gatherF32: 1,
          gatherI32: 1,
          gemm: 2 * layers - 1, // x·W of every layer, dy·Wᵀ of all but the first
          add: 1, // the last layer's bias; those before go with their relu
          addRelu: layers - 1,
          crossEntropy: 1,
          crossEntropyGrad: 1,
          copy: 1, // dL/dlosses, one number a row
          reluGrad: layers - 1,
          gemmTree: layers * subtrees,
          sumTree: (layers + 1) * subtrees, // biases, and the loss
          // The first worker's one more is the loss; a sum that one worker holds whole is read where it is.
          reduceTree: (holders > 1 ? chunks : 0) + (index === 0 ? 1 : 0),
          sgd: chunks,
          ...(fetches && { touch: 2 }), // what the others wrote of θ
        });
      }),
    );
  });

  it("gathers each row of the batch once, whatever the number of workers", () => {
    for (const ofWorkers of calls) {
      let bytes = 0;
      for (const { name, args } of ofWorkers.flat()) {
        const [rows = 0, width = 0] = args;
        if (name === "gatherF32") bytes += 4 * rows * width;
        if (name === "gatherI32") bytes += 4 * rows;
      }
      expect(bytes).toBe(4 * job.batch * (job.layers[0]! + 1));
    }
  });

  it("multiplies each row of the batch once, in the same shards for any number of workers", () => {
    labs.forEach((lab, i) => {
      const words = new Int32Array(lab.memory.buffer);
      const shards = calls[i]!.flatMap((ofWorker) => {
        // The last product of the backward pass is that of the first layer; any of them has the same rows.
        const subtrees = ofWorker.filter(({ name }) => name === "gemmTree");
        const programs = new Set(subtrees.map(({ args }) => args[0]!));
        return [...programs].flatMap((program) => {
          const rows = [];
          for (let at = program >> 2; words[at] !== 0; at += 2) rows.push(words[at]!);
          return rows;
        });
      });
      expect(shards).toHaveLength(lab.spec.shards);
      expect(shards).toEqual(shards.map(() => job.batch / lab.spec.shards));
    });
  });
});

describe("ten thousand steps of one worker", () => {
  const [epochs, steps] = [10, 1000];
  const open = (): { lab: Lab; train: () => void } => {
    const lab = labOf(tiny, 1, epochs, steps);
    const replica = replicaOf(lab, 0);
    return {
      lab,
      train: () => {
        lab.control.reset(1, lab.phases, 0);
        replica.train();
      },
    };
  };

  it("keep nothing, and allocate no more than a few boxed numbers a step", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const { train } = open();
    train(); // compiles
    train();
    collect();
    const before = process.memoryUsage().heapUsed;
    train();
    const uncollected = process.memoryUsage().heapUsed - before;
    collect();
    const kept = process.memoryUsage().heapUsed - before;
    // Bytes a step. V8 boxes an f64 that passes between functions, in 16 bytes that the next small collection frees.
    expect(kept / (epochs * steps)).toBeLessThan(2);
    expect(uncollected / (epochs * steps)).toBeLessThan(12 * 16);
  });

  it("post no message", () => {
    const { train } = open();
    const { postMessage } = MessagePort.prototype;
    let messages = 0;
    MessagePort.prototype.postMessage = function count(...args) {
      messages += 1;
      postMessage.apply(this, args);
    };
    try {
      train();
    } finally {
      MessagePort.prototype.postMessage = postMessage;
    }
    expect(messages).toBe(0);
  });
});

describe("a run of two workers", () => {
  it("exchanges as many messages with the main thread for 200 epochs as for 2", async () => {
    const data = benchData(tiny);
    const { emit } = Worker.prototype;
    const received: number[] = [];
    for (const epochs of [2, 200]) {
      let messages = 0;
      Worker.prototype.emit = function count(name: string | symbol, ...args: unknown[]) {
        if (name === "message") messages += 1;
        return emit.call(this, name, ...args);
      };
      const trainer = new Trainer({ ...trainerOptions(tiny, data), epochs, workers: 2 });
      try {
        await trainer.run().result;
      } finally {
        Worker.prototype.emit = emit;
        await trainer.close();
      }
      received.push(messages);
    }
    expect(received[0]).toBeGreaterThan(0);
    expect(received[1]).toBe(received[0]);
  });
});
