// The loops of the elementwise kernels.
//
// An operation is a class without fields whose `apply` maps vectors to vectors. It is never created: calling a method
// of `changetype<Op>(0)` names the function at compile time, where a function-typed parameter would be an indirect call.
import { LANES } from "./real";
import { bytes, inVectors, loadPart, storePart } from "./vector";

/** y = f(x; p). */
@inline
export function map<Op>(n: i32, x: usize, y: usize, p: v128): void {
  const op = changetype<Op>(0);
  const end = x + bytes(inVectors(n));
  while (x < end) {
    v128.store(y, op.apply(v128.load(x), p));
    x += 16;
    y += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) storePart(y, op.apply(loadPart(x, rest), p), rest);
}

/** z = f(x, y; p). */
@inline
export function map2<Op>(n: i32, x: usize, y: usize, z: usize, p: v128): void {
  const op = changetype<Op>(0);
  const end = x + bytes(inVectors(n));
  while (x < end) {
    v128.store(z, op.apply(v128.load(x), v128.load(y), p));
    x += 16;
    y += 16;
    z += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) storePart(z, op.apply(loadPart(x, rest), loadPart(y, rest), p), rest);
}
