// Small tools for 128-bit vectors: constants, selection, and loading and storing fewer elements than a vector holds.
//
// A row that does not fill its last vector is finished by the same vector code on a vector padded with zeros, so that
// the result for an element never depends on where in the row it stands.
import { LANES, real } from "./real";

/** The same number in every lane. */
@inline
export function splat<T>(x: f64): v128 {
  return v128.splat<T>(<T>x);
}

/**
 * As splat, for a constant that a loop uses: V8 makes constant vectors anew at each use, by three instructions, and keeps
 * this one in a register, as it cannot know that a memory never has 2¹⁷ pages.
 */
@inline
export function kept<T>(x: f64): v128 {
  const zero = memory.size() >>> 17;
  return sizeof<T>() == 4
    ? i32x4.splat(reinterpret<i32>(<f32>x) | zero)
    : i64x2.splat(reinterpret<i64>(x) | <i64>zero);
}

/** One step of Horner's rule, p·x + c. */
@inline
export function horner<T>(p: v128, x: v128, c: f64): v128 {
  return v128.add<T>(v128.mul<T>(p, x), splat<T>(c));
}

/** a where the mask is set, else b. */
@inline
export function select(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask);
}

/** All bits set, which is a NaN, in the lanes where x is NaN. */
@inline
export function nanMask<T>(x: v128): v128 {
  return v128.ne<T>(x, x);
}

/** −1, 0 or 1; NaN for NaN. */
@inline
export function signOf<T>(x: v128): v128 {
  const zero = splat<T>(0);
  const positive = v128.and(v128.gt<T>(x, zero), splat<T>(1));
  const negative = v128.and(v128.lt<T>(x, zero), splat<T>(-1));
  return v128.or(v128.or(positive, negative), nanMask<T>(x));
}

/** x with the sign of s; x ≥ 0. */
@inline
export function withSign<T>(x: v128, s: v128): v128 {
  return v128.or(x, v128.and(s, splat<T>(-0.0)));
}

/** Loads 0 < count < LANES elements; the other lanes are 0. */
@inline
export function loadPart(p: usize, count: i32): v128 {
  if (sizeof<real>() == 8) return v128.load64_zero(p);
  if (count == 1) return v128.load32_zero(p);
  const two = v128.load64_zero(p);
  return count == 2 ? two : v128.load_lane<u32>(p, two, 2, 8);
}

/** Stores the first 0 < count < LANES elements. */
@inline
export function storePart(p: usize, v: v128, count: i32): void {
  if (sizeof<real>() == 8) {
    v128.store_lane<u64>(p, v, 0);
  } else if (count == 1) {
    v128.store_lane<u32>(p, v, 0);
  } else {
    v128.store_lane<u64>(p, v, 0);
    if (count == 3) v128.store_lane<u32>(p, v, 2, 8);
  }
}

/** Loads `count` elements, LANES at most. */
@inline
export function loadUpTo(p: usize, count: i32): v128 {
  return count >= LANES ? v128.load(p) : loadPart(p, count);
}

/** Stores the first `count` elements, LANES at most. */
@inline
export function storeUpTo(p: usize, v: v128, count: i32): void {
  if (count >= LANES) v128.store(p, v);
  else storePart(p, v, count);
}

/** Lanes 2 and 3 of an f32 vector as f64. */
@inline
export function promoteHigh(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<u64>(v, v, 1, 1));
}

/** Two f64 vectors as one f32 vector. */
@inline
export function demote(low: v128, high: v128): v128 {
  return v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** Bytes of `count` elements of `real`. */
@inline
export function bytes(count: i32): usize {
  return (<usize>count) * sizeof<real>();
}

/** How many of n elements lie in full vectors. */
@inline
export function inVectors(n: i32): i32 {
  return n & ~(LANES - 1);
}
