// A keyed permutation of [0, total), computed point by point: no table, and any part of it alone.
//
// The smallest domain of 2ᵇ ≥ total, b ≥ 8, is permuted by a Feistel network whose halves have ⌊b/2⌋ and ⌈b/2⌉ bits;
// a value that falls outside [0, total) is permuted again until it falls inside (cycle walking: Black and Rogaway,
// "Ciphers with arbitrary finite domains", CT-RSA 2002). Four positions are walked together, one in each lane.

/** The finaliser of MurmurHash3: every bit of the input changes every bit of the output with probability near ½. */
@inline
function mix(h: u32): u32 {
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

/** `mix` of four words. */
@inline
function mix4(h: v128): v128 {
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x85ebca6b));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** The key of one round. */
@inline
function roundKey(key0: u32, key1: u32, round: u32): v128 {
  return i32x4.splat(mix(mix(key0 + round * 0x9e3779b9) + key1));
}

/** out[i] = place of position first + i, i < n, first + n ≤ total < 2³¹. */
export function permute(n: i32, first: i32, total: i32, key0: u32, key1: u32, out: usize): void {
  const bits = max<i32>(8, 32 - clz<u32>(<u32>total - 1));
  const lowBits = bits >> 1;
  const lowMask = i32x4.splat((1 << lowBits) - 1);
  const highMask = i32x4.splat((1 << (bits - lowBits)) - 1);
  const limit = i32x4.splat(total);
  const k0 = roundKey(key0, key1, 0);
  const k1 = roundKey(key0, key1, 1);
  const k2 = roundKey(key0, key1, 2);
  const k3 = roundKey(key0, key1, 3);
  const k4 = roundKey(key0, key1, 4);
  const k5 = roundKey(key0, key1, 5);
  const last = i32x4.splat(first + n - 1);
  for (let i = 0; i < n; i += 4) {
    let x = i32x4.add(i32x4.splat(first + i), i32x4(0, 1, 2, 3));
    // Lanes beyond the end repeat the last position, which is inside the domain like the others.
    x = i32x4.min_u(x, last);
    let result = x;
    let open = i32x4.splat(-1);
    do {
      let low = v128.and(x, lowMask);
      let high = i32x4.shr_u(x, lowBits);
      low = v128.and(v128.xor(low, mix4(v128.xor(high, k0))), lowMask);
      high = v128.and(v128.xor(high, mix4(v128.xor(low, k1))), highMask);
      low = v128.and(v128.xor(low, mix4(v128.xor(high, k2))), lowMask);
      high = v128.and(v128.xor(high, mix4(v128.xor(low, k3))), highMask);
      low = v128.and(v128.xor(low, mix4(v128.xor(high, k4))), lowMask);
      high = v128.and(v128.xor(high, mix4(v128.xor(low, k5))), highMask);
      x = v128.or(i32x4.shl(high, lowBits), low);
      result = v128.bitselect(x, result, open);
      open = v128.and(open, i32x4.ge_u(x, limit));
    } while (v128.any_true(open));
    const rest = n - i;
    if (rest >= 4) {
      v128.store(out, result);
    } else {
      v128.store_lane<u32>(out, result, 0);
      if (rest > 1) v128.store_lane<u32>(out, result, 1, 4);
      if (rest > 2) v128.store_lane<u32>(out, result, 2, 8);
    }
    out += 16;
  }
}

/** out[i] = first + i. */
export function iota(n: i32, first: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    store<i32>(out, first + i);
    out += 4;
  }
}
