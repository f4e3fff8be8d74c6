// Matrix products: blocks C so that what the tiles read stays in the caches, and packs what they would read badly.
//
// A plain product is a tree product of one leaf. Whatever is packed, blocked or padded, each element of C and leaf is the
// one chain that tile.ts describes, and leaves are merged as the program says: the bits depend on nothing else.
import { packPanel } from "./pack";
import { LANES, real } from "./real";
import { narrowStrip, NARROW_ROWS, TILE_BYTES, WIDTH, wideStrip } from "./tile";

// @ts-ignore: decorator
@inline const BYTES: usize = sizeof<real>();

// Blocks of p, of columns and of rows: a strip of B and four rows of A stay in L1, a panel of B and a block of A in L2.
// @ts-ignore: decorator
@inline const DEPTH: i32 = 512;
// @ts-ignore: decorator
@inline const PANEL: i32 = 64 * LANES;
// @ts-ignore: decorator
@inline const ROWS: i32 = 64;

/** B is read where it is by products of at most this many rows: packing it would cost more than it saves. */
// @ts-ignore: decorator
@inline const DIRECT_ROWS: i32 = 24;
/** Likewise Aᵀ by products of at most this many columns. */
// @ts-ignore: decorator
@inline const DIRECT_COLUMNS: i32 = 2 * WIDTH;

// The parts of scratch, as offsets in bytes.
// @ts-ignore: decorator
@inline const EDGE: usize = 16;
// @ts-ignore: decorator
@inline const BLOCK: usize = EDGE + ROWS * WIDTH * BYTES;
// @ts-ignore: decorator
@inline const STRIPS: usize = BLOCK + ROWS * DEPTH * BYTES;
// @ts-ignore: decorator
@inline const STACKS: usize = STRIPS + PANEL * DEPTH * BYTES;
// @ts-ignore: decorator
@inline const STACK_BYTES: usize = 512 << 10;

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

/** C[m, n] = A·B, strides in bytes, the p of the leaves summed by the tree of `program`. */
function product(
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
  if (k == 0) {
    memory.fill(c, 0, <usize>m * cRow);
    return;
  }
  // When p takes several blocks, the stack of every tile lives from block to block; otherwise the tiles share one.
  const stackBytes = k > DEPTH ? <usize>deepest * TILE_BYTES : 0;
  const most = stackBytes == 0 ? m : max(8, <i32>(STACK_BYTES / (<usize>(PANEL / WIDTH) * stackBytes)) * 4 & ~7);
  const packA = aRow == BYTES && aColumn != BYTES && n > DIRECT_COLUMNS;
  const packB = bColumn != BYTES || m > DIRECT_ROWS;
  const blocks = (k + DEPTH - 1) / DEPTH;
  const depth = ((k + blocks - 1) / blocks + 3) & ~3;

  for (let j = 0; j < n; j += PANEL) {
    const columns = min(PANEL, n - j);
    for (let i = 0; i < m; i += most) {
      const rows = min(most, m - i);
      const stackColumn = <usize>((rows + 7 & ~7) >> 2) * stackBytes;
      let leaf = program, left = load<i32>(leaf), resume = false;
      let stack = scratch + STACKS;
      for (let p = 0; p < k; p += depth) {
        const count = min(depth, k - p);
        const bp = b + <usize>p * bRow + <usize>j * bColumn;
        packStrips(count, columns, bp, bRow, bColumn, packB, scratch + STRIPS);
        for (let h = 0; h < rows; h += ROWS) {
          const some = min(ROWS, rows - h);
          let ap = a + <usize>(i + h) * aRow + <usize>p * aColumn;
          let apRow = aRow, apQuad = 4 * aRow, apStep = aColumn;
          if (packA) {
            packQuads(count, some, ap, aRow, aColumn, scratch + BLOCK);
            ap = scratch + BLOCK;
            apRow = BYTES, apQuad = <usize>count * 4 * BYTES, apStep = 4 * BYTES;
          }
          const cp = c + <usize>(i + h) * cRow + <usize>j * BYTES;
          const stackRow = stack + <usize>(h >> 2) * stackBytes;
          let q = 0, strip = scratch + STRIPS, stackStrip = stackRow;
          for (; q + WIDTH <= columns; q += WIDTH) {
            if (packB) {
              wideStrip(some, count, leaf, left, resume, ap, apRow, apQuad, apStep, strip, WIDTH * BYTES,
                cp + <usize>q * BYTES, cRow, stackStrip, stackBytes);
            } else {
              wideStrip(some, count, leaf, left, resume, ap, apRow, apQuad, apStep, bp + <usize>q * BYTES, bRow,
                cp + <usize>q * BYTES, cRow, stackStrip, stackBytes);
            }
            strip += <usize>(count * WIDTH) * BYTES;
            stackStrip += stackColumn;
          }
          if (q < columns) {
            const edge = scratch + EDGE;
            if (resume) copyEdge(some, columns - q, cp + <usize>q * BYTES, cRow, edge, WIDTH * BYTES);
            const octets = columns - q > LANES ? 0 : some & ~(NARROW_ROWS - 1);
            narrowStrip(octets, count, leaf, left, resume, ap, apRow, apQuad, apStep, strip, WIDTH * BYTES,
              edge, WIDTH * BYTES, stackStrip, 2 * stackBytes);
            wideStrip(some - octets, count, leaf, left, resume, ap + <usize>(octets >> 2) * apQuad, apRow, apQuad, apStep,
              strip, WIDTH * BYTES, edge + <usize>(octets * WIDTH) * BYTES, WIDTH * BYTES,
              stackStrip + <usize>(octets >> 2) * stackBytes, stackBytes);
            copyEdge(some, columns - q, edge, WIDTH * BYTES, cp + <usize>q * BYTES, cRow);
          }
        }
        let rest = count;
        while (rest >= left) {
          rest -= left;
          stack += TILE_BYTES - <usize>load<i32>(leaf, 4) * TILE_BYTES;
          leaf += 8;
          left = load<i32>(leaf);
          if (left == 0) break;
        }
        left -= rest;
        resume = rest > 0;
      }
    }
  }
}

/** Packs `columns` columns of B as strips of WIDTH; the last one is padded with zeros. Without `all`, only that one. */
function packStrips(count: i32, columns: i32, b: usize, bRow: usize, bColumn: usize, all: bool, target: usize): void {
  for (let j = 0; j < columns; j += WIDTH) {
    const width = min(WIDTH, columns - j);
    if (all || width < WIDTH) packPanel(count, width, 2, b, bColumn, bRow, target);
    b += <usize>WIDTH * bColumn;
    target += <usize>(count * WIDTH) * BYTES;
  }
}

/** Packs `rows` rows of A as strips of four. */
function packQuads(count: i32, rows: i32, a: usize, aRow: usize, aColumn: usize, target: usize): void {
  for (let i = 0; i < rows; i += 4) {
    packPanel(count, min(4, rows - i), 4 / LANES, a, aRow, aColumn, target);
    a += 4 * aRow;
    target += <usize>(count * 4) * BYTES;
  }
}

/** Copies a piece of C that is narrower than a tile, out of C or back. */
function copyEdge(rows: i32, columns: i32, source: usize, sourceRow: usize, target: usize, targetRow: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < <usize>columns * BYTES; j += BYTES) store<real>(target + j, load<real>(source + j));
    source += sourceRow;
    target += targetRow;
  }
}
