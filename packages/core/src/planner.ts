// The planner: lowers a graph once to a straight list of kernel calls at fixed addresses.
//
// Two steps, because memory is laid out before it exists: `plan` orders the calls and gives every intermediate result an
// offset in one region, reusing what nobody reads later; `bind` puts addresses in and makes the calls.
import { fusionsOf, lowerFusion, type Fusion } from "./fusion.js";
import type { Address, Kernels } from "./kernels.js";
import { elementwise } from "./lowering.js";
import { elements, hasRows, sameShape } from "./shape.js";
import {
  constantData,
  isInput,
  topologicalOrder,
  type Operand,
  type Run,
  type Scratch,
  type Value,
  type Work,
} from "./value.js";

/** Bytes that every region is aligned to: a cache line, so that no two threads write the same one. */
export const ALIGNMENT = 64;

/** The next multiple of ALIGNMENT. */
export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** A lowered graph without addresses. */
export interface Plan {
  /** Values that are computed, in order. */
  readonly order: readonly Value[];
  /** Offset of each value's result in the plan's region; values that `bind` is given places for and views are not here. */
  readonly offsets: ReadonlyMap<Value, number>;
  /** Values of `order` that are computed together with an input that is not. */
  readonly fusions: ReadonlyMap<Value, Fusion>;
  /** Bytes of the region. */
  readonly bytes: number;
}

/** Where a value is that the plan does not place itself: leaves, and results that others read. */
export interface Place {
  readonly address: Address;
  /** Bytes from the sum over one subtree to that over the next, for a sum over the rows of a batch. */
  readonly stride?: number;
}

/** What a plan needs to know of the kernels. */
export interface PlanOptions {
  readonly bytes: 4 | 8; // of one number
  readonly mostRows: number; // the largest number of rows of one execution
  /** Values whose places are given to `bind`; results that are kept until the end. */
  readonly placed: ReadonlySet<Value>;
  /** Whether one kernel may compute two values, which changes no bit. Default true. */
  readonly fuse?: boolean;
}

/** Whether the value is a sum over the rows of a batch: one call a subtree. */
export function sumsRows(value: Value): boolean {
  return !hasRows(value.shape) && value.inputs.some((x) => hasRows(x.shape));
}

/** Bytes of a value's result for the largest number of rows. */
function sizeOf(value: Value, { bytes, mostRows }: PlanOptions): number {
  const width = value.element === "i32" ? 4 : bytes;
  return align(elements(value.shape) * (hasRows(value.shape) ? mostRows : 1) * width);
}

/** Orders the graph of `outputs` and lays its intermediate results out. */
export function plan(outputs: readonly Value[], options: PlanOptions): Plan {
  const all = topologicalOrder(outputs);
  const fusions: ReadonlyMap<Value, Fusion> =
    options.fuse === false ? new Map() : fusionsOf(all, new Set([...options.placed, ...outputs]));
  const skipped = new Set([...fusions.values()].map(({ sum }) => sum));
  const order = all.filter((value) => !skipped.has(value));
  const inputsOf = (value: Value): readonly Value[] => fusions.get(value)?.inputs ?? value.inputs;
  // A view shares its input's memory: liveness and offsets are those of the value at the root.
  const root = new Map<Value, Value>();
  for (const value of order) {
    const [x] = value.inputs;
    root.set(
      value,
      value.op.alias === true && x !== undefined && !options.placed.has(value)
        ? (root.get(x) ?? x)
        : value,
    );
  }
  const rootOf = (value: Value): Value => root.get(value) ?? value;
  const lastUse = new Map<Value, number>();
  order.forEach((value, at) => {
    for (const x of inputsOf(value)) lastUse.set(rootOf(x), at);
  });
  for (const output of outputs) lastUse.set(rootOf(output), order.length);

  const offsets = new Map<Value, number>();
  const region = new Region();
  // Constants are written once, so no other result may ever lie where they are: they come first and stay.
  for (const value of order)
    if (constantData(value) !== null && !options.placed.has(value))
      offsets.set(value, region.take(sizeOf(value, options)));
  order.forEach((value, at) => {
    if (constantData(value) !== null) return;
    if (rootOf(value) !== value) return;
    const size = sizeOf(value, options);
    const dying = [...new Set(inputsOf(value).map(rootOf))].filter(
      (x) => lastUse.get(x) === at && offsets.has(x) && constantData(x) === null,
    );
    if (!options.placed.has(value)) {
      const reused =
        value.op.inPlace === true
          ? dying.find(
              (x) =>
                elements(x.shape) === elements(value.shape) &&
                sameShape(x.shape.slice(0, 1), value.shape.slice(0, 1)) &&
                x.element === value.element,
            )
          : undefined;
      const offset = reused === undefined ? region.take(size) : offsets.get(reused);
      if (offset !== undefined) offsets.set(value, offset);
      if (reused !== undefined) dying.splice(dying.indexOf(reused), 1);
    }
    for (const x of dying) region.give(offsets.get(x) ?? 0, sizeOf(x, options));
  });
  return { order, offsets, fusions, bytes: region.bytes };
}

/** Free ranges of a region that grows as needed. */
class Region {
  bytes = 0;
  #free: { offset: number; size: number }[] = [];

  /** The first free range that is large enough, else new bytes at the end. */
  take(size: number): number {
    const at = this.#free.findIndex((range) => range.size >= size);
    const range = this.#free[at];
    if (range === undefined) {
      this.bytes += size;
      return this.bytes - size;
    }
    if (range.size === size) this.#free.splice(at, 1);
    else this.#free[at] = { offset: range.offset + size, size: range.size - size };
    return range.offset;
  }

  /** Gives a range back, joined with its free neighbours. */
  give(offset: number, size: number): void {
    this.#free.push({ offset, size });
    this.#free.sort((a, b) => a.offset - b.offset);
    this.#free = this.#free.reduce<{ offset: number; size: number }[]>((joined, range) => {
      const last = joined.at(-1);
      if (last !== undefined && last.offset + last.size === range.offset) last.size += range.size;
      else joined.push({ ...range });
      return joined;
    }, []);
  }
}

/** A plan with addresses: run it with the work of one step. */
export interface BoundPlan {
  readonly run: (work: Work) => void;
  /** The run in two parts: the calls up to the one that makes `value`, and the others. */
  splitAfter(value: Value): readonly [Run, Run];
  /** Where a value's result is. Intermediate results are overwritten by later calls. */
  readonly addressOf: (value: Value) => Address;
  /** Writes the graph's constants again, after the region was used for something else. */
  readonly writeConstants: () => void;
  /** Kernel calls of one run with one subtree. */
  readonly calls: number;
}

/**
 * Puts a plan at `base` and makes its calls. Writes the graph's constants, once.
 * @param places where the values of `PlanOptions.placed` are
 */
export function bind(
  kernels: Kernels & Scratch,
  { order, offsets, fusions }: Plan,
  base: Address,
  places: ReadonlyMap<Value, Place>,
): BoundPlan {
  const addressOf = (value: Value): Address => {
    const placed = places.get(value);
    if (placed !== undefined) return placed.address;
    const [x] = value.inputs;
    if (value.op.alias === true && x !== undefined) return addressOf(x);
    const offset = offsets.get(value);
    if (offset === undefined)
      throw new RangeError(`bind: ${value.op.name} has no place; give one for every input`);
    return base + offset;
  };
  const writeConstants = (): void => {
    for (const value of order) {
      const data = constantData(value);
      if (data !== null) writeNumbers(kernels, addressOf(value), data.data);
    }
  };
  writeConstants();
  const runs: Run[] = [];
  const madeBy: Value[] = []; // which value each call makes
  for (const value of order) {
    const data = constantData(value);
    if (data !== null || isInput(value) || (value.op.alias === true && !places.has(value)))
      continue;
    const out: Operand = { address: addressOf(value), shape: value.shape };
    const fusion = fusions.get(value);
    const inputs = (fusion?.inputs ?? value.inputs).map((x): Operand => ({
      address: addressOf(x),
      shape: x.shape,
    }));
    madeBy.push(value);
    if (fusion !== undefined) runs.push(lowerFusion(kernels, fusion, out, inputs));
    else if (sumsRows(value))
      runs.push(lowerRows(kernels, value, out, inputs, places.get(value)?.stride ?? 0));
    else runs.push(lower(kernels, value, out, inputs));
  }
  return {
    addressOf,
    writeConstants,
    calls: runs.length,
    run: inOrder(runs),
    splitAfter: (value) => {
      const border = madeBy.indexOf(value) + 1;
      return [inOrder(runs.slice(0, border)), inOrder(runs.slice(border))];
    },
  };
}

function inOrder(runs: readonly Run[]): Run {
  return (work) => {
    for (const call of runs) call(work);
  };
}

function lower(
  kernels: Kernels & Scratch,
  value: Value,
  out: Operand,
  inputs: readonly Operand[],
): Run {
  const { op } = value;
  if (op.alias === true) return copyView(kernels, value, out, inputs);
  if (op.lower === undefined) throw new TypeError(`bind: ${op.name} has no kernel`);
  return op.lower(kernels, out, inputs, value.attrs);
}

/** A view that has a place of its own is a copy. */
function copyView(kernels: Kernels, value: Value, out: Operand, [x]: readonly Operand[]): Run {
  if (value.element === "i32")
    throw new RangeError(`bind: ${value.op.name} of i32 is a view and cannot be placed`);
  return elementwise(out, (n) => kernels.copy(1, n, x?.address ?? 0, n, 1, out.address, n, 1));
}

function lowerRows(
  kernels: Kernels & Scratch,
  value: Value,
  out: Operand,
  inputs: readonly Operand[],
  stride: number,
): Run {
  const { op } = value;
  if (op.lowerRows === undefined)
    throw new TypeError(`bind: ${op.name} cannot sum over the rows of a batch`);
  const call = op.lowerRows(kernels, out, inputs, value.attrs);
  return ({ subtrees }) => {
    for (let i = 0; i < subtrees.length; i += 1) {
      const subtree = subtrees[i];
      if (subtree !== undefined) call(subtree, subtree.slot * stride);
    }
  };
}

/** A view of n numbers of the kernels' type. */
export function realView(
  kernels: Kernels,
  address: Address,
  n: number,
): Float32Array | Float64Array {
  return kernels.bytes === 4
    ? new Float32Array(kernels.memory.buffer, address, n)
    : new Float64Array(kernels.memory.buffer, address, n);
}

/** Copies numbers into the memory: i32 as they are, others rounded to the kernels' type. */
export function writeNumbers(
  kernels: Kernels,
  address: Address,
  data: Float32Array | Float64Array | Int32Array,
): void {
  if (data instanceof Int32Array)
    new Int32Array(kernels.memory.buffer, address, data.length).set(data);
  else realView(kernels, address, data.length).set(data);
}
