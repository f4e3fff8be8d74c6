// Passes over a slice that change nothing: sums of magnitudes and squares in f64, each one sequential chain; and a touch.
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

/** Reads one word of each cache line; returns their sum, so that no compiler leaves the loads out. */
export function touch(n: i32, x: usize): i32 {
  let sum = 0;
  for (const end = x + bytes(n); x < end; x += 64) sum += load<i32>(x);
  return sum;
}
