// The inner loops of every matrix product: register tiles that run down one strip of columns.
//
// A tile holds eight vectors of sums. Each sum is one chain: +0, then ← sum + a·b for one p after the other, ascending;
// a chunk that does not hold all of a leaf's p leaves the chain in C and the next one takes it up there.
// A leaf is a run of p with a chain of its own. `leaf` points at its (length, merges) pair of i32; after the chain,
// `merges` times: sum ← (topmost sum of the stack) + sum. The last leaf is followed by length 0 and its sum goes to C;
// the sums of the others go on the stack.
import { LANES, real } from "./real";

/** Bytes of the eight vectors of a tile, and of one entry of its stack. */
// @ts-ignore: decorator
@inline export const TILE_BYTES: usize = 128;

/** Columns of a wide tile; a narrow one has LANES. */
// @ts-ignore: decorator
@inline export const WIDTH: i32 = 2 * LANES;

/** Rows of a narrow tile; a wide one has 4. */
// @ts-ignore: decorator
@inline export const NARROW_ROWS: i32 = 8;

// @ts-ignore: decorator
@inline function chain(sum: v128, x: v128, y: v128): v128 {
  return v128.add<real>(sum, v128.mul<real>(x, y));
}

/**
 * C[m, 2·LANES] by tiles of 4 rows × 2 vectors, for the next `count` ≥ 1 values of p.
 *
 * The current leaf is `leaf`, `left` ≥ 1 of its p are still to come, and its chain is in C if `resume`.
 * A[i, p] is at a + (i & ~3)/4·aQuad + (i & 3)·aRow + p·aStep bytes, B[p, :] at b + p·bStep, C[i, :] at c + i·cRow;
 * `stack` is the top of the stack of the first tile and the others' follow at multiples of stackStep.
 *
 * Where fewer than 4 rows are left, the last one is computed several times and stored as often.
 */
export function wideStrip(
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
      for (let p = take; p > 0; --p) {
        const b0 = v128.load(bp), b1 = v128.load(bp, 16);
        let x = v128.load_splat<real>(a0);
        s00 = chain(s00, x, b0), s01 = chain(s01, x, b1);
        x = v128.load_splat<real>(a1);
        s10 = chain(s10, x, b0), s11 = chain(s11, x, b1);
        x = v128.load_splat<real>(a2);
        s20 = chain(s20, x, b0), s21 = chain(s21, x, b1);
        x = v128.load_splat<real>(a3);
        s30 = chain(s30, x, b0), s31 = chain(s31, x, b1);
        a0 += aStep, a1 += aStep, a2 += aStep, a3 += aStep, bp += bStep;
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

/** As wideStrip, for one vector of columns and m a multiple of 8: tiles of 8 rows × 1 vector. */
export function narrowStrip(
  m: i32, count: i32, leaf: usize, left: i32, resume: bool,
  a: usize, aRow: usize, aQuad: usize, aStep: usize,
  b: usize, bStep: usize,
  c: usize, cRow: usize,
  stack: usize, stackStep: usize,
): void {
  for (let rows = m; rows > 0; rows -= NARROW_ROWS) {
    const c4 = c + 4 * cRow;
    let a0 = a, a1 = a + aRow, a2 = a + 2 * aRow, a3 = a + 3 * aRow;
    let bp = b;
    let at = leaf, top = stack, ahead = count, take = left;
    let s0 = v128.splat<real>(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    if (resume) {
      s0 = v128.load(c), s1 = v128.load(c + cRow), s2 = v128.load(c + 2 * cRow), s3 = v128.load(c + 3 * cRow);
      s4 = v128.load(c4), s5 = v128.load(c4 + cRow), s6 = v128.load(c4 + 2 * cRow), s7 = v128.load(c4 + 3 * cRow);
    }
    let done = true;
    for (;;) {
      const whole = take <= ahead;
      if (!whole) take = ahead;
      for (let p = take; p > 0; --p) {
        const y = v128.load(bp);
        s0 = chain(s0, v128.load_splat<real>(a0), y);
        s1 = chain(s1, v128.load_splat<real>(a1), y);
        s2 = chain(s2, v128.load_splat<real>(a2), y);
        s3 = chain(s3, v128.load_splat<real>(a3), y);
        s4 = chain(s4, v128.load_splat<real>(a0 + aQuad), y);
        s5 = chain(s5, v128.load_splat<real>(a1 + aQuad), y);
        s6 = chain(s6, v128.load_splat<real>(a2 + aQuad), y);
        s7 = chain(s7, v128.load_splat<real>(a3 + aQuad), y);
        a0 += aStep, a1 += aStep, a2 += aStep, a3 += aStep, bp += bStep;
      }
      if (!whole) break;
      ahead -= take;
      for (let merges = load<i32>(at, 4); merges > 0; --merges) {
        top -= TILE_BYTES;
        s0 = v128.add<real>(v128.load(top), s0), s1 = v128.add<real>(v128.load(top, 16), s1);
        s2 = v128.add<real>(v128.load(top, 32), s2), s3 = v128.add<real>(v128.load(top, 48), s3);
        s4 = v128.add<real>(v128.load(top, 64), s4), s5 = v128.add<real>(v128.load(top, 80), s5);
        s6 = v128.add<real>(v128.load(top, 96), s6), s7 = v128.add<real>(v128.load(top, 112), s7);
      }
      take = load<i32>(at, 8);
      if (take == 0) break;
      at += 8;
      v128.store(top, s0), v128.store(top, s1, 16), v128.store(top, s2, 32), v128.store(top, s3, 48);
      v128.store(top, s4, 64), v128.store(top, s5, 80), v128.store(top, s6, 96), v128.store(top, s7, 112);
      top += TILE_BYTES;
      if (ahead == 0) {
        done = false;
        break;
      }
      s0 = v128.splat<real>(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    }
    if (done) {
      v128.store(c, s0), v128.store(c + cRow, s1), v128.store(c + 2 * cRow, s2), v128.store(c + 3 * cRow, s3);
      v128.store(c4, s4), v128.store(c4 + cRow, s5), v128.store(c4 + 2 * cRow, s6), v128.store(c4 + 3 * cRow, s7);
    }
    a += 2 * aQuad, c += <usize>NARROW_ROWS * cRow, stack += stackStep;
  }
}
