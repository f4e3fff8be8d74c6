// Powers of f64: x^y = exp(y·log x), the logarithm carried as a sum of two f64 (a head and a tail).
//
// The error before the last rounding is about a tenth of an ulp, so a power that is an f64 comes out exact:
// pow(3, 2) = 9.
import { expTail } from "./exp";
import { productError } from "./trig";

// The result of `logExtended`.
let logHead: f64 = 0;
let logTail: f64 = 0;

/** Leaves log x in `logHead` + `logTail` with a relative error near 2⁻⁶⁵, for finite x > 0. */
function logExtended(x: f64): void {
  let shift = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984.0;
    shift = -54;
  }
  const bits = reinterpret<i64>(x) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  const k = <f64>(<i32>(bits >> 52) - 1023 + shift);
  const m = reinterpret<f64>((bits & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd);

  // s = (m − 1)/(m + 1); m − 1 is exact, m + 1 = d + dError
  const f = m - 1.0;
  const d = m + 1.0;
  const dError = m - (d - 1.0);
  const s = f / d;
  const sd = s * d;
  const sError = (f - sd - productError(s, d, sd) - s * dError) / d;
  // s² and s³/3 as head + tail
  const q = s * s;
  const qError = productError(s, s, q) + 2.0 * s * sError;
  const c = q * s;
  const cError = productError(q, s, c) + qError * s + q * sError;
  const t = c * 0.3333333333333333;
  const tError = productError(c, 0.3333333333333333, t) + c * 1.850371707708594e-17 + cError * 0.3333333333333333;
  // log m = 2·(s + s³/3 + s⁵·(1/5 + s²/7 + …)), s² ≤ 0.0295
  let p = 0.043478260869565216;
  p = p * q + 0.047619047619047616;
  p = p * q + 0.05263157894736842;
  p = p * q + 0.058823529411764705;
  p = p * q + 0.06666666666666667;
  p = p * q + 0.07692307692307693;
  p = p * q + 0.09090909090909091;
  p = p * q + 0.1111111111111111;
  p = p * q + 0.14285714285714285;
  p = p * q + 0.2;
  const rest = p * q * c;

  // k·ln 2 with 42 + 53 bits; then everything from the largest to the smallest
  const a = k * 0.6931471805598903;
  const b = 2.0 * s;
  const ab = a + b;
  const abPart = ab - a;
  const abError = a - (ab - abPart) + (b - abPart);
  const e = 2.0 * t;
  const abe = ab + e;
  const abePart = abe - ab;
  const abeError = ab - (abe - abePart) + (e - abePart);
  const small = abError + (abeError + (2.0 * (sError + tError + rest) + k * 5.497923018708371e-14));
  logHead = abe + small;
  logTail = abe - logHead + small;
}

/** e^(a + b) for |b| a rounding error of a. */
function expExtended(a: f64, b: f64): f64 {
  if (a > 710.0) return Infinity;
  if (a < -746.0) return 0.0;
  const n = nearest<f64>(a * 1.4426950408889634);
  const r0 = a - n * 0.6931471805598903;
  const r1 = b - n * 5.497923018708371e-14;
  const r = r0 + r1;
  const part = r - r0;
  const rError = r0 - (r - part) + (r1 - part);
  const p = f64x2.extract_lane(expTail<f64>(f64x2.splat(r)), 0);
  // 1 + r exactly as y + yError, then the small terms
  const y = 1.0 + r;
  const yError = r - (y - 1.0);
  const sum = y + (yError + (rError + rError * r + r * r * p));
  const k = <i32>n;
  const half = k >> 1;
  return (
    sum *
    reinterpret<f64>((<u64>(half + 1023)) << 52) *
    reinterpret<f64>((<u64>(k - half + 1023)) << 52)
  );
}

/**
 * x^y with the special cases of ECMAScript's `**`: x^0 = 1 for every x, NaN for a negative x with a fraction in y and
 * for (±1)^±∞.
 */
export function pow(x: f64, y: f64): f64 {
  if (y == 0.0) return 1.0;
  if (x != x || y != y) return NaN;
  const ax = abs<f64>(x);
  const ay = abs<f64>(y);
  if (ay == Infinity) {
    if (ax == 1.0) return NaN;
    return ax > 1.0 == y > 0.0 ? Infinity : 0.0;
  }
  const whole = trunc<f64>(y) == y;
  // Beyond 2⁵³ every f64 is even.
  const odd = whole && ay < 9007199254740992.0 && trunc<f64>(y * 0.5) != y * 0.5;
  const negative = odd && reinterpret<i64>(x) < 0;
  let result: f64;
  if (ax == 0.0 || ax == Infinity) {
    result = (ax == 0.0) == y > 0.0 ? 0.0 : Infinity;
  } else if (x < 0.0 && !whole) {
    return NaN;
  } else if (ax == 1.0) {
    result = 1.0;
  } else {
    logExtended(ax);
    // From 2⁷⁰ on the result is 0 or ∞ whatever x ≠ 1; the bound keeps the splitting from overflowing.
    const e = min<f64>(max<f64>(y, -1180591620717411303424.0), 1180591620717411303424.0);
    const product = e * logHead;
    result = expExtended(product, productError(e, logHead, product) + e * logTail);
  }
  return negative ? -result : result;
}
