// Elementwise kernels of one input.
import { erf as erf64, normalBell, normalCdf } from "./erf";
import { exp as vexp, expm1, tanh as vtanh } from "./exp";
import { log as vlog, log1p } from "./log";
import { map } from "./map";
import { real } from "./real";
import { cos as cos64, sin as sin64 } from "./trig";
import { demote, nanMask, promoteHigh, select, signOf, splat } from "./vector";

@unmanaged
class Neg {
  @inline apply(x: v128, p: v128): v128 { return v128.neg<real>(x); }
}

@unmanaged
class Exp {
  @inline apply(x: v128, p: v128): v128 { return vexp<real>(x); }
}

@unmanaged
class Log {
  @inline apply(x: v128, p: v128): v128 { return vlog<real>(x); }
}

@unmanaged
class Sqrt {
  @inline apply(x: v128, p: v128): v128 { return v128.sqrt<real>(x); }
}

@unmanaged
class Abs {
  @inline apply(x: v128, p: v128): v128 { return v128.abs<real>(x); }
}

@unmanaged
class Sign {
  @inline apply(x: v128, p: v128): v128 { return signOf<real>(x); }
}

@unmanaged
class Step {
  @inline apply(x: v128, p: v128): v128 {
    return v128.or(v128.and(v128.gt<real>(x, splat<real>(0)), splat<real>(1)), nanMask<real>(x));
  }
}

@unmanaged
class Sin {
  @inline apply(x: v128, p: v128): v128 { return eachLane<SinLane>(x); }
}

@unmanaged
class SinLane {
  @inline apply(x: f64): f64 { return sin64(x); }
}

@unmanaged
class Cos {
  @inline apply(x: v128, p: v128): v128 { return eachLane<CosLane>(x); }
}

@unmanaged
class CosLane {
  @inline apply(x: f64): f64 { return cos64(x); }
}

/** A function of one f64 applied to every lane; f32 lanes are rounded once, at the end. */
@inline
function eachLane<Op>(x: v128): v128 {
  const op = changetype<Op>(0);
  if (sizeof<real>() == 8) {
    return f64x2(op.apply(f64x2.extract_lane(x, 0)), op.apply(f64x2.extract_lane(x, 1)));
  }
  return f32x4(
    <f32>op.apply(<f64>f32x4.extract_lane(x, 0)),
    <f32>op.apply(<f64>f32x4.extract_lane(x, 1)),
    <f32>op.apply(<f64>f32x4.extract_lane(x, 2)),
    <f32>op.apply(<f64>f32x4.extract_lane(x, 3)),
  );
}

@unmanaged
class Erf {
  @inline apply(x: v128, p: v128): v128 {
    if (sizeof<real>() == 8) return erf64(x);
    return demote(erf64(f64x2.promote_low_f32x4(x)), erf64(promoteHigh(x)));
  }
}

@unmanaged
class Tanh {
  @inline apply(x: v128, p: v128): v128 { return vtanh<real>(x); }
}

@unmanaged
class Sigmoid {
  @inline apply(x: v128, p: v128): v128 { return logistic(x); }
}

/** σ(x) = 1/(1 + e^−x), from e^−|x| so that nothing overflows and small results keep their precision. */
@inline
export function logistic(x: v128): v128 {
  const one = splat<real>(1);
  const below = v128.lt<real>(x, splat<real>(0));
  const e = vexp<real>(v128.neg<real>(v128.abs<real>(x)));
  const total = v128.add<real>(one, e);
  const y = v128.div<real>(select(below, e, one), total);
  // The rounding error of 1 + e, to first order; 1/(1 + e) is y or 1 − y.
  const error = v128.sub<real>(e, v128.sub<real>(total, one));
  const inverse = select(below, v128.sub<real>(one, y), y);
  return v128.sub<real>(y, v128.mul<real>(v128.mul<real>(y, inverse), error));
}

@unmanaged
export class Relu {
  // pmax(x, 0) is x < 0 ? 0 : x, so NaN passes; pmax(0, x) would swallow it.
  @inline apply(x: v128, p: v128): v128 { return v128.pmax<real>(x, splat<real>(0)); }
}

@unmanaged
class Gelu {
  @inline apply(x: v128, p: v128): v128 {
    return v128.mul<real>(x, normalCdf<real>(x, normalBell<real>(x)));
  }
}

@unmanaged
class Silu {
  @inline apply(x: v128, p: v128): v128 { return v128.mul<real>(x, logistic(x)); }
}

@unmanaged
class Softplus {
  @inline apply(x: v128, p: v128): v128 {
    return v128.add<real>(v128.pmax<real>(x, splat<real>(0)), softplusTail(x));
  }
}

/** log(1 + e^−|x|). */
@inline
export function softplusTail(x: v128): v128 {
  return log1p<real>(vexp<real>(v128.neg<real>(v128.abs<real>(x))));
}

@unmanaged
class LeakyRelu {
  @inline apply(x: v128, slope: v128): v128 {
    return select(v128.gt<real>(x, splat<real>(0)), x, v128.mul<real>(slope, x));
  }
}

@unmanaged
class Elu {
  @inline apply(x: v128, alpha: v128): v128 {
    const zero = splat<real>(0);
    const below = v128.mul<real>(alpha, expm1<real>(v128.pmin<real>(x, zero)));
    return select(v128.gt<real>(x, zero), x, below);
  }
}

export function neg(n: i32, x: usize, y: usize): void { map<Neg>(n, x, y, splat<real>(0)); }
export function exp(n: i32, x: usize, y: usize): void { map<Exp>(n, x, y, splat<real>(0)); }
export function log(n: i32, x: usize, y: usize): void { map<Log>(n, x, y, splat<real>(0)); }
export function sqrt(n: i32, x: usize, y: usize): void { map<Sqrt>(n, x, y, splat<real>(0)); }
export function sin(n: i32, x: usize, y: usize): void { map<Sin>(n, x, y, splat<real>(0)); }
export function cos(n: i32, x: usize, y: usize): void { map<Cos>(n, x, y, splat<real>(0)); }
export function erf(n: i32, x: usize, y: usize): void { map<Erf>(n, x, y, splat<real>(0)); }
export function abs(n: i32, x: usize, y: usize): void { map<Abs>(n, x, y, splat<real>(0)); }
export function sign(n: i32, x: usize, y: usize): void { map<Sign>(n, x, y, splat<real>(0)); }
export function step(n: i32, x: usize, y: usize): void { map<Step>(n, x, y, splat<real>(0)); }
export function tanh(n: i32, x: usize, y: usize): void { map<Tanh>(n, x, y, splat<real>(0)); }
export function sigmoid(n: i32, x: usize, y: usize): void { map<Sigmoid>(n, x, y, splat<real>(0)); }
export function relu(n: i32, x: usize, y: usize): void { map<Relu>(n, x, y, splat<real>(0)); }
export function gelu(n: i32, x: usize, y: usize): void { map<Gelu>(n, x, y, splat<real>(0)); }
export function silu(n: i32, x: usize, y: usize): void { map<Silu>(n, x, y, splat<real>(0)); }
export function softplus(n: i32, x: usize, y: usize): void { map<Softplus>(n, x, y, splat<real>(0)); }

export function leakyRelu(n: i32, slope: real, x: usize, y: usize): void {
  map<LeakyRelu>(n, x, y, v128.splat<real>(slope));
}

export function elu(n: i32, alpha: real, x: usize, y: usize): void {
  map<Elu>(n, x, y, v128.splat<real>(alpha));
}
