// Logarithms of vectors of f32 or f64: log x, and log(1 + x) for 0 ≤ x ≤ 1.
//
// log(1 + f) for √½ ≤ 1 + f ≤ √2 by the series in s = f/(2 + f) of fdlibm's e_log.c and FreeBSD's e_logf.c.
import { horner, select, splat } from "./vector";

/** k·ln 2 + log(1 + f), −0.293 ≤ f ≤ 0.4143, k a small integer. */
@inline
function logReduced<T>(k: v128, f: v128): v128 {
  const s = v128.div<T>(f, v128.add<T>(f, splat<T>(2)));
  const z = v128.mul<T>(s, s);
  let R: v128;
  if (sizeof<T>() == 4) {
    R = splat<T>(0.24279078841);
    R = horner<T>(R, z, 0.28498786688);
    R = horner<T>(R, z, 0.40000972152);
    R = horner<T>(R, z, 0.66666662693);
  } else {
    R = splat<T>(1.479819860511658591e-1);
    R = horner<T>(R, z, 1.531383769920937332e-1);
    R = horner<T>(R, z, 1.818357216161805012e-1);
    R = horner<T>(R, z, 2.222219843214978396e-1);
    R = horner<T>(R, z, 2.857142874366239149e-1);
    R = horner<T>(R, z, 3.99999999994094190e-1);
    R = horner<T>(R, z, 6.666666666666735130e-1);
  }
  R = v128.mul<T>(R, z);
  const high = splat<T>(sizeof<T>() == 4 ? 6.9313812256e-1 : 6.93147180369123816490e-1);
  const low = splat<T>(sizeof<T>() == 4 ? 9.0580006145e-6 : 1.90821492927058770002e-10);
  const half = v128.mul<T>(v128.mul<T>(f, f), splat<T>(0.5));
  // ((s·(f²/2 + R) + k·low) − f²/2) + f + k·high: smallest first; k·high is exact.
  let y = v128.add<T>(v128.mul<T>(s, v128.add<T>(half, R)), v128.mul<T>(k, low));
  y = v128.add<T>(v128.sub<T>(y, half), f);
  return v128.add<T>(y, v128.mul<T>(k, high));
}

/** log x: −∞ at ±0, NaN below, ∞ at ∞. */
@inline
export function log<T>(x: v128): v128 {
  const smallest = sizeof<T>() == 4 ? 1.1754943508222875e-38 : 2.2250738585072014e-308;
  const denormal = v128.lt<T>(x, splat<T>(smallest));
  const scaled = v128.mul<T>(x, splat<T>(sizeof<T>() == 4 ? 33554432.0 : 18014398509481984.0));
  const a = select(denormal, scaled, x);
  // a = 2ᵏ·m with √½ ≤ m < √2: adding the distance from √½ to 1, in bits, carries into the exponent at √2.
  let m: v128;
  let k: v128;
  if (sizeof<T>() == 4) {
    const b = i32x4.add(a, i32x4.splat(0x3f800000 - 0x3f3504f3));
    m = i32x4.add(v128.and(b, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
    // An integer below 2²³ becomes a float by writing it into the mantissa of 2²³.
    k = v128.or(i32x4.shr_u(b, 23), i32x4.splat(0x4b000000));
    k = f32x4.sub(k, f32x4.splat(8388608.0 + 127.0));
    k = f32x4.sub(k, v128.and(denormal, f32x4.splat(25)));
  } else {
    const b = i64x2.add(a, i64x2.splat(0x3ff0000000000000 - 0x3fe6a09e667f3bcd));
    m = i64x2.add(
      v128.and(b, i64x2.splat(0x000fffffffffffff)),
      i64x2.splat(0x3fe6a09e667f3bcd),
    );
    k = v128.or(i64x2.shr_u(b, 52), i64x2.splat(0x4330000000000000));
    k = f64x2.sub(k, f64x2.splat(4503599627370496.0 + 1023.0));
    k = f64x2.sub(k, v128.and(denormal, f64x2.splat(54)));
  }
  let y = logReduced<T>(k, v128.sub<T>(m, splat<T>(1)));
  y = select(v128.lt<T>(x, splat<T>(Infinity)), y, x); // ∞ and NaN pass
  y = v128.or(y, v128.lt<T>(x, splat<T>(0)));
  return select(v128.eq<T>(x, splat<T>(0)), splat<T>(-Infinity), y);
}

/** log(1 + x) for 0 ≤ x ≤ 1, accurate for small x too. */
@inline
export function log1p<T>(x: v128): v128 {
  // Above √2 − 1: log(1 + x) = ln 2 + log(1 + (x − 1)/2).
  const upper = v128.gt<T>(x, splat<T>(0.41421356237309503));
  const halved = v128.mul<T>(v128.sub<T>(x, splat<T>(1)), splat<T>(0.5));
  return logReduced<T>(v128.and(upper, splat<T>(1)), select(upper, halved, x));
}
