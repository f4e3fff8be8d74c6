// Numbers about a slice: is it finite, and sums of magnitudes and squares in f64, each one sequential chain.
import { LANES, real } from "./real";
import { bytes, inVectors, splat } from "./vector";

export function nonFinite(n: i32, x: usize): i32 {
  const infinity = splat<real>(Infinity);
  let finite = i32x4.splat(-1);
  const end = x + bytes(inVectors(n));
  for (; x < end; x += 16) {
    finite = v128.and(finite, v128.lt<real>(v128.abs<real>(v128.load(x)), infinity));
  }
  let result = i32x4.all_true(finite) ? 0 : 1;
  for (let rest = n & (LANES - 1); rest > 0; rest--) {
    if (!(abs<real>(load<real>(x)) < <real>Infinity)) result = 1;
    x += sizeof<real>();
  }
  return result;
}

export function sumAbs(n: i32, x: usize): f64 {
  let s: f64 = 0;
  for (const end = x + bytes(n); x < end; x += sizeof<real>()) s += abs<f64>(<f64>load<real>(x));
  return s;
}

export function sumSquares(n: i32, x: usize): f64 {
  let s: f64 = 0;
  for (const end = x + bytes(n); x < end; x += sizeof<real>()) {
    const v = <f64>load<real>(x);
    s += v * v;
  }
  return s;
}

export function sumSquaredDifference(n: i32, x: usize, y: usize): f64 {
  let s: f64 = 0;
  for (const end = x + bytes(n); x < end; x += sizeof<real>()) {
    const v = <f64>load<real>(x) - <f64>load<real>(y);
    s += v * v;
    y += sizeof<real>();
  }
  return s;
}
