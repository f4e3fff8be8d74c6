// The error function and the normal distribution function.
//
// f64: the rational approximations of W. J. Cody, "Rational Chebyshev approximations for the error function",
// Mathematics of Computation 23 (1969), 631–637, with the coefficients of his program CALERF.
// f32: one polynomial for the tail of the normal distribution.
import { exp } from "./exp";
import { horner, select, splat, withSign } from "./vector";

/** erf t for |t| ≤ 0.46875. */
@inline
function erfSmall(t: v128): v128 {
  const z = f64x2.mul(t, t);
  let a = splat<f64>(1.85777706184603153e-1);
  a = horner<f64>(a, z, 3.1611237438705656);
  a = horner<f64>(a, z, 1.13864154151050156e2);
  a = horner<f64>(a, z, 3.77485237685302021e2);
  a = horner<f64>(a, z, 3.20937758913846947e3);
  let b = f64x2.add(z, splat<f64>(2.36012909523441209e1));
  b = horner<f64>(b, z, 2.44024637934444173e2);
  b = horner<f64>(b, z, 1.28261652607737228e3);
  b = horner<f64>(b, z, 2.84423683343917062e3);
  return f64x2.div(f64x2.mul(t, a), b);
}

/** e^(t²)·(1 − erf t) for t ≥ 0.46875. */
@inline
function erfcScaled(t: v128): v128 {
  let a = splat<f64>(2.15311535474403846e-8);
  a = horner<f64>(a, t, 5.64188496988670089e-1);
  a = horner<f64>(a, t, 8.88314979438837594);
  a = horner<f64>(a, t, 6.61191906371416295e1);
  a = horner<f64>(a, t, 2.98635138197400131e2);
  a = horner<f64>(a, t, 8.8195222124176909e2);
  a = horner<f64>(a, t, 1.71204761263407058e3);
  a = horner<f64>(a, t, 2.05107837782607147e3);
  a = horner<f64>(a, t, 1.23033935479799725e3);
  let b = f64x2.add(t, splat<f64>(1.57449261107098347e1));
  b = horner<f64>(b, t, 1.17693950891312499e2);
  b = horner<f64>(b, t, 5.37181101862009858e2);
  b = horner<f64>(b, t, 1.62138957456669019e3);
  b = horner<f64>(b, t, 3.29079923573345963e3);
  b = horner<f64>(b, t, 4.36261909014324716e3);
  b = horner<f64>(b, t, 3.43936767414372164e3);
  b = horner<f64>(b, t, 1.23033935480374942e3);
  const middle = f64x2.div(a, b);

  const z = f64x2.div(splat<f64>(1), f64x2.mul(t, t));
  let p = splat<f64>(1.63153871373020978e-2);
  p = horner<f64>(p, z, 3.05326634961232344e-1);
  p = horner<f64>(p, z, 3.60344899949804439e-1);
  p = horner<f64>(p, z, 1.25781726111229246e-1);
  p = horner<f64>(p, z, 1.60837851487422766e-2);
  p = horner<f64>(p, z, 6.58749161529837803e-4);
  let q = f64x2.add(z, splat<f64>(2.56852019228982242));
  q = horner<f64>(q, z, 1.87295284992346047);
  q = horner<f64>(q, z, 5.27905102951428412e-1);
  q = horner<f64>(q, z, 6.05183413124413191e-2);
  q = horner<f64>(q, z, 2.33520497626869185e-3);
  const series = f64x2.div(f64x2.mul(z, p), q);
  const far = f64x2.div(f64x2.sub(splat<f64>(0.56418958354775628695), series), t);
  return select(f64x2.gt(t, splat<f64>(4)), far, middle);
}

/** e^(−scale·t²), 0 ≤ t ≤ 64, scale 1 or ½: the square is split so that its rounding error does not count. */
@inline
function expSquare(t: v128, scale: f64): v128 {
  const coarse = f64x2.mul(f64x2.trunc(f64x2.mul(t, splat<f64>(16))), splat<f64>(0.0625));
  const fine = f64x2.mul(f64x2.sub(t, coarse), f64x2.add(t, coarse));
  const s = splat<f64>(-scale);
  return f64x2.mul(
    exp<f64>(f64x2.mul(f64x2.mul(coarse, coarse), s)),
    exp<f64>(f64x2.mul(fine, s)),
  );
}

/** erf x of two f64. */
export function erf(x: v128): v128 {
  const t = v128.pmin<f64>(f64x2.abs(x), splat<f64>(40));
  const far = f64x2.sub(splat<f64>(1), f64x2.mul(expSquare(t, 1), erfcScaled(t)));
  return select(f64x2.le(t, splat<f64>(0.46875)), erfSmall(x), withSign<f64>(far, x));
}

/** e^(−x²/2), the density of the normal distribution times √2π. */
@inline
export function normalBell<T>(x: v128): v128 {
  if (sizeof<T>() == 4) {
    const t = v128.pmin<f32>(f32x4.abs(x), splat<f32>(64));
    return exp<f32>(f32x4.mul(f32x4.mul(t, t), splat<f32>(-0.5)));
  }
  return expSquare(v128.pmin<f64>(f64x2.abs(x), splat<f64>(64)), 0.5);
}

/** Φ(x), the normal distribution function, given bell = normalBell(x). */
@inline
export function normalCdf<T>(x: v128, bell: v128): v128 {
  let tail: v128; // Φ(−|x|)
  if (sizeof<T>() == 4) {
    // Φ(−t) = e^(−t²/2)·P(1/(1 + 0.26·t)), P interpolating at Chebyshev nodes on 0 ≤ t ≤ 14.5 within 8e-9.
    const t = v128.pmin<f32>(f32x4.abs(x), splat<f32>(15));
    const one = splat<f32>(1);
    const u = f32x4.div(one, f32x4.add(one, f32x4.mul(t, splat<f32>(0.26))));
    let p = splat<f32>(0.033800500794);
    p = horner<f32>(p, u, -0.169916612394);
    p = horner<f32>(p, u, 0.289763759936);
    p = horner<f32>(p, u, -0.199459119822);
    p = horner<f32>(p, u, 0.199225582913);
    p = horner<f32>(p, u, 0.0315600435526);
    p = horner<f32>(p, u, 0.109403205709);
    p = horner<f32>(p, u, 0.10172313524);
    p = horner<f32>(p, u, 0.103906729174);
    p = horner<f32>(p, u, -7.22302240109e-6);
    tail = f32x4.mul(p, bell);
  } else {
    const t = v128.pmin<f64>(f64x2.abs(x), splat<f64>(64));
    const z = f64x2.mul(t, splat<f64>(0.70710678118654752440));
    const far = f64x2.mul(f64x2.mul(bell, splat<f64>(0.5)), erfcScaled(z));
    const near = f64x2.sub(splat<f64>(0.5), f64x2.mul(splat<f64>(0.5), erfSmall(z)));
    tail = select(f64x2.le(z, splat<f64>(0.46875)), near, far);
  }
  return select(v128.lt<T>(x, splat<T>(0)), tail, v128.sub<T>(splat<T>(1), tail));
}
