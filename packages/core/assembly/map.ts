// The loops of the elementwise kernels, two vectors at a time: constants are then built once for both.
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
  for (const pairs = x + bytes(n & ~(2 * LANES - 1)); x < pairs; x += 32) {
    const a = op.apply(v128.load(x), p);
    const b = op.apply(v128.load(x, 16), p);
    v128.store(y, a);
    v128.store(y, b, 16);
    y += 32;
  }
  if (x < end) {
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
  for (const pairs = x + bytes(n & ~(2 * LANES - 1)); x < pairs; x += 32) {
    const a = op.apply(v128.load(x), v128.load(y), p);
    const b = op.apply(v128.load(x, 16), v128.load(y, 16), p);
    v128.store(z, a);
    v128.store(z, b, 16);
    y += 32;
    z += 32;
  }
  if (x < end) {
    v128.store(z, op.apply(v128.load(x), v128.load(y), p));
    x += 16;
    y += 16;
    z += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) storePart(z, op.apply(loadPart(x, rest), loadPart(y, rest), p), rest);
}
