// Runs a graph of fixed shapes once, on this thread: for checking, explaining and prediction.
import { loadKernels, SCRATCH_BYTES, type Address, type Dtype, type Kernels } from "./kernels.js";
import { align, bind, plan, realView, writeNumbers, type Place } from "./planner.js";
import { elements, formatShape, hasRows, sameShape } from "./shape.js";
import type { Tensor } from "./tensor.js";
import { isInput, topologicalOrder, type Scratch, type Value, type Work } from "./value.js";

const PAGE = 65536;
const MOST_PAGES = 65536;

/** A memory for evaluations, one a number type and thread: evaluations are synchronous, so they never overlap. */
interface Workspace {
  readonly kernels: Kernels & Scratch;
  /** Where plans begin: behind the scratch space. */
  readonly base: number;
}

const workspaces = new Map<Dtype, Workspace>();

function workspace(dtype: Dtype, bytes: number): Workspace {
  let space = workspaces.get(dtype);
  if (space === undefined) {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((ALIGNED_START + SCRATCH_BYTES) / PAGE), maximum: MOST_PAGES, shared: true });
    space = { kernels: { ...loadKernels(dtype, memory), scratch: ALIGNED_START }, base: align(ALIGNED_START + SCRATCH_BYTES) };
    workspaces.set(dtype, space);
  }
  const { memory } = space.kernels;
  const missing = space.base + bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return space;
}

/** Calls f with kernels and the address of `bytes` free bytes, on this thread's own memory. f must not evaluate graphs. */
export function withWorkspace<Result>(dtype: Dtype, bytes: number, f: (k: Kernels & Scratch, at: Address) => Result): Result {
  const { kernels, base } = workspace(dtype, bytes);
  return f(kernels, base);
}

// Address 0 ends reduce tables, so nothing lives there.
const ALIGNED_START = 64;

const NO_ROWS: Work = { rows: 0, firstRow: 0, step: 0, seed: 0, subtrees: [] };

/** How a graph is evaluated. */
export interface EvaluateOptions {
  /** Default f64. */
  readonly dtype?: Dtype | undefined;
  /** Seed and step of dropout masks in the graph. Default 0. */
  readonly seed?: number | undefined;
  readonly step?: number | undefined;
}

/**
 * The values of `outputs`, given those of the graph's inputs, as new tensors.
 * Throws RangeError when an input has no value or one of another shape, or when a shape has ROWS.
 */
export function evaluate(outputs: readonly Value[], feeds: ReadonlyMap<Value, Tensor> = new Map(), options: EvaluateOptions = {}): Tensor[] {
  const { dtype = "f64", seed = 0, step = 0 } = options;
  const order = topologicalOrder(outputs);
  const inputs = order.filter(isInput);
  for (const value of order) if (hasRows(value.shape)) throw new RangeError(`evaluate: ${value.op.name} ${formatShape(value.shape)} has rows of no known number`);
  // An output that is a view shares its input's memory: copies are made at the end, when all are there.
  const placed = new Set<Value>(inputs);
  const lowered = plan(outputs, { bytes: dtype === "f32" ? 4 : 8, mostRows: 0, placed });
  let bytes = lowered.bytes;
  const at = new Map<Value, number>();
  for (const value of inputs) {
    at.set(value, bytes);
    bytes += align(elements(value.shape) * 8);
  }
  const { kernels, base } = workspace(dtype, bytes);
  const places = new Map<Value, Place>([...at].map(([value, offset]) => [value, { address: base + offset }]));
  for (const value of inputs) writeNumbers(kernels, base + (at.get(value) ?? 0), feed(value, feeds).data);
  const bound = bind(kernels, lowered, base, places);
  bound.run({ ...NO_ROWS, seed, step });
  return outputs.map((value) => {
    const address = bound.addressOf(value);
    const count = elements(value.shape);
    if (value.element === "i32") return { shape: value.shape, data: new Int32Array(kernels.memory.buffer, address, count).slice() };
    return { shape: value.shape, data: realView(kernels, address, count).slice() };
  });
}

function feed(value: Value, feeds: ReadonlyMap<Value, Tensor>): Tensor {
  const { name } = value.attrs as { name: string };
  const given = feeds.get(value);
  if (given === undefined) throw new RangeError(`evaluate: the input ${name} ${formatShape(value.shape)} has no value`);
  if (!sameShape(given.shape, value.shape))
    throw new RangeError(`evaluate: the input ${name} is ${formatShape(value.shape)}, its value ${formatShape(given.shape)}`);
  return given;
}
