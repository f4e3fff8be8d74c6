// Random numbers: uniform and normal, element i a pure function of the key and of its number.
//
// The generator is Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// SC11 (2011): block b of the stream of a key is four words made from the counter (b, 0). Element i takes word i mod 4
// of block ⌊i/4⌋. Both builds draw the same numbers, rounded to their own precision.
import { log } from "./log";
import { real } from "./real";
import { sinQuadrant } from "./trig";
import { splat } from "./vector";

/** Four random words for a counter of 64 bits. */
function philox(counter: u64, key0: u32, key1: u32): v128 {
  let c0 = <u32>counter;
  let c1 = <u32>(counter >> 32);
  let c2: u32 = 0;
  let c3: u32 = 0;
  for (let round = 0; round < 10; round++) {
    const p0 = <u64>c0 * 0xd2511f53;
    const p1 = <u64>c2 * 0xcd9e8d57;
    c0 = <u32>(p1 >> 32) ^ c1 ^ key0;
    c1 = <u32>p1;
    c2 = <u32>(p0 >> 32) ^ c3 ^ key1;
    c3 = <u32>p0;
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
  return i64x2(<i64>((<u64>c1 << 32) | c0), <i64>((<u64>c3 << 32) | c2));
}

/** Four blocks of words as numbers of [low, high) at y, f32 only: `philox` and `scaled`, a block in each lane. */
function uniformBlocks(counter: u64, key0: u32, key1: u32, low: v128, range: v128, last: v128, y: usize): void {
  const first = i32x4.splat(<u32>counter);
  let c0 = i32x4.add(first, i32x4(0, 1, 2, 3));
  let c1 = i32x4.sub(i32x4.splat(<u32>(counter >> 32)), i32x4.lt_u(c0, first)); // the carry
  let c2 = i32x4.splat(0);
  let c3 = c2;
  let k0 = i32x4.splat(key0);
  let k1 = i32x4.splat(key1);
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  for (let round = 0; round < 10; round++) {
    // Products of 64 bits; the even words of a pair are the lower halves, the odd ones the upper.
    const p = i64x2.extmul_low_i32x4_u(c0, m0);
    const q = i64x2.extmul_high_i32x4_u(c0, m0);
    const r = i64x2.extmul_low_i32x4_u(c2, m1);
    const s = i64x2.extmul_high_i32x4_u(c2, m1);
    c0 = v128.xor(v128.xor(v128.shuffle<u32>(r, s, 1, 3, 5, 7), c1), k0);
    c1 = v128.shuffle<u32>(r, s, 0, 2, 4, 6);
    c2 = v128.xor(v128.xor(v128.shuffle<u32>(p, q, 1, 3, 5, 7), c3), k1);
    c3 = v128.shuffle<u32>(p, q, 0, 2, 4, 6);
    k0 = i32x4.add(k0, i32x4.splat(0x9e3779b9));
    k1 = i32x4.add(k1, i32x4.splat(0xbb67ae85));
  }
  // From a word in each vector to a block in each vector.
  const a = v128.shuffle<u32>(c0, c1, 0, 4, 1, 5);
  const b = v128.shuffle<u32>(c2, c3, 0, 4, 1, 5);
  const c = v128.shuffle<u32>(c0, c1, 2, 6, 3, 7);
  const d = v128.shuffle<u32>(c2, c3, 2, 6, 3, 7);
  v128.store(y, scaled4(v128.shuffle<u64>(a, b, 0, 2), low, range, last));
  v128.store(y, scaled4(v128.shuffle<u64>(a, b, 1, 3), low, range, last), 16);
  v128.store(y, scaled4(v128.shuffle<u64>(c, d, 0, 2), low, range, last), 32);
  v128.store(y, scaled4(v128.shuffle<u64>(c, d, 1, 3), low, range, last), 48);
}

/** Word `index & 3` of a block. */
@inline
function word(block: v128, index: u64): u32 {
  const pair = index & 2 ? i64x2.extract_lane(block, 1) : i64x2.extract_lane(block, 0);
  return <u32>(index & 1 ? pair >> 32 : pair);
}

/** The largest number below `high`. */
function below(high: real): real {
  if (sizeof<real>() == 4) {
    const bits = reinterpret<i32>(<f32>high);
    if (high == 0) return <real>reinterpret<f32>(<i32>0x80000001);
    return <real>reinterpret<f32>(high > 0 ? bits - 1 : bits + 1);
  }
  const bits = reinterpret<i64>(<f64>high);
  if (high == 0) return <real>reinterpret<f64>(<i64>0x8000000000000001);
  return <real>reinterpret<f64>(high > 0 ? bits - 1 : bits + 1);
}

/** low + (high − low)·u for the 24 leading bits u of a word; what would round up to high becomes the number below. */
@inline
function scaled(w: u32, low: real, range: real, last: real): real {
  const u = <real>(w >> 8) * <real>5.9604644775390625e-8;
  return max<real>(min<real>(low + range * u, last), low);
}

/** `scaled` for four words, f32 only. */
@inline
function scaled4(words: v128, low: v128, range: v128, last: v128): v128 {
  const u = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)), f32x4.splat(5.9604644775390625e-8));
  return f32x4.max(f32x4.min(f32x4.add(low, f32x4.mul(range, u)), last), low);
}

export function uniform(n: i32, low: real, high: real, key0: u32, key1: u32, offset: f64, y: usize): void {
  const range = high - low;
  const last = below(high);
  let index = <u64>offset;
  const end = index + n;
  while (index < end) {
    if (sizeof<real>() == 4 && (index & 3) == 0 && index + 16 <= end) {
      const l = v128.splat<real>(low);
      uniformBlocks(index >> 2, key0, key1, l, v128.splat<real>(range), v128.splat<real>(last), y);
      y += 64;
      index += 16;
      continue;
    }
    const block = philox(index >> 2, key0, key1);
    do {
      store<real>(y, scaled(word(block, index), low, range, last));
      y += sizeof<real>();
      index++;
    } while (index < end && (index & 3) != 0);
  }
}

/** Element `index` of a block as a standard normal number: even and odd elements are the two of one Box–Muller pair. */
@inline
function normalOne(block: v128, index: u64): f64 {
  // The radius from the even word as (w + ½)·2⁻³², never 0; the angle from the odd one, as a quadrant and a remainder.
  const u = (<f64>word(block, index & 2) + 0.5) * 2.3283064365386962890625e-10;
  const radius = sqrt<f64>(-2.0 * f64x2.extract_lane(log<f64>(f64x2.splat(u)), 0));
  const turn = word(block, index | 1);
  const quadrant = (turn + 0x20000000) >> 30;
  const angle = <f64>(<i32>(turn - (quadrant << 30))) * 1.4629180792671596e-9; // 2π·2⁻³²
  return radius * sinQuadrant(<i32>quadrant + (index & 1 ? 0 : 1), angle, 0);
}

export function normal(n: i32, mean: f64, sd: f64, key0: u32, key1: u32, offset: f64, y: usize): void {
  let index = <u64>offset;
  const end = index + n;
  let block = philox(index >> 2, key0, key1);
  while (index < end) {
    store<real>(y, <real>(mean + sd * normalOne(block, index)));
    y += sizeof<real>();
    index++;
    if ((index & 3) == 0) block = philox(index >> 2, key0, key1);
  }
}
