// Matrix products: blocks C so that what the tiles read stays in the caches, and packs what they would read badly.
//
// A plain product is a tree product of one leaf. Whatever is packed, blocked or padded, each element of C and leaf is the
// one chain that tile.ts describes, and leaves are merged as the program says: the bits depend on nothing else.
import { pack } from "./pack";
import { LANES, real } from "./real";
import { QUAD_BYTES, TILE_BYTES, TRIPLE, tripleStrip, WIDTH, wideStrip } from "./tile";

// @ts-ignore: decorator
@inline const BYTES: usize = sizeof<real>();

// Most p, columns and rows of a block: a strip of B and four rows of A stay in L1, a panel of B and a block of A in L2.
// @ts-ignore: decorator
@inline const DEPTH: i32 = 512;
// @ts-ignore: decorator
@inline const PANEL: i32 = 96 * LANES;
// @ts-ignore: decorator
@inline const ROWS: i32 = 32;

/** B is read where it is by products of at most this many rows: packing it would cost more than it saves. */
// @ts-ignore: decorator
@inline const DIRECT_ROWS: i32 = 32;
/** And of twice as many where a row of B has at most so many bytes: longer ones fall on few lines of L1. */
// @ts-ignore: decorator
@inline const DIRECT_ROW_BYTES: usize = 1024;
/** Likewise A by products of at most this many columns, and Aᵀ. */
// @ts-ignore: decorator
@inline const DIRECT_COLUMNS: i32 = 64;
// @ts-ignore: decorator
@inline const DIRECT_COLUMNS_T: i32 = 2 * WIDTH;

/** C of at most so many columns is computed as Cᵀ = Bᵀ·Aᵀ: a tile has fewer rows than columns. */
// @ts-ignore: decorator
@inline const NARROW: i32 = 4;
/** So many rows of it at a time. */
// @ts-ignore: decorator
@inline const TURNED_ROWS: i32 = 1024;

/** Bytes of a row of the columns of C that fill no vector. */
// @ts-ignore: decorator
@inline const EDGE_ROW: usize = 32;

// The parts of scratch, as offsets in bytes: the program of a plain product; the edge of C; the packed block of A; the packed
// panel of B; the stacks; Cᵀ. Together 1.5 MiB at most, which SCRATCH_BYTES must hold.
// @ts-ignore: decorator
@inline const EDGE: usize = 16;
// @ts-ignore: decorator
@inline const BLOCK: usize = EDGE + ROWS * EDGE_ROW;
// @ts-ignore: decorator
@inline const STRIPS: usize = BLOCK + ROWS * DEPTH * BYTES;
// @ts-ignore: decorator
@inline const STACKS: usize = STRIPS + PANEL * DEPTH * BYTES;
// @ts-ignore: decorator
@inline const STACK_BYTES: usize = 512 << 10;
// @ts-ignore: decorator
@inline const TURNED: usize = STACKS + STACK_BYTES;

/** C[m, n] = A·B; see KernelExports. */
export function gemm(
  m: i32, n: i32, k: i32,
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bColumn: i32,
  c: usize, scratch: usize,
): void {
  store<i32>(scratch, k);
  store<i32>(scratch, 0, 4);
  store<i32>(scratch, 0, 8);
  product(
    scratch, m, n,
    a, <usize>aRow * BYTES, <usize>aColumn * BYTES,
    b, <usize>bRow * BYTES, <usize>bColumn * BYTES,
    c, scratch,
  );
}

/** C[m, n] = Σ over rows r of a[r, :]ᵀ·b[r, :] by the tree of `program`; see KernelExports. */
export function gemmTree(program: usize, m: i32, n: i32, a: usize, b: usize, c: usize, scratch: usize): void {
  product(program, m, n, a, BYTES, <usize>m * BYTES, b, <usize>n * BYTES, BYTES, c, scratch);
}

/** C[m, n] = A·B, strides in bytes, the p cut into leaves and their sums merged as `program` says. */
function product(
  program: usize, m: i32, n: i32,
  a: usize, aRow: usize, aColumn: usize,
  b: usize, bRow: usize, bColumn: usize,
  c: usize, scratch: usize,
): void {
  if (n > NARROW || m < WIDTH) {
    productByBlocks(program, m, n, a, aRow, aColumn, b, bRow, bColumn, c, scratch);
    return;
  }
  for (let i = 0; i < m; i += TURNED_ROWS) {
    const rows = min(TURNED_ROWS, m - i);
    const turned = n == 1 ? c : scratch + TURNED;
    productByBlocks(program, n, rows, b, bColumn, bRow, a, aColumn, aRow, turned, scratch);
    if (n > 1) turn(rows, n, turned, c);
    a += <usize>rows * aRow;
    c += <usize>(rows * n) * BYTES;
  }
}

/** Copies turned[n, rows] to C[rows, n]. */
function turn(rows: i32, n: i32, turned: usize, c: usize): void {
  for (let j = 0; j < n; j++) {
    let to = c;
    for (const end = turned + <usize>rows * BYTES; turned < end; turned += BYTES) {
      store<real>(to, load<real>(turned));
      to += <usize>n * BYTES;
    }
    c += BYTES;
  }
}

/** As `product`, for C that is not narrow. */
function productByBlocks(
  program: usize, m: i32, n: i32,
  a: usize, aRow: usize, aColumn: usize,
  b: usize, bRow: usize, bColumn: usize,
  c: usize, scratch: usize,
): void {
  let k = 0, height = 0, deepest = 0;
  for (let leaf = program, size = load<i32>(leaf); size > 0; leaf += 8, size = load<i32>(leaf)) {
    k += size;
    deepest = max(deepest, height);
    height += 1 - load<i32>(leaf, 4);
  }
  const cRow = <usize>n * BYTES;
  if (k == 0 || n == 0) {
    memory.fill(c, 0, <usize>m * cRow);
    return;
  }
  const packA = n > (aColumn == BYTES ? DIRECT_COLUMNS : DIRECT_COLUMNS_T);
  const packB = bColumn != BYTES || m > (bRow > DIRECT_ROW_BYTES ? DIRECT_ROWS : 2 * DIRECT_ROWS);
  const depth = evenly(k, DEPTH, 4);
  // Tiles of one strip that are worked on together have a stack each. If p takes several blocks, all tiles keep theirs from
  // block to block, and C is done by as many rows as have room for that.
  const stackStep = <usize>deepest * TILE_BYTES;
  const kept = depth < k ? stackStep : 0;
  const panel = evenly(n, PANEL, WIDTH);
  const most = kept == 0 ? m : max(8, <i32>(STACK_BYTES / (<usize>(panel / WIDTH + 1) * kept)) * 4 & ~7);

  for (let j = 0; j < n; j += panel) {
    const columns = min(panel, n - j);
    const rest = remainder(columns), whole = columns - rest;
    for (let i = 0; i < m; i += most) {
      const rows = min(most, m - i);
      const stackColumn = <usize>(((rows + 7) & ~7) >> 2) * kept;
      let leaf = program, left = load<i32>(leaf), resume = false;
      let stack = scratch + STACKS;
      for (let p = 0; p < k; p += depth) {
        const count = min(depth, k - p);
        const bp = b + <usize>p * bRow + <usize>j * bColumn;
        const strips = scratch + STRIPS, last = strips + <usize>(whole * count) * BYTES;
        if (packB) pack(count, whole, 2, bp, bColumn, bRow, strips);
        pack(count, rest, rest > WIDTH ? 3 : 2, bp + <usize>whole * bColumn, bColumn, bRow, last);
        for (let h = 0; h < rows; h += ROWS) {
          const some = min(ROWS, rows - h);
          const cp = c + <usize>(i + h) * cRow + <usize>j * BYTES;
          let ap = a + <usize>(i + h) * aRow + <usize>p * aColumn;
          let apRow = aRow, apQuad = 4 * aRow, apStep = aColumn;
          if (packA) {
            pack(count, some, 4 / LANES, ap, aRow, aColumn, scratch + BLOCK);
            ap = scratch + BLOCK, apRow = BYTES, apQuad = <usize>count * QUAD_BYTES, apStep = QUAD_BYTES;
          }
          let top = stack + <usize>(h >> 2) * kept;
          for (let q = 0; q < whole; q += WIDTH) {
            const cq = cp + <usize>q * BYTES;
            const bq = packB ? strips + <usize>(q * count) * BYTES : bp + <usize>q * BYTES;
            const bStep = packB ? WIDTH * BYTES : bRow;
            wideStrip(packA, some, count, leaf, left, resume, ap, apRow, apQuad, apStep, bq, bStep, cq, cRow, top, stackStep);
            top += stackColumn;
          }
          if (rest > 0) {
            // The columns that fill no vector go through an edge of their own. Its stacks take two strips' room.
            top += <usize>(h >> 2) * kept;
            const edge = scratch + EDGE;
            const triple = rest > WIDTH;
            const inside = triple ? WIDTH : 0;
            const cq = cp + <usize>whole * BYTES, ce = cq + <usize>inside * BYTES;
            if (resume) copyEdge(some, rest - inside, ce, cRow, edge, EDGE_ROW);
            if (triple) {
              tripleStrip(rest - inside, some, count, leaf, left, resume, ap, apRow, apQuad, apStep, last, TRIPLE * BYTES,
                cq, cRow, edge, EDGE_ROW, top, stackStep);
            } else {
              wideStrip(packA, some, count, leaf, left, resume, ap, apRow, apQuad, apStep, last, WIDTH * BYTES,
                edge, EDGE_ROW, top, stackStep);
            }
            copyEdge(some, rest - inside, edge, EDGE_ROW, ce, cRow);
          }
        }
        // Where in the program the next block begins.
        let over = count;
        while (left > 0 && over >= left) {
          over -= left;
          stack += TILE_BYTES - <usize>load<i32>(leaf, 4) * TILE_BYTES;
          leaf += 8;
          left = load<i32>(leaf);
        }
        left -= over;
        resume = over > 0;
      }
    }
  }
}

/** The length of blocks, at most `most` and a multiple of `unit`, of which as few as possible share `total` > 0 evenly. */
function evenly(total: i32, most: i32, unit: i32): i32 {
  const blocks = (total + most - 1) / most;
  return ((total + blocks - 1) / blocks + unit - 1) / unit * unit;
}

/** How many of so many columns are left to a last strip of another shape or to one that is not full. */
function remainder(columns: i32): i32 {
  const rest = columns % WIDTH;
  return rest > 0 && rest <= LANES && columns > WIDTH ? rest + WIDTH : rest;
}

/** Copies rows that are narrower than a vector or two, out of C or back. */
function copyEdge(rows: i32, columns: i32, source: usize, sourceRow: usize, target: usize, targetRow: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < <usize>columns * BYTES; j += BYTES) store<real>(target + j, load<real>(source + j));
    source += sourceRow;
    target += targetRow;
  }
}
