// The optimizers' updates of a slice of the weights.
//
// g′ = (scale·g + l1·sign(w)) + l2·w; with l1 = l2 = 0 the loop without the two penalties runs, whose results are the
// same for finite weights: the terms left out are zeros, and a zero of either sign is stored as +0.
// Coefficients come as f64 and are rounded to `real` once, after 1 − β and the like.
// Each returns 1 when any new weight is NaN or infinite, else 0: seen while it is in a register.
import { LANES, real } from "./real";
import { bytes, kept, loadUpTo, signOf, splat, storeUpTo } from "./vector";

/** The bound below which numbers become +0, 2⁻¹⁰⁰. */
const TINY: f64 = 7.888609052210118e-31;

/** |x|, for `sign` = −0. */
@inline
function magnitude(x: v128, sign: v128): v128 {
  return v128.andnot(x, sign);
}

/** x, or +0 where |x| < `tiny`: the state stays out of the denormals, which are slow on many processors. */
@inline
function flush(x: v128, sign: v128, tiny: v128): v128 {
  return v128.andnot(x, v128.lt<real>(magnitude(x, sign), tiny));
}

/**
 * What becomes of `alarms` at x. In f32 it is the largest bits of any |x| as an integer, which are above those of all finite
 * ones for NaN and ∞; `flush` has |x| at hand if x is the same. In f64 it is a sum of x − x, each 0 or NaN.
 */
@inline
function alarm(alarms: v128, x: v128, sign: v128): v128 {
  return sizeof<real>() == 4
    ? i32x4.max_s(alarms, magnitude(x, sign))
    : v128.add<real>(alarms, v128.sub<real>(x, x));
}

/** 1 when any x of the alarms was not finite, else 0. */
@inline
function nonFinite(alarms: v128): i32 {
  const found = sizeof<real>() == 4
    ? i32x4.ge_s(alarms, splat<real>(Infinity))
    : v128.ne<real>(alarms, alarms);
  return v128.any_true(found) ? 1 : 0;
}

/** g′; the penalties only where `penalised`. */
@inline
function gradient(w: v128, g: v128, scale: v128, penalised: bool, l1: v128, l2: v128): v128 {
  const d = v128.mul<real>(scale, g);
  if (!penalised) return d;
  return v128.add<real>(v128.add<real>(d, v128.mul<real>(l1, signOf<real>(w))), v128.mul<real>(l2, w));
}

// --- plain gradient descent: w′ = w − lr·g′

/** w′ before it is flushed. */
@inline
function sgdVector(w: v128, g: v128, scale: v128, lr: v128, penalised: bool, l1: v128, l2: v128): v128 {
  return v128.sub<real>(w, v128.mul<real>(lr, gradient(w, g, scale, penalised, l1, l2)));
}

@inline
function sgdLoop(
  n: i32, w: usize, g: usize, wNext: usize, scale: v128, lr: v128, penalised: bool, l1: v128, l2: v128,
): i32 {
  const sign = kept<real>(-0.0), tiny = kept<real>(TINY);
  let alarms = splat<real>(0);
  for (const pairs = w + bytes(n & ~(2 * LANES - 1)); w < pairs; w += 32) {
    const a = sgdVector(v128.load(w), v128.load(g), scale, lr, penalised, l1, l2);
    const b = sgdVector(v128.load(w, 16), v128.load(g, 16), scale, lr, penalised, l1, l2);
    v128.store(wNext, flush(a, sign, tiny));
    v128.store(wNext, flush(b, sign, tiny), 16);
    alarms = alarm(alarm(alarms, a, sign), b, sign);
    g += 32;
    wNext += 32;
  }
  for (let left = n & (2 * LANES - 1); left > 0; left -= LANES) {
    const next = sgdVector(loadUpTo(w, left), loadUpTo(g, left), scale, lr, penalised, l1, l2);
    storeUpTo(wNext, flush(next, sign, tiny), left);
    alarms = alarm(alarms, next, sign);
    w += 16;
    g += 16;
    wNext += 16;
  }
  return nonFinite(alarms);
}

export function sgd(
  n: i32, w: usize, g: usize, wNext: usize, scale: f64, lr: f64, l1: f64, l2: f64,
): i32 {
  const s = splat<real>(scale);
  const rate = splat<real>(lr);
  const a = splat<real>(l1);
  const b = splat<real>(l2);
  if (l1 == 0 && l2 == 0) return sgdLoop(n, w, g, wNext, s, rate, false, a, b);
  return sgdLoop(n, w, g, wNext, s, rate, true, a, b);
}

// --- momentum: v′ = μ·v + (1 − dampening)·g′; w′ = w − lr·(nesterov ? g′ + μ·v′ : v′)

@inline
function momentumLoop(
  n: i32, w: usize, v: usize, g: usize, wNext: usize, vNext: usize,
  scale: v128, lr: v128, penalised: bool, l1: v128, l2: v128, mu: v128, share: v128, nesterov: bool,
): i32 {
  const sign = kept<real>(-0.0), tiny = kept<real>(TINY);
  let alarms = splat<real>(0);
  const end = w + bytes(n);
  for (let left = n; w < end; left -= LANES) {
    const weight = loadUpTo(w, left);
    const slope = gradient(weight, loadUpTo(g, left), scale, penalised, l1, l2);
    const velocity = loadUpTo(v, left);
    const next = flush(v128.add<real>(v128.mul<real>(mu, velocity), v128.mul<real>(share, slope)), sign, tiny);
    const step = nesterov ? v128.add<real>(slope, v128.mul<real>(mu, next)) : next;
    const moved = v128.sub<real>(weight, v128.mul<real>(lr, step));
    storeUpTo(vNext, next, left);
    storeUpTo(wNext, flush(moved, sign, tiny), left);
    alarms = alarm(alarms, moved, sign);
    w += 16;
    v += 16;
    g += 16;
    wNext += 16;
    vNext += 16;
  }
  return nonFinite(alarms);
}

export function momentum(
  n: i32, w: usize, v: usize, g: usize, wNext: usize, vNext: usize,
  scale: f64, lr: f64, l1: f64, l2: f64, mu: f64, dampening: f64, nesterov: i32,
): i32 {
  const s = splat<real>(scale);
  const rate = splat<real>(lr);
  const a = splat<real>(l1);
  const b = splat<real>(l2);
  const m = splat<real>(mu);
  const share = splat<real>(1.0 - dampening);
  const penalised = l1 != 0 || l2 != 0;
  if (nesterov) {
    if (penalised) return momentumLoop(n, w, v, g, wNext, vNext, s, rate, true, a, b, m, share, true);
    return momentumLoop(n, w, v, g, wNext, vNext, s, rate, false, a, b, m, share, true);
  }
  if (penalised) return momentumLoop(n, w, v, g, wNext, vNext, s, rate, true, a, b, m, share, false);
  return momentumLoop(n, w, v, g, wNext, vNext, s, rate, false, a, b, m, share, false);
}

// --- Adam: m′ = β₁m + (1 − β₁)g′; v′ = β₂v + (1 − β₂)g′²;
//     w′ = w·(1 − lr·decay) − lr·(m′·correction1)/(√(v′·correction2) + ε)

@inline
function adamLoop(
  n: i32, w: usize, m: usize, v: usize, g: usize, wNext: usize, mNext: usize, vNext: usize,
  scale: v128, lr: v128, penalised: bool, l1: v128, l2: v128, beta1: v128, share1: v128, beta2: v128, share2: v128,
  epsilon: v128, correction1: v128, correction2: v128, keep: v128,
): i32 {
  const sign = kept<real>(-0.0), tiny = kept<real>(TINY);
  let alarms = splat<real>(0);
  const end = w + bytes(n);
  for (let left = n; w < end; left -= LANES) {
    const weight = loadUpTo(w, left);
    const slope = gradient(weight, loadUpTo(g, left), scale, penalised, l1, l2);
    const mean = loadUpTo(m, left);
    const square = loadUpTo(v, left);
    const mean1 = flush(v128.add<real>(v128.mul<real>(beta1, mean), v128.mul<real>(share1, slope)), sign, tiny);
    const slope2 = v128.mul<real>(slope, slope);
    const square1 = flush(v128.add<real>(v128.mul<real>(beta2, square), v128.mul<real>(share2, slope2)), sign, tiny);
    const root = v128.sqrt<real>(v128.mul<real>(square1, correction2));
    const step = v128.div<real>(
      v128.mul<real>(lr, v128.mul<real>(mean1, correction1)),
      v128.add<real>(root, epsilon),
    );
    const moved = v128.sub<real>(v128.mul<real>(weight, keep), step);
    storeUpTo(mNext, mean1, left);
    storeUpTo(vNext, square1, left);
    storeUpTo(wNext, flush(moved, sign, tiny), left);
    alarms = alarm(alarms, moved, sign);
    w += 16;
    m += 16;
    v += 16;
    g += 16;
    wNext += 16;
    mNext += 16;
    vNext += 16;
  }
  return nonFinite(alarms);
}

export function adam(
  n: i32, w: usize, m: usize, v: usize, g: usize, wNext: usize, mNext: usize, vNext: usize,
  scale: f64, lr: f64, l1: f64, l2: f64, beta1: f64, beta2: f64, epsilon: f64,
  correction1: f64, correction2: f64, decay: f64,
): i32 {
  const s = splat<real>(scale);
  const rate = splat<real>(lr);
  const a = splat<real>(l1);
  const b = splat<real>(l2);
  const b1 = splat<real>(beta1);
  const s1 = splat<real>(1.0 - beta1);
  const b2 = splat<real>(beta2);
  const s2 = splat<real>(1.0 - beta2);
  const e = splat<real>(epsilon);
  const c1 = splat<real>(correction1);
  const c2 = splat<real>(correction2);
  const keep = splat<real>(1.0 - lr * decay);
  if (l1 != 0 || l2 != 0) {
    return adamLoop(n, w, m, v, g, wNext, mNext, vNext, s, rate, true, a, b, b1, s1, b2, s2, e, c1, c2, keep);
  }
  return adamLoop(n, w, m, v, g, wNext, mNext, vNext, s, rate, false, a, b, b1, s1, b2, s2, e, c1, c2, keep);
}
