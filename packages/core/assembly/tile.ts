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

/** The loop over p is cut to this length: measured to be faster, probably since the processor foresees where it ends. */
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
 *
 * Where fewer than 4 rows are left, the last one is computed several times and stored as often.
 */
// @ts-ignore: decorator
@inline
function wide(
  adjacent: bool,
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aQuad: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  for (let rows = m; rows > 0; rows -= 4) {
    const i1 = <usize>min(1, rows - 1), i2 = <usize>min(2, rows - 1), i3 = <usize>min(3, rows - 1);
    const c1 = c + i1 * cRow, c2 = c + i2 * cRow, c3 = c + i3 * cRow;
    let a0 = a, a1 = a + i1 * aRow, a2 = a + i2 * aRow, a3 = a + i3 * aRow;
    let bp = b;
    let at = leaf, top = stack, ahead = count, take = left;
    let s00 = v128.splat<real>(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
    if (resume) {
      s00 = v128.load(c), s01 = v128.load(c, 16);
      s10 = v128.load(c1), s11 = v128.load(c1, 16);
      s20 = v128.load(c2), s21 = v128.load(c2, 16);
      s30 = v128.load(c3), s31 = v128.load(c3, 16);
    }
    let done = true;
    for (;;) {
      const whole = take <= ahead;
      if (!whole) take = ahead;
      for (let todo = take; todo > 0; ) {
        const run = adjacent ? min(todo, RUN) : todo;
        todo -= run;
        for (let p = run; p > 0; --p) {
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
      if (!whole) break;
      ahead -= take;
      for (let merges = load<i32>(at, 4); merges > 0; --merges) {
        top -= TILE_BYTES;
        s00 = v128.add<real>(v128.load(top), s00), s01 = v128.add<real>(v128.load(top, 16), s01);
        s10 = v128.add<real>(v128.load(top, 32), s10), s11 = v128.add<real>(v128.load(top, 48), s11);
        s20 = v128.add<real>(v128.load(top, 64), s20), s21 = v128.add<real>(v128.load(top, 80), s21);
        s30 = v128.add<real>(v128.load(top, 96), s30), s31 = v128.add<real>(v128.load(top, 112), s31);
      }
      take = load<i32>(at, 8);
      if (take == 0) break;
      at += 8;
      v128.store(top, s00), v128.store(top, s01, 16), v128.store(top, s10, 32), v128.store(top, s11, 48);
      v128.store(top, s20, 64), v128.store(top, s21, 80), v128.store(top, s30, 96), v128.store(top, s31, 112);
      top += TILE_BYTES;
      if (ahead == 0) {
        done = false;
        break;
      }
      s00 = v128.splat<real>(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
    }
    if (done) {
      v128.store(c, s00), v128.store(c, s01, 16);
      v128.store(c1, s10), v128.store(c1, s11, 16);
      v128.store(c2, s20), v128.store(c2, s21, 16);
      v128.store(c3, s30), v128.store(c3, s31, 16);
    }
    a += aQuad, c += 4 * cRow, stack += stackStep;
  }
}

/** As `wide`, for any A. */
export function directStrip(
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aQuad: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  wide(false, m, count, leaf, left, resume, a, aRow, aQuad, aStep, b, bStep, c, cRow, stack, stackStep);
}

/** As `wide`, for A packed in strips of four rows. */
export function packedStrip(
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  const aQuad = <usize>count * QUAD_BYTES;
  wide(true, m, count, leaf, left, resume, a, sizeof<real>(), aQuad, QUAD_BYTES, b, bStep, c, cRow, stack, stackStep);
}

/**
 * As `wide`, by tiles of 2 rows × 3 vectors: for a remainder of columns that would fill less than half of a wide tile.
 * The third vector of C[i, :] is at d + i·dRow. (3 × 3 vectors do not fit the registers.)
 */
export function tripleStrip(
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aQuad: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize, d: usize, dRow: usize,
  stack: usize, stackStep: usize,
): void {
  for (let i = 0; i < m; i += 2) {
    const i1 = <usize>min(1, m - 1 - i);
    const c1 = c + i1 * cRow, d1 = d + i1 * dRow;
    let a0 = a + <usize>(i & 2) * aRow, a1 = a0 + i1 * aRow;
    let bp = b;
    let at = leaf, top = stack, ahead = count, take = left;
    let s00 = v128.splat<real>(0), s01 = s00, s02 = s00, s10 = s00, s11 = s00, s12 = s00;
    if (resume) {
      s00 = v128.load(c), s01 = v128.load(c, 16), s02 = v128.load(d);
      s10 = v128.load(c1), s11 = v128.load(c1, 16), s12 = v128.load(d1);
    }
    let done = true;
    for (;;) {
      const whole = take <= ahead;
      if (!whole) take = ahead;
      for (let todo = take; todo > 0; ) {
        const run = min(todo, RUN);
        todo -= run;
        for (let p = run; p > 0; --p) {
          const b0 = v128.load(bp), b1 = v128.load(bp, 16), b2 = v128.load(bp, 32);
          let x = v128.load_splat<real>(a0);
          s00 = chain(s00, x, b0), s01 = chain(s01, x, b1), s02 = chain(s02, x, b2);
          x = v128.load_splat<real>(a1);
          s10 = chain(s10, x, b0), s11 = chain(s11, x, b1), s12 = chain(s12, x, b2);
          a0 += aStep, a1 += aStep, bp += bStep;
        }
      }
      if (!whole) break;
      ahead -= take;
      for (let merges = load<i32>(at, 4); merges > 0; --merges) {
        top -= TILE_BYTES;
        s00 = v128.add<real>(v128.load(top), s00), s01 = v128.add<real>(v128.load(top, 16), s01);
        s02 = v128.add<real>(v128.load(top, 32), s02);
        s10 = v128.add<real>(v128.load(top, 48), s10), s11 = v128.add<real>(v128.load(top, 64), s11);
        s12 = v128.add<real>(v128.load(top, 80), s12);
      }
      take = load<i32>(at, 8);
      if (take == 0) break;
      at += 8;
      v128.store(top, s00), v128.store(top, s01, 16), v128.store(top, s02, 32);
      v128.store(top, s10, 48), v128.store(top, s11, 64), v128.store(top, s12, 80);
      top += TILE_BYTES;
      if (ahead == 0) {
        done = false;
        break;
      }
      s00 = v128.splat<real>(0), s01 = s00, s02 = s00, s10 = s00, s11 = s00, s12 = s00;
    }
    if (done) {
      v128.store(c, s00), v128.store(c, s01, 16), v128.store(d, s02);
      v128.store(c1, s10), v128.store(c1, s11, 16), v128.store(d1, s12);
    }
    if (i & 2) a += aQuad;
    c += 2 * cRow, d += 2 * dRow, stack += stackStep;
  }
}
