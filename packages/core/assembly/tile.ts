// The inner loops of every matrix product: register tiles that run down one strip of columns.
//
// A tile holds eight or six vectors of sums. Each sum is one chain: +0, then ← sum + a·b for one p after the other, ascending;
// a chunk that does not hold all of a leaf's p leaves the chain in C and the next one takes it up there.
// A leaf is a run of p with a chain of its own. `leaf` points at its (length, merges) pair of i32; after the chain,
// `merges` times: sum ← (topmost sum of the stack) + sum. The last leaf is followed by length 0 and its sum goes to C;
// the sums of the others go on the stack.
import { LANES, real } from "./real";

/** Columns of a tile of 4 rows × 2 vectors. */
// @ts-ignore: decorator
@inline export const WIDTH: i32 = 2 * LANES;

/** Columns of a tile of 2 rows × 3 vectors. */
// @ts-ignore: decorator
@inline export const TRIPLE: i32 = 3 * LANES;

/** Bytes of one entry of a stack: the sums of a tile, eight vectors at most. */
// @ts-ignore: decorator
@inline export const TILE_BYTES: usize = 128;

/** Bytes of four elements: of one p in a packed strip of A. */
// @ts-ignore: decorator
@inline export const QUAD_BYTES: usize = 4 * sizeof<real>();

/** A long loop over p is cut to this length: measured to be faster, probably since the processor foresees where it ends. */
// @ts-ignore: decorator
@inline const RUN: i32 = 32;

// @ts-ignore: decorator
@inline function chain(sum: v128, x: v128, y: v128): v128 {
  return v128.add<real>(sum, v128.mul<real>(x, y));
}

/**
 * C[m, 2·LANES] by tiles of 4 rows × 2 vectors, for the next `count` ≥ 1 values of p.
 *
 * The current leaf is `leaf`, `left` ≥ 1 of its p are still to come, and its chain is in C if `resume`.
 * A[i, p] is at a + ⌊i/4⌋·aQuad + (i mod 4)·aRow + p·aStep bytes, B[p, :] at b + p·bStep, C[i, :] at c + i·cRow;
 * `stack` is the top of the stack of the first tile and the others' follow at multiples of stackStep.
 * `adjacent` says that four rows of A are always there, side by side: fewer addresses to keep, and faster.
 * `short` says that leaves are short and that no chain is in C: fewer cases, and the loop over p is not cut into runs.
 * `full` says that m is a multiple of 4; otherwise m < 4, and the last row is computed several times and stored as often.
 *
 * All tiles take a leaf before the next one, so that the branches of one fall as those of the tile before.
 */
// @ts-ignore: decorator
@inline
function wide(
  adjacent: bool, short: bool, full: bool,
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aQuad: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  const a2Row = full || m > 1 ? aRow : 0, a3Row = full || m > 2 ? aRow : 0;
  const c2Row = full || m > 1 ? cRow : 0, c3Row = full || m > 2 ? cRow : 0;
  const aSize = full ? <usize>(m >> 2) * aQuad : 1;
  for (;;) {
    const take = min(left, count);
    const merges = left <= count ? load<i32>(leaf, 4) : 0;
    const next = left <= count ? load<i32>(leaf, 8) : 0;
    let c0 = c, top = stack;
    for (let aTile = a, end = a + aSize; aTile < end; aTile += full ? aQuad : 1) {
      const c1 = c0 + c2Row, c2 = c1 + c3Row, c3 = full ? c2 + cRow : c2;
      let a0 = aTile, a1 = a0 + a2Row, a2 = a1 + a3Row, a3 = full ? a2 + aRow : a2;
      let bp = b;
      let s00 = v128.splat<real>(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
      if (!short && resume) {
        s00 = v128.load(c0), s01 = v128.load(c0, 16);
        s10 = v128.load(c1), s11 = v128.load(c1, 16);
        s20 = v128.load(c2), s21 = v128.load(c2, 16);
        s30 = v128.load(c3), s31 = v128.load(c3, 16);
      }
      for (const stop = a0 + <usize>take * aStep; a0 < stop; ) {
        for (const pause = adjacent && !short ? min(a0 + RUN * aStep, stop) : stop; a0 < pause; ) {
          const b0 = v128.load(bp), b1 = v128.load(bp, 16);
          let x = v128.load_splat<real>(a0);
          s00 = chain(s00, x, b0), s01 = chain(s01, x, b1);
          x = adjacent ? v128.load_splat<real>(a0, 1 * sizeof<real>()) : v128.load_splat<real>(a1);
          s10 = chain(s10, x, b0), s11 = chain(s11, x, b1);
          x = adjacent ? v128.load_splat<real>(a0, 2 * sizeof<real>()) : v128.load_splat<real>(a2);
          s20 = chain(s20, x, b0), s21 = chain(s21, x, b1);
          x = adjacent ? v128.load_splat<real>(a0, 3 * sizeof<real>()) : v128.load_splat<real>(a3);
          s30 = chain(s30, x, b0), s31 = chain(s31, x, b1);
          a0 += aStep, a1 += aStep, a2 += aStep, a3 += aStep, bp += bStep;
        }
      }
      let at = top;
      for (let merge = merges; merge > 0; --merge) {
        at -= TILE_BYTES;
        s00 = v128.add<real>(v128.load(at), s00), s01 = v128.add<real>(v128.load(at, 16), s01);
        s10 = v128.add<real>(v128.load(at, 32), s10), s11 = v128.add<real>(v128.load(at, 48), s11);
        s20 = v128.add<real>(v128.load(at, 64), s20), s21 = v128.add<real>(v128.load(at, 80), s21);
        s30 = v128.add<real>(v128.load(at, 96), s30), s31 = v128.add<real>(v128.load(at, 112), s31);
      }
      if (next > 0) {
        v128.store(at, s00), v128.store(at, s01, 16), v128.store(at, s10, 32), v128.store(at, s11, 48);
        v128.store(at, s20, 64), v128.store(at, s21, 80), v128.store(at, s30, 96), v128.store(at, s31, 112);
      } else {
        v128.store(c0, s00), v128.store(c0, s01, 16);
        v128.store(c1, s10), v128.store(c1, s11, 16);
        v128.store(c2, s20), v128.store(c2, s21, 16);
        v128.store(c3, s30), v128.store(c3, s31, 16);
      }
      c0 = c3 + cRow, top += stackStep;
    }
    count -= take;
    if (count == 0) return;
    a += <usize>take * aStep, b += <usize>take * bStep;
    stack += TILE_BYTES - <usize>merges * TILE_BYTES;
    leaf += 8, left = next, resume = false;
  }
}

/** As `wide`, for any A and a multiple of 4 rows. */
function directQuads(
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aQuad: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  wide(false, false, true, m, count, leaf, left, resume, a, aRow, aQuad, aStep, b, bStep, c, cRow, stack, stackStep);
}

/** As `wide`, for A packed in strips of four rows and a multiple of 4 rows. */
function packedQuads(
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aQuad: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  wide(true, false, true, m, count, leaf, left, resume, a, sizeof<real>(), aQuad, QUAD_BYTES, b, bStep, c, cRow, stack, stackStep);
}

/** As `wide`, for A packed in strips of four rows and a multiple of 4 rows, where leaves are short. */
function packedShortQuads(
  m: i32, count: i32, leaf: usize, left: i32, 
  a: usize, aQuad: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  wide(true, true, true, m, count, leaf, left, false, a, sizeof<real>(), aQuad, QUAD_BYTES, b, bStep, c, cRow, stack, stackStep);
}

/** As `wide`, for fewer than 4 rows. */
function lastRows(
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  wide(false, false, false, m, count, leaf, left, resume, a, aRow, 0, aStep, b, bStep, c, cRow, stack, stackStep);
}

/** As `wide`, for any number of rows; A is packed in strips of four rows where `adjacent`. */
export function wideStrip(
  adjacent: bool,
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aQuad: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  const quads = <usize>(m >> 2), rest = m & 3;
  if (!adjacent) directQuads(m - rest, count, leaf, left, resume, a, aRow, aQuad, aStep, b, bStep, c, cRow, stack, stackStep);
  else if (resume || left > 2 * RUN) packedQuads(m - rest, count, leaf, left, resume, a, aQuad, b, bStep, c, cRow, stack, stackStep);
  else packedShortQuads(m - rest, count, leaf, left, a, aQuad, b, bStep, c, cRow, stack, stackStep);
  if (rest == 0) return;
  a += quads * aQuad, c += quads * 4 * cRow, stack += quads * stackStep;
  lastRows(rest, count, leaf, left, resume, a, aRow, aStep, b, bStep, c, cRow, stack, stackStep);
}

/** Row 0's number in the first half, row 1's in the second, from vectors that hold one number each. */
// @ts-ignore: decorator
@inline function halves(x: v128, y: v128): v128 {
  return sizeof<real>() == 4 ? v128.shuffle<f32>(x, y, 0, 1, 6, 7) : v128.shuffle<f64>(x, y, 0, 3);
}

/**
 * As `wide`, by tiles of 2 rows × 3 vectors: for a remainder of columns that would fill less than half of a wide tile.
 * The third vector of C[i, :] is at d + i·dRow. (3 × 3 vectors do not fit the registers.)
 * `half` says that no more than half of the third vector counts: then one vector has it for both rows.
 */
// @ts-ignore: decorator
@inline
function triple(
  half: bool,
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aQuad: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize, d: usize, dRow: usize,
  stack: usize, stackStep: usize,
): void {
  for (;;) {
    const take = min(left, count);
    const merges = left <= count ? load<i32>(leaf, 4) : 0;
    const next = left <= count ? load<i32>(leaf, 8) : 0;
    let aTile = a, c0 = c, d0 = d, top = stack;
    for (let i = 0; i < m; i += 2) {
      const i1 = <usize>min(1, m - 1 - i);
      const c1 = c0 + i1 * cRow, d1 = d0 + i1 * dRow;
      let a0 = aTile + <usize>(i & 2) * aRow, a1 = a0 + i1 * aRow;
      let bp = b;
      let s00 = v128.splat<real>(0), s01 = s00, s02 = s00, s10 = s00, s11 = s00, s12 = s00;
      if (resume) {
        s00 = v128.load(c0), s01 = v128.load(c0, 16);
        s10 = v128.load(c1), s11 = v128.load(c1, 16);
        if (half) s02 = v128.load_lane<u64>(d1, v128.load64_zero(d0), 1);
        else s02 = v128.load(d0), s12 = v128.load(d1);
      }
      for (const stop = a0 + <usize>take * aStep; a0 < stop; ) {
        const b0 = v128.load(bp), b1 = v128.load(bp, 16), b2 = half ? v128.load_splat<u64>(bp, 32) : v128.load(bp, 32);
        const x0 = v128.load_splat<real>(a0), x1 = v128.load_splat<real>(a1);
        s00 = chain(s00, x0, b0), s01 = chain(s01, x0, b1);
        s10 = chain(s10, x1, b0), s11 = chain(s11, x1, b1);
        if (half) s02 = chain(s02, halves(x0, x1), b2);
        else s02 = chain(s02, x0, b2), s12 = chain(s12, x1, b2);
        a0 += aStep, a1 += aStep, bp += bStep;
      }
      let at = top;
      for (let merge = merges; merge > 0; --merge) {
        at -= TILE_BYTES;
        s00 = v128.add<real>(v128.load(at), s00), s01 = v128.add<real>(v128.load(at, 16), s01);
        s02 = v128.add<real>(v128.load(at, 32), s02);
        s10 = v128.add<real>(v128.load(at, 48), s10), s11 = v128.add<real>(v128.load(at, 64), s11);
        if (!half) s12 = v128.add<real>(v128.load(at, 80), s12);
      }
      if (next > 0) {
        v128.store(at, s00), v128.store(at, s01, 16), v128.store(at, s02, 32);
        v128.store(at, s10, 48), v128.store(at, s11, 64);
        if (!half) v128.store(at, s12, 80);
      } else {
        v128.store(c0, s00), v128.store(c0, s01, 16);
        v128.store(c1, s10), v128.store(c1, s11, 16);
        if (half) {
          v128.store_lane<u64>(d0, s02, 0);
          v128.store_lane<u64>(d1, s02, 1);
        } else v128.store(d0, s02), v128.store(d1, s12);
      }
      if (i & 2) aTile += aQuad;
      c0 += 2 * cRow, d0 += 2 * dRow, top += stackStep;
    }
    count -= take;
    if (count == 0) return;
    a += <usize>take * aStep, b += <usize>take * bStep;
    stack += TILE_BYTES - <usize>merges * TILE_BYTES;
    leaf += 8, left = next, resume = false;
  }
}

/** As `triple`; only `third` columns of the third vector count. */
export function tripleStrip(
  third: i32,
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aQuad: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize, d: usize, dRow: usize,
  stack: usize, stackStep: usize,
): void {
  if (third <= LANES / 2) triple(true, m, count, leaf, left, resume, a, aRow, aQuad, aStep, b, bStep, c, cRow, d, dRow, stack, stackStep);
  else triple(false, m, count, leaf, left, resume, a, aRow, aQuad, aStep, b, bStep, c, cRow, d, dRow, stack, stackStep);
}
