// A keyed permutation of [0, total), computed point by point: no table, and any part of it alone.
//
// A position is a pair (l, r) with position = l·width + r, l < height, r < width, height·width ≥ total as small as may
// be. A Feistel network of additions modulo height and width permutes the pairs; the few that fall outside [0, total)
// are permuted again until they fall inside (cycle walking: Black and Rogaway, "Ciphers with arbitrary finite domains",
// CT-RSA 2002). Four positions are walked together, one in each lane.

/** Tables smaller than this are permuted inside a domain of this size: a network of tiny halves would mix badly. */
const SMALLEST: i32 = 256;

/** The finaliser of MurmurHash3: every bit of the input changes every bit of the output with probability near ½. */
@inline
function mix(h: u32): u32 {
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

/** The key of one round. */
@inline
function roundKey(key0: u32, key1: u32, round: u32): v128 {
  return i32x4.splat(mix(mix(key0 + round * 0x9e3779b9) + key1));
}

/** (to + ⌊size·m/2¹⁶⌋) mod size in four lanes, m the upper half of `mix` of (from, key); to < size < 2¹⁶. */
@inline
function turn(to: v128, from: v128, key: v128, size: v128): v128 {
  let h = v128.xor(from, key);
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x85ebca6b));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(0xc2b2ae35));
  const sum = i32x4.add(to, i32x4.shr_u(i32x4.mul(i32x4.shr_u(h, 16), size), 16));
  // sum − size wraps to a huge number where sum < size.
  return i32x4.min_u(sum, i32x4.sub(sum, size));
}

/** out[i] = place of position first + i, i < n, first + n ≤ total < 2³¹. */
export function permute(n: i32, first: i32, total: i32, key0: u32, key1: u32, out: usize): void {
  const domain = max<i32>(total, SMALLEST);
  const columns = <i32>ceil<f64>(sqrt<f64>(<f64>domain));
  const rows = <i32>((<u32>domain + columns - 1) / columns);
  const width = i32x4.splat(columns);
  const height = i32x4.splat(rows);
  const limit = i32x4.splat(total);
  const k0 = roundKey(key0, key1, 0);
  const k1 = roundKey(key0, key1, 1);
  const k2 = roundKey(key0, key1, 2);
  const k3 = roundKey(key0, key1, 3);
  const k4 = roundKey(key0, key1, 4);
  const k5 = roundKey(key0, key1, 5);
  const one = i32x4.splat(1);
  const start = i32x4.add(i32x4.splat(first % columns), i32x4(0, 1, 2, 3));
  let wrapped = i32x4.ge_u(start, width);
  let right = i32x4.sub(start, v128.and(wrapped, width));
  let left = i32x4.sub(i32x4.splat(first / columns), wrapped);
  for (let i = 0; i < n; i += 4) {
    let l = left;
    let r = right;
    let result = one;
    // Lanes beyond the last position are left out from the start: they might walk outside [0, total) for ever.
    let open = i32x4.gt_s(i32x4.splat(n - i), i32x4(0, 1, 2, 3));
    do {
      l = turn(l, r, k0, height);
      r = turn(r, l, k1, width);
      l = turn(l, r, k2, height);
      r = turn(r, l, k3, width);
      l = turn(l, r, k4, height);
      r = turn(r, l, k5, width);
      const x = i32x4.add(i32x4.mul(l, width), r);
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
    // The pairs of the next four positions; width > 4.
    right = i32x4.add(right, i32x4.splat(4));
    wrapped = i32x4.ge_u(right, width);
    right = i32x4.sub(right, v128.and(wrapped, width));
    left = i32x4.sub(left, wrapped);
  }
}

/** out[i] = first + i. */
export function iota(n: i32, first: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    store<i32>(out, first + i);
    out += 4;
  }
}
