// The memory of this thread for evaluations: one a number type, reused by every one of them.
import { loadKernels, SCRATCH_BYTES, type Address, type Dtype, type Kernels } from "./kernels.js";
import { align } from "./planner.js";
import type { Scratch } from "./value.js";

const PAGE = 65536;
const MOST_PAGES = 65536;
// Address 0 ends reduce tables, so nothing lives there.
const START = 64;

/** Evaluations are synchronous and never overlap, so all of them use the same bytes. */
interface Workspace {
  readonly kernels: Kernels & Scratch;
  /** Where the free bytes begin: behind the scratch space. */
  readonly base: Address;
  busy: boolean;
}

const workspaces = new Map<Dtype, Workspace>();

function workspace(dtype: Dtype): Workspace {
  let space = workspaces.get(dtype);
  if (space === undefined) {
    const base = align(START + SCRATCH_BYTES);
    const initial = Math.ceil(base / PAGE);
    const memory = new WebAssembly.Memory({ initial, maximum: MOST_PAGES, shared: true });
    space = { kernels: { ...loadKernels(dtype, memory), scratch: START }, base, busy: false };
    workspaces.set(dtype, space);
  }
  return space;
}

/**
 * Calls f with kernels and the address of `bytes` free bytes of this thread's own memory; the same address for every
 * call with this number type. Throws Error when f, or code that it calls, needs the workspace again.
 */
export function withWorkspace<Result>(
  dtype: Dtype,
  bytes: number,
  f: (k: Kernels & Scratch, at: Address) => Result,
): Result {
  const space = workspace(dtype);
  if (space.busy)
    throw new Error(
      "evaluate: a graph is being evaluated on this thread already; an op's forward computes with its arrays alone",
    );
  const { memory } = space.kernels;
  const missing = space.base + bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  space.busy = true;
  try {
    return f(space.kernels, space.base);
  } finally {
    space.busy = false;
  }
}
