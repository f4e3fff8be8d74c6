// Sums of magnitudes and squares of a slice in f64, each one sequential chain.
import { real } from "./real";
import { bytes } from "./vector";

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
