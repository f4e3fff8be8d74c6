// One training step of all workers on this thread, one worker after the other: no threads, everything open to view.
import { initialize, kernelModule, type Parameters } from "@shardgrad/core";
import { isStream, type Dataset, type TrainerOptions } from "@shardgrad/parallel";
import { Control } from "../../packages/parallel/dist/step/control.js";
import { stepsPerEpoch, type TrainingSpec } from "../../packages/parallel/dist/step/job.js";
import {
  createLayout,
  type Layout,
  type TrainingLayout,
} from "../../packages/parallel/dist/step/layout.js";
import { readParameters, writeParameters } from "../../packages/parallel/dist/step/parameters.js";
import { phasesOf, type Phases } from "../../packages/parallel/dist/step/position.js";
import { createReplica } from "../../packages/parallel/dist/step/replica.js";
import { checkOptions } from "../../packages/parallel/dist/validate.js";

/** A job laid out in a memory, without threads. */
export interface Lab {
  readonly layout: Layout;
  readonly training: TrainingLayout;
  readonly spec: TrainingSpec;
  readonly memory: WebAssembly.Memory;
  readonly phases: Phases;
  readonly control: Control;
}

/** Lays a job out, with its data and start weights in place. */
export function openLab(options: TrainerOptions): Lab {
  const { job, training: spec } = checkOptions(options, 1);
  const layout = createLayout(job);
  const { training } = layout;
  if (training === null) throw new Error("lab: no training");
  const pages = Math.ceil(layout.bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  if (isStream(options.data)) throw new Error("lab: rows in memory are needed");
  placeData(memory, options.data, training);
  const parameters = options.initial ?? initialize(job.model, spec.seed);
  writeParameters(layout, memory.buffer, layout.theta[0], parameters);
  const phases = phasesOf(stepsPerEpoch(spec), spec.epochs, false);
  return { layout, training, spec, memory, phases, control: new Control(memory.buffer) };
}

function placeData(
  { buffer }: WebAssembly.Memory,
  data: Dataset,
  { data: at }: TrainingLayout,
): void {
  data.features.forEach((block, i) => {
    const values = block.kind === "oneHot" ? block.codes : block.values;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(buffer, at.blocks[i], bytes.length).set(bytes);
  });
  const { target } = data;
  if (target === null) throw new Error("lab: no target");
  const values = target.kind === "class" ? target.labels : target.values;
  new Uint8Array(buffer, at.target, values.byteLength).set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
}

/**
 * Runs a whole job of one step. The workers run one after the other, twice: a phase can be run again from its start, so
 * in the second round every worker finds the others' gradients as if all had run at once.
 */
export function runOneStep({ layout, memory, phases, control }: Lab): void {
  const workers = layout.job.workers;
  if (phases.total !== 2)
    throw new Error(`lab: the job has ${phases.total} phases, not those of one step`);
  const module = kernelModule("f32");
  const replicas = layout.workers.map((_, index) =>
    createReplica(layout, {
      memory,
      module,
      index,
      spin: false,
      probe: false,
      snapshot: null,
      trace: null,
    }),
  );
  for (let round = 0; round < 2; round += 1)
    replicas.forEach((replica, index) => {
      control.reset(workers, phases, 0);
      // The others' words say that they have finished, so this worker waits for nobody.
      for (let w = 0; w < workers; w += 1) if (w !== index) control.finish(w, phases.total);
      replica.train();
    });
}

/** The weights after the step. */
export function nextParameters({ layout, memory }: Lab): Parameters {
  return readParameters(layout, memory.buffer, layout.theta[1]);
}

/** The gradient sums that worker w left in each of its buffers: by buffer, then parameter name. Uses are added. */
export function workerGradients(
  { layout, training, memory }: Lab,
  w: number,
): Map<string, Float32Array>[] {
  const subtrees = training.cuts[0].parts[w]?.subtrees ?? [];
  return subtrees.map((_, i) => {
    const base = layout.workers[w]!.subtrees + i * training.gradientBytes;
    const read = (offset: number, count: number): Float32Array =>
      new Float32Array(memory.buffer, base + 4 * offset, count).slice();
    return new Map(
      layout.parameters.map((parameter): [string, Float32Array] => {
        const sum = read(parameter.offset, parameter.count);
        for (const extra of training.extraUses)
          if (extra.parameter.name === parameter.name)
            read(extra.offset, parameter.count).forEach((value, j) => (sum[j] = sum[j]! + value));
        return [parameter.name, sum];
      }),
    );
  });
}

/** The loss of the step. */
export function stepLoss({ training, memory }: Lab): number {
  return new Float64Array(memory.buffer, training.losses, 1)[0]!;
}
