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

/** Bytes of the longest row that `mapRows` reads by columns: with longer ones that was slower, measured at 2 KiB. */
// @ts-ignore: decorator
@inline const LONGEST_BY_COLUMNS: usize = 1024;

/** y[r, j] = f(x[r, j], b[j]; p) for x dense [rows, n]; by columns, so that b stays in registers. */
@inline
export function mapRows<Op>(rows: i32, n: i32, x: usize, b: usize, y: usize, p: v128): void {
  const op = changetype<Op>(0);
  const row = bytes(n);
  const end = x + row * <usize>rows;
  if (row > LONGEST_BY_COLUMNS) {
    for (; x < end; x += row) {
      map2<Op>(n, x, b, y, p);
      y += row;
    }
    return;
  }
  let j = 0;
  for (; j + 8 * LANES <= n; j += 8 * LANES) {
    const at = bytes(j);
    const b0 = v128.load(b + at);
    const b1 = v128.load(b + at, 16);
    const b2 = v128.load(b + at, 32);
    const b3 = v128.load(b + at, 48);
    const b4 = v128.load(b + at, 64);
    const b5 = v128.load(b + at, 80);
    const b6 = v128.load(b + at, 96);
    const b7 = v128.load(b + at, 112);
    let q = y + at;
    for (let r = x + at; r < end; r += row) {
      v128.store(q, op.apply(v128.load(r), b0, p));
      v128.store(q, op.apply(v128.load(r, 16), b1, p), 16);
      v128.store(q, op.apply(v128.load(r, 32), b2, p), 32);
      v128.store(q, op.apply(v128.load(r, 48), b3, p), 48);
      v128.store(q, op.apply(v128.load(r, 64), b4, p), 64);
      v128.store(q, op.apply(v128.load(r, 80), b5, p), 80);
      v128.store(q, op.apply(v128.load(r, 96), b6, p), 96);
      v128.store(q, op.apply(v128.load(r, 112), b7, p), 112);
      q += row;
    }
  }
  for (; j + LANES <= n; j += LANES) {
    const at = bytes(j);
    const b0 = v128.load(b + at);
    let q = y + at;
    for (let r = x + at; r < end; r += row) {
      v128.store(q, op.apply(v128.load(r), b0, p));
      q += row;
    }
  }
  const rest = n - j;
  if (rest) {
    const at = bytes(j);
    const b0 = loadPart(b + at, rest);
    let q = y + at;
    for (let r = x + at; r < end; r += row) {
      storePart(q, op.apply(loadPart(r, rest), b0, p), rest);
      q += row;
    }
  }
}
