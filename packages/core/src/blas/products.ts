// The kernels that a matrix library takes over. Every result has the bits of one call a shard, merged by the tree;
// where a library gives these bits for the rows of several shards too, a call takes all that a worker has.
import { SCRATCH_BYTES, type Address, type KernelExports, type Kernels } from "../kernels.js";
import { multiplyRows, sumLeaves, waitingSums, type MultiplyOver, type SumCut } from "./calls.js";
import { alignmentOf, cutsAgree, rowsAgree, type ProductShape } from "./trial.js";

type ProductKernels = Pick<KernelExports, "gemm" | "gemmTree">;

/** The kernels that a BLAS takes over. */
export interface Products extends ProductKernels {
  /** Kernels that leave every number as it is, and only try how such products may be called. */
  readonly trials: ProductKernels;
}

/** How the rows of a batch are cut into calls. */
export interface Calls {
  /** Rows of a shard, but for the last one. */
  readonly rows: number;
  /** Shards of a batch: more than these are never summed. */
  readonly shards: number;
}

/**
 * Weights with fewer elements than this are multiplied by Wasm: a call costs more than the product. It is fixed, and
 * looks at the model's shape only, never at the rows, so that a row's result does not depend on the rows beside it.
 */
const FEWEST_ELEMENTS = 512;

/** Weights with more elements are multiplied shard by shard: a trial would need as much memory again. */
const MOST_TRIED_ELEMENTS = 1 << 24;

/** OpenBLAS packs neither matrix for a product of at most so many multiplications. */
const UNPACKED_PRODUCTS = 1e6;

/** Elements of a gradient that stay in cache while they are summed. */
const BLOCK_ELEMENTS = 1 << 15;

/** Rows of a gradient for which packing pays. */
const PACKED_ROWS = 256;

/** Elements of a gradient that are multiplied together where they need not stay in cache. */
const MOST_BLOCK_ELEMENTS = SCRATCH_BYTES / 4;

/**
 * Products by a library over the kernels' memory.
 * @param merge whether to try out fewer calls; never changes a bit
 */
export function productsBy(
  kernels: Kernels,
  multiplyOver: MultiplyOver,
  merge = true,
): (calls: Calls) => Products {
  const { buffer } = kernels.memory;
  const multiply = multiplyOver(buffer);
  const words = new Int32Array(buffer);
  const addTo = (n: number, x: number, y: number): void => {
    kernels.add(1, n, x, 0, 1, y, 0, 1, x);
  };

  return (calls) => {
    const triedRowsOf = merge ? triedRows(multiplyOver, calls) : () => calls.rows;
    const givenOf = givenCuts(calls);
    const triedCutOf = merge ? triedCuts(multiplyOver) : (given: SumCut) => given;
    /** Rows of a call, null for a product that stays with the kernels. */
    const rowsOf: (...product: GemmArguments) => number | null = (
      m,
      n,
      k,
      a,
      aRow,
      aColumn,
      b,
      bRow,
      bColumn,
      c,
    ) =>
      n * k < FEWEST_ELEMENTS ? null : triedRowsOf(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c);
    /** How a gradient is cut, null for one that stays with the kernels. */
    const cutOf = (
      program: Address,
      m: number,
      n: number,
      a: Address,
      b: Address,
      c: Address,
    ): SumCut | null => {
      const [at, given] = [program >> 2, givenOf(n)];
      return m * n < FEWEST_ELEMENTS || given.block === 0 || words[at] === 0
        ? null
        : triedCutOf(given, words, at, m, n, a, b, c);
    };
    return {
      gemm: (m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, scratch) => {
        const rows = rowsOf(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c);
        if (rows === null) kernels.gemm(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, scratch);
        else multiplyRows(multiply, rows, m, n, k, a, aRow, aColumn, b, bRow, bColumn, c);
      },
      gemmTree: (program, m, n, a, b, c, scratch) => {
        const cut = cutOf(program, m, n, a, b, c);
        if (cut === null) kernels.gemmTree(program, m, n, a, b, c, scratch);
        else sumLeaves(multiply, addTo, cut, words, program >> 2, m, m, n, a, b, c, scratch);
      },
      trials: { gemm: rowsOf, gemmTree: cutOf },
    };
  };
}

/** What `gemm` is given, but for its working space. */
type GemmArguments =
  Parameters<KernelExports["gemm"]> extends [...infer Given, scratch: Address] ? Given : never;

/** Rows of a call: all m where that was tried and gives the same bits, else those of a shard. Each shape is tried once. */
function triedRows(
  multiplyOver: MultiplyOver,
  { rows }: Calls,
): (...product: GemmArguments) => number {
  const tried: { shape: ProductShape; rows: number }[] = [];
  return (m, n, k, a, aRow, aColumn, b, bRow, bColumn, c) => {
    if (m <= rows) return rows;
    const alignment = alignmentOf(a, b, c);
    for (let i = 0; i < tried.length; i += 1) {
      const one = tried[i];
      if (one === undefined) break;
      const { shape } = one;
      if (
        shape.m === m &&
        shape.n === n &&
        shape.k === k &&
        shape.aRow === aRow &&
        shape.aColumn === aColumn &&
        shape.bRow === bRow &&
        shape.bColumn === bColumn &&
        shape.alignment === alignment
      )
        return one.rows;
    }
    const shape = { m, n, k, aRow, aColumn, bRow, bColumn, alignment };
    const agree = n * k <= MOST_TRIED_ELEMENTS && rowsAgree(multiplyOver, rows, shape);
    tried.push({ shape, rows: agree ? m : rows });
    return agree ? m : rows;
  };
}

/** The cut that says what the bits of a gradient are. */
interface GivenCut extends SumCut {
  /** Whether blocks are large, so that the library packs them. */
  readonly packed: boolean;
}

/** How gradients of n columns are cut, by definition; a block of 0 where there is not room for a row. */
function givenCuts(calls: Calls): (n: number) => GivenCut {
  const cuts = new Map<number, GivenCut>();
  return (n) => {
    let cut = cuts.get(n);
    if (cut === undefined) {
      cut = givenCut(n, calls);
      cuts.set(n, cut);
    }
    return cut;
  };
}

/**
 * Blocks stay in a core's own cache while the shards are summed: few enough rows for OpenBLAS to multiply a shard without
 * packing it, or many if that takes too few.
 */
function givenCut(n: number, { rows, shards }: Calls): GivenCut {
  const waiting = Math.max(1, 32 - Math.clz32(shards - 1)); // ⌈log₂ shards⌉ sums besides the one in place
  const room = Math.floor(SCRATCH_BYTES / 4 / n / waiting);
  const unpacked = Math.floor(Math.min(BLOCK_ELEMENTS, UNPACKED_PRODUCTS / rows) / n);
  const packed = unpacked < 32;
  const block = Math.min(room, packed ? PACKED_ROWS : unpacked);
  return { block: block < 16 ? block : block & ~15, packed, adding: false }; // whole vectors
}

/** A cut that was tried for a row program. */
interface TriedCut {
  readonly m: number;
  readonly n: number;
  readonly alignment: number;
  readonly program: Int32Array;
  readonly cut: SumCut;
}

/**
 * The cut in which the library itself adds one shard's product to another's, and packs larger blocks, where that was tried
 * and gives the same bits, else the given one. Each shape and row program is tried once.
 */
function triedCuts(
  multiplyOver: MultiplyOver,
): (
  given: GivenCut,
  words: Int32Array,
  at: number,
  m: number,
  n: number,
  a: Address,
  b: Address,
  c: Address,
) => SumCut {
  const tried: TriedCut[] = [];
  return (given, words, at, m, n, a, b, c) => {
    const alignment = alignmentOf(a, b, c);
    for (let i = 0; i < tried.length; i += 1) {
      const one = tried[i];
      if (
        one !== undefined &&
        one.m === m &&
        one.n === n &&
        one.alignment === alignment &&
        begins(words, at, one.program)
      )
        return one.cut;
    }
    const leaves = countLeaves(words, at);
    const waiting = Math.max(1, waitingSums(words, at, true));
    const most = Math.floor(MOST_BLOCK_ELEMENTS / n / waiting);
    const blocks = given.packed
      ? Math.max(1, Math.min(Math.floor(most / given.block), Math.ceil(m / given.block)))
      : 1;
    const wanted = { block: blocks * given.block, adding: true };
    const other = leaves > 1 || blocks > 1;
    const agree = other && cutsAgree(multiplyOver, given, wanted, words, at, m, n, alignment);
    const cut = agree ? wanted : given;
    const program = words.slice(at, at + 2 * leaves + 1);
    tried.push({ m, n, alignment, program, cut });
    return cut;
  };
}

/** Leaves of the row program at `words[at]`. */
function countLeaves(words: Int32Array, at: number): number {
  let leaves = 0;
  while ((words[at + 2 * leaves] ?? 0) !== 0) leaves += 1;
  return leaves;
}

/** Whether the words from `at` on begin with these. */
function begins(words: Int32Array, at: number, program: Int32Array): boolean {
  for (let i = 0; i < program.length; i += 1) if (words[at + i] !== program[i]) return false;
  return true;
}
