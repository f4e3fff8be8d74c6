// Sine and cosine of one f64, for every finite argument.
//
// The argument is reduced to |r| ≤ π/4 and r is kept as a sum of two f64; the polynomials are fdlibm's k_sin.c and
// k_cos.c. Up to 2²⁰·π/2 the reduction subtracts multiples of π/2 given in four parts (Cody and Waite); beyond it
// multiplies by as many bits of 2/π as the exponent asks for (Payne and Hanek), in integers.

// The result of `reduce`: argument = (multiple of four + quadrant)·π/2 + head + tail.
let head: f64 = 0;
let tail: f64 = 0;

/** Leaves x mod π/2 in `head` and `tail`, and returns the quadrant, 0…3. */
function reduce(x: f64): i32 {
  const magnitude = abs<f64>(x);
  if (magnitude <= 0.7853981633974483) {
    head = x;
    tail = 0;
    return 0;
  }
  if (magnitude > 1647099.0) return reduceLarge(x);
  const n = nearest<f64>(x * 0.6366197723675814);
  // The first three products are exact: 33 bits each, and n has 21 at most.
  const a = x - n * 1.5707963267341256;
  const b = n * 6.077100506303966e-11;
  const s = a - b;
  const v = s - a;
  const sError = a - (s - v) + (-b - v);
  const c = n * 2.0222662487111665e-21;
  const t = s - c;
  const u = t - s;
  const tError = s - (t - u) + (-c - u);
  const rest = sError + (tError - n * 8.4784276603689e-32);
  head = t + rest;
  tail = t - head + rest;
  return <i32>n & 3;
}

/** Bits 64·i to 64·i + 63 after the binary point of 2/π. A function, because the module may hold no data. */
function twoOverPi(i: i32): u64 {
  switch (i) {
    case 0: return 0xa2f9836e4e441529;
    case 1: return 0xfc2757d1f534ddc0;
    case 2: return 0xdb6295993c439041;
    case 3: return 0xfe5163abdebbc561;
    case 4: return 0xb7246e3a424dd2e0;
    case 5: return 0x06492eea09d1921c;
    case 6: return 0xfe1deb1cb129a73e;
    case 7: return 0xe88235f52ebb4484;
    case 8: return 0xe99c7026b45f7e41;
    case 9: return 0x3991d639835339f4;
    case 10: return 0x9c845f8bbdf9283b;
    case 11: return 0x1ff897ffde05980f;
    case 12: return 0xef2f118b5a0a6d1f;
    case 13: return 0x6d367ecf27cb09b7;
    case 14: return 0x4f463f669e5fea2d;
    case 15: return 0x7527bac7ebe5f17b;
    case 16: return 0x3d0739f78a5292ea;
    case 17: return 0x6bfb5fb11f8d5d08;
    case 18: return 0x56033046fc7b6bab;
    case 19: return 0xf0cfbc209af4361d;
    default: return 0;
  }
}

/** The 64 bits of 2/π that start `bit` bits after the binary point; bits before it are 0. */
function twoOverPiAt(bit: i32): u64 {
  if (bit <= -64) return 0;
  if (bit < 0) return twoOverPi(0) >> (-bit);
  const word = bit >> 6;
  const shift = bit & 63;
  const first = twoOverPi(word) << shift;
  return shift == 0 ? first : first | (twoOverPi(word + 1) >> (64 - shift));
}

/** The upper 64 bits of the 128-bit product a·b. */
@inline
function multiplyHigh(a: u64, b: u64): u64 {
  const mask: u64 = 0xffffffff;
  const low = (a & mask) * (b & mask);
  const middle = (a >> 32) * (b & mask) + (low >> 32);
  const other = (a & mask) * (b >> 32) + (middle & mask);
  return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
}

function reduceLarge(x: f64): i32 {
  if (!(abs<f64>(x) < Infinity)) {
    head = NaN;
    tail = 0;
    return 0;
  }
  const bits = reinterpret<u64>(x);
  const mantissa = (bits & 0x000fffffffffffff) | 0x0010000000000000;
  const exponent = <i32>((bits >> 52) & 0x7ff) - 1075;
  // |x| = mantissa·2^exponent. Bits of 2/π that weigh 4 or more after multiplying by 2^exponent turn full circles
  // and are left out; the 192 that follow leave at least 70 good bits in the worst case of any f64.
  const start = exponent - 2;
  const w0 = twoOverPiAt(start);
  const w1 = twoOverPiAt(start + 64);
  const w2 = twoOverPiAt(start + 128);
  // mantissa·(w0, w1, w2) mod 4 with two bits before the binary point, to 128 bits
  const p2 = multiplyHigh(mantissa, w2);
  const low = mantissa * w1 + p2;
  const carry: u64 = low < p2 ? 1 : 0;
  const high = mantissa * w0 + multiplyHigh(mantissa, w1) + carry;
  let quadrant = <i32>(high >> 62);
  // The fraction of a quarter turn as a signed number of 128 bits, rounded to the nearest quarter.
  let fractionHigh = (high << 2) | (low >> 62);
  let fractionLow = low << 2;
  const above = <i64>fractionHigh < 0;
  if (above) {
    quadrant += 1;
    fractionHigh = ~fractionHigh;
    fractionLow = ~fractionLow;
  }
  // 64 leading bits from the first one set, as two f64 that are exact
  const zeros = <i32>clz<u64>(fractionHigh);
  if (zeros > 0) {
    fractionHigh = zeros == 64 ? fractionLow : (fractionHigh << zeros) | (fractionLow >> (64 - zeros));
    fractionLow = zeros == 64 ? 0 : fractionLow << zeros;
  }
  const unit = reinterpret<f64>((<u64>(1023 - 64 - zeros)) << 52);
  const f = <f64>(fractionHigh & 0xfffffffffffff800) * unit;
  const g = (<f64>(fractionHigh & 0x7ff) + <f64>fractionLow * 5.421010862427522e-20) * unit;
  // (f + g)·π/2, exact in the product of the leading parts (Dekker)
  const p = f * 1.5707963267948966;
  const error = productError(f, 1.5707963267948966, p);
  const rest = error + (f * 6.123233995736766e-17 + g * 1.5707963267948966);
  const r = p + rest;
  const small = p - r + rest;
  const negative = (x < 0) != above;
  head = negative ? -r : r;
  tail = negative ? -small : small;
  return (x < 0 ? -quadrant : quadrant) & 3;
}

/** a·b − p for p = a·b rounded (Veltkamp's splitting, Dekker's product). */
@inline
export function productError(a: f64, b: f64, p: f64): f64 {
  const ca = a * 134217729.0;
  const ah = ca - (ca - a);
  const al = a - ah;
  const cb = b * 134217729.0;
  const bh = cb - (cb - b);
  const bl = b - bh;
  return al * bl - (p - ah * bh - al * bh - ah * bl);
}

/** sin(x + y) for |x| ≤ π/4 and y a rounding error of x. */
@inline
export function sinReduced(x: f64, y: f64): f64 {
  const z = x * x;
  const w = z * z;
  const r =
    8.33333333332248946124e-3 +
    z * (-1.98412698298579493134e-4 + z * 2.75573137070700676789e-6) +
    z * w * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10);
  const v = z * x;
  return x - (z * (0.5 * y - v * r) - y - v * -1.66666666666666324348e-1);
}

/** cos(x + y) for |x| ≤ π/4 and y a rounding error of x. */
@inline
export function cosReduced(x: f64, y: f64): f64 {
  const z = x * x;
  const w = z * z;
  const r =
    z * (4.16666666666666019037e-2 + z * (-1.38888888888741095749e-3 + z * 2.48015872894767294178e-5)) +
    w * w * (-2.75573143513906633035e-7 + z * (2.08757232129817482790e-9 + z * -1.13596475577881948265e-11));
  const half = 0.5 * z;
  const c = 1.0 - half;
  return c + (1.0 - c - half + (z * r - x * y));
}

/** sin(x + y + quadrant·π/2). */
@inline
export function sinQuadrant(quadrant: i32, x: f64, y: f64): f64 {
  const s = quadrant & 1 ? cosReduced(x, y) : sinReduced(x, y);
  return quadrant & 2 ? -s : s;
}

/** sin x; NaN for ±∞. */
export function sin(x: f64): f64 {
  const quadrant = reduce(x);
  return sinQuadrant(quadrant, head, tail);
}

/** cos x; NaN for ±∞. */
export function cos(x: f64): f64 {
  const quadrant = reduce(x);
  return sinQuadrant(quadrant + 1, head, tail);
}
