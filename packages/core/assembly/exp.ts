// Exponentials of vectors of f32 or f64: eˣ, eˣ − 1 for x ≤ 0, and tanh x.
//
// x = n·ln 2 + r with |r| ≤ ln 2 / 2; eʳ − 1 = r + r²·P(r), P fitted to the smallest error.
import { horner, select, splat, withSign } from "./vector";

/** P(r) of eʳ = 1 + r + r²·P(r) for |r| ≤ 0.3468; the error of r²·P is 3e-9 for f32 and 2e-19 for f64. */
@inline
export function expTail<T>(r: v128): v128 {
  if (sizeof<T>() == 4) {
    let p = splat<T>(0.0013814539988065409);
    p = horner<T>(p, r, 0.008368745116356206);
    p = horner<T>(p, r, 0.04166839078737873);
    p = horner<T>(p, r, 0.16666520398962442);
    return horner<T>(p, r, 0.49999993432110573);
  }
  let p = splat<T>(2.0914717341716375952e-9);
  p = horner<T>(p, r, 2.5105259538448493419e-8);
  p = horner<T>(p, r, 2.7557273570102139673e-7);
  p = horner<T>(p, r, 2.7557255297969644392e-6);
  p = horner<T>(p, r, 0.000024801587325605322782);
  p = horner<T>(p, r, 0.00019841269874901259234);
  p = horner<T>(p, r, 0.0013888888888883731828);
  p = horner<T>(p, r, 0.0083333333333261120526);
  p = horner<T>(p, r, 0.041666666666666669767);
  p = horner<T>(p, r, 0.16666666666666671008);
  return horner<T>(p, r, 0.5);
}

/** 1.5·2²³ or 1.5·2⁵²: x plus this has the integer nearest to x in its low bits. */
@inline
function roundingShift<T>(): f64 {
  return sizeof<T>() == 4 ? 12582912.0 : 6755399441055744.0;
}

/** eʳ − 1 for r = x − n·ln 2. The high part of ln 2 ends in zeros, so that a = x − n·high is exact. */
@inline
function reducedExpm1<T>(x: v128, n: v128): v128 {
  const high = sizeof<T>() == 4 ? 0.693359375 : 0.6931471805598903;
  const low = sizeof<T>() == 4 ? -2.12194440054690583e-4 : 5.497923018708371e-14;
  const a = v128.sub<T>(x, v128.mul<T>(n, splat<T>(high)));
  const b = v128.mul<T>(n, splat<T>(low));
  const r = v128.sub<T>(a, b);
  // r is rounded; adding its two parts to the rest one by one keeps that error out of the leading term.
  return v128.add<T>(a, v128.sub<T>(v128.mul<T>(v128.mul<T>(r, r), expTail<T>(r)), b));
}

/** The biased exponent n + 2·bias, from x·log₂e shifted by `roundingShift`. */
@inline
function doubledExponent<T>(shifted: v128): v128 {
  return sizeof<T>() == 4
    ? i32x4.sub(shifted, i32x4.splat(0x4b400000 - 2 * 127))
    : i64x2.sub(shifted, i64x2.splat(0x4338000000000000 - 2 * 1023));
}

/** eˣ; denormal results are rounded once more, overflow gives ∞. */
@inline
export function exp<T>(x: v128): v128 {
  // pmin(x, c) and pmax(x, c) keep a NaN in x. Beyond the bounds the result is 0 or ∞ anyway.
  const high = splat<T>(sizeof<T>() == 4 ? 89 : 710);
  const low = splat<T>(sizeof<T>() == 4 ? -104 : -746);
  const c = v128.pmax<T>(v128.pmin<T>(x, high), low);
  const shift = splat<T>(roundingShift<T>());
  const shifted = v128.add<T>(v128.mul<T>(c, splat<T>(1.4426950408889634)), shift);
  const q = reducedExpm1<T>(c, v128.sub<T>(shifted, shift));
  // 2ⁿ as the product of two powers, each of which is a normal number.
  const n = doubledExponent<T>(shifted);
  const y = v128.add<T>(q, splat<T>(1));
  if (sizeof<T>() == 4) {
    const half = i32x4.shr_u(n, 1);
    const rest = i32x4.sub(n, half);
    return f32x4.mul(f32x4.mul(y, i32x4.shl(half, 23)), i32x4.shl(rest, 23));
  }
  const half = i64x2.shr_u(n, 1);
  const rest = i64x2.sub(n, half);
  return f64x2.mul(f64x2.mul(y, i64x2.shl(half, 52)), i64x2.shl(rest, 52));
}

/** 2ⁿ, n ≥ −126, from n + 2·bias. */
@inline
function power<T>(n: v128): v128 {
  return sizeof<T>() == 4
    ? i32x4.shl(i32x4.sub(n, i32x4.splat(127)), 23)
    : i64x2.shl(i64x2.sub(n, i64x2.splat(1023)), 52);
}

/** eˣ − 1 for x ≤ 0, accurate for small x too. */
@inline
export function expm1<T>(x: v128): v128 {
  // Below the bound the result rounds to −1.
  const c = v128.pmax<T>(x, splat<T>(sizeof<T>() == 4 ? -20 : -40));
  const shift = splat<T>(roundingShift<T>());
  const shifted = v128.add<T>(v128.mul<T>(c, splat<T>(1.4426950408889634)), shift);
  const q = reducedExpm1<T>(c, v128.sub<T>(shifted, shift));
  const scale = power<T>(doubledExponent<T>(shifted));
  // eˣ − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1)
  return v128.add<T>(v128.mul<T>(scale, q), v128.sub<T>(scale, splat<T>(1)));
}

/**
 * tanh x. Where |tanh x| ≥ ½: 1 − 2e/(1 + e) with e = e^(−2|x|), whose last subtraction makes the errors of e small.
 * Nearer to 0: (1 − e)/(1 + e) in f64, and in f32, where two roundings more would be too many, an odd polynomial.
 */
@inline
export function tanh<T>(x: v128): v128 {
  const one = splat<T>(1);
  const size = v128.abs<T>(x);
  const c = v128.pmax<T>(v128.mul<T>(size, splat<T>(-2)), splat<T>(sizeof<T>() == 4 ? -20 : -40));
  const shift = splat<T>(roundingShift<T>());
  const shifted = v128.add<T>(v128.mul<T>(c, splat<T>(1.4426950408889634)), shift);
  const q = reducedExpm1<T>(c, v128.sub<T>(shifted, shift));
  const scale = power<T>(doubledExponent<T>(shifted));
  const scaled = v128.mul<T>(scale, q);
  const e = v128.add<T>(scale, scaled);
  const difference = v128.sub<T>(v128.sub<T>(one, scale), scaled); // 1 − e
  const far = v128.gt<T>(size, splat<T>(0.5493061443340548));
  const total = v128.add<T>(one, e);
  let near: v128;
  let ratio: v128;
  if (sizeof<T>() == 4) {
    const z = v128.mul<T>(x, x);
    let p = splat<T>(-0.006278728134950272);
    p = horner<T>(p, z, 0.02107465996845956);
    p = horner<T>(p, z, -0.053852984230820106);
    p = horner<T>(p, z, 0.13332592060239162);
    p = horner<T>(p, z, -0.33333317718173944);
    near = v128.add<T>(size, v128.mul<T>(v128.mul<T>(size, z), p));
    ratio = v128.div<T>(v128.add<T>(e, e), total);
  } else {
    const difference = v128.sub<T>(v128.sub<T>(one, scale), scaled); // 1 − e
    ratio = v128.div<T>(select(far, v128.add<T>(e, e), difference), total);
    near = ratio;
  }
  return withSign<T>(select(far, v128.sub<T>(one, ratio), near), x);
}
