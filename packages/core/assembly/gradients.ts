// Gradients of the activations: dx = f′·dy, computed from the output y where that is enough, else from the input x.
import { normalBell, normalCdf } from "./erf";
import { exp } from "./exp";
import { map2 } from "./map";
import { real } from "./real";
import { logistic } from "./unary";
import { nanMask, select, splat } from "./vector";

// y = tanh x  ⇒  dx = (1 − y²)·dy = (1 − y)·(1 + y)·dy, which loses nothing where |y| is near 1
@unmanaged
class TanhGrad {
  @inline apply(y: v128, dy: v128, p: v128): v128 {
    const one = splat<real>(1);
    const slope = v128.mul<real>(v128.sub<real>(one, y), v128.add<real>(one, y));
    return v128.mul<real>(slope, dy);
  }
}

// y = σ(x)  ⇒  dx = y·(1 − y)·dy
@unmanaged
class SigmoidGrad {
  @inline apply(y: v128, dy: v128, p: v128): v128 {
    return v128.mul<real>(v128.mul<real>(y, v128.sub<real>(splat<real>(1), y)), dy);
  }
}

// y = max(x, 0)  ⇒  dx = dy where y > 0, else 0; NaN where y or dy is
@unmanaged
class ReluGrad {
  @inline apply(y: v128, dy: v128, p: v128): v128 {
    const dx = v128.and(dy, v128.gt<real>(y, splat<real>(0)));
    return v128.or(dx, v128.or(nanMask<real>(y), nanMask<real>(dy)));
  }
}

// y = x·Φ(x)  ⇒  dx = (Φ(x) + x·φ(x))·dy, φ(x) = e^(−x²/2)/√2π
@unmanaged
class GeluGrad {
  @inline apply(x: v128, dy: v128, p: v128): v128 {
    const bell = normalBell<real>(x);
    // x·φ(x) vanishes long before |x| = 64; the bound keeps ∞·0 out.
    const bounded = v128.pmax<real>(v128.pmin<real>(x, splat<real>(64)), splat<real>(-64));
    const slope = v128.mul<real>(v128.mul<real>(bounded, bell), splat<real>(0.39894228040143267794));
    return v128.mul<real>(v128.add<real>(normalCdf<real>(x, bell), slope), dy);
  }
}

// y = x·σ(x)  ⇒  dx = σ(x)·(1 + x·σ(−x))·dy
@unmanaged
class SiluGrad {
  @inline apply(x: v128, dy: v128, p: v128): v128 {
    const one = splat<real>(1);
    const below = v128.lt<real>(x, splat<real>(0));
    const e = exp<real>(v128.neg<real>(v128.abs<real>(x)));
    const total = v128.add<real>(one, e);
    const s = v128.div<real>(select(below, e, one), total);
    const complement = v128.div<real>(select(below, one, e), total);
    const slope = v128.mul<real>(s, v128.add<real>(one, v128.mul<real>(x, complement)));
    return v128.mul<real>(slope, dy);
  }
}

// y = log(1 + eˣ)  ⇒  dx = σ(x)·dy
@unmanaged
class SoftplusGrad {
  @inline apply(x: v128, dy: v128, p: v128): v128 { return v128.mul<real>(logistic(x), dy); }
}

// y = x > 0 ? x : slope·x  ⇒  dx = dy or slope·dy; NaN where x is NaN
@unmanaged
class LeakyReluGrad {
  @inline apply(x: v128, dy: v128, slope: v128): v128 {
    const dx = select(v128.gt<real>(x, splat<real>(0)), dy, v128.mul<real>(slope, dy));
    return v128.or(dx, nanMask<real>(x));
  }
}

// y = x > 0 ? x : α·(eˣ − 1)  ⇒  dx = dy or α·eˣ·dy
@unmanaged
class EluGrad {
  @inline apply(x: v128, dy: v128, alpha: v128): v128 {
    const zero = splat<real>(0);
    const slope = v128.mul<real>(alpha, exp<real>(v128.pmin<real>(x, zero)));
    return select(v128.gt<real>(x, zero), dy, v128.mul<real>(slope, dy));
  }
}

export function tanhGrad(n: i32, y: usize, dy: usize, dx: usize): void {
  map2<TanhGrad>(n, y, dy, dx, splat<real>(0));
}

export function sigmoidGrad(n: i32, y: usize, dy: usize, dx: usize): void {
  map2<SigmoidGrad>(n, y, dy, dx, splat<real>(0));
}

export function reluGrad(n: i32, y: usize, dy: usize, dx: usize): void {
  map2<ReluGrad>(n, y, dy, dx, splat<real>(0));
}

export function geluGrad(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<GeluGrad>(n, x, dy, dx, splat<real>(0));
}

export function siluGrad(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<SiluGrad>(n, x, dy, dx, splat<real>(0));
}

export function softplusGrad(n: i32, x: usize, dy: usize, dx: usize): void {
  map2<SoftplusGrad>(n, x, dy, dx, splat<real>(0));
}

export function leakyReluGrad(n: i32, slope: real, x: usize, dy: usize, dx: usize): void {
  map2<LeakyReluGrad>(n, x, dy, dx, v128.splat<real>(slope));
}

export function eluGrad(n: i32, alpha: real, x: usize, dy: usize, dx: usize): void {
  map2<EluGrad>(n, x, dy, dx, v128.splat<real>(alpha));
}
