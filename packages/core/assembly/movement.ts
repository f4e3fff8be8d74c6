// Moving elements: copies with any strides, and filling.
import { LANES, real } from "./real";
import { bytes, inVectors, loadPart, storePart } from "./vector";

/** Copies n adjacent elements. */
@inline
export function copyRow(n: i32, x: usize, y: usize): void {
  const end = x + bytes(inVectors(n));
  while (x < end) {
    v128.store(y, v128.load(x));
    x += 16;
    y += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) storePart(y, loadPart(x, rest), rest);
}

/** Writes one number n times. */
@inline
export function fillRow(n: i32, value: v128, y: usize): void {
  const end = y + bytes(inVectors(n));
  while (y < end) {
    v128.store(y, value);
    y += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) storePart(y, value, rest);
}

/** Rows and columns of one block of a strided copy: both sides of a transpose stay in L1. */
const BLOCK: i32 = 32;

export function copy(
  outer: i32, inner: i32,
  x: usize, xOuter: i32, xInner: i32,
  y: usize, yOuter: i32, yInner: i32,
): void {
  if (inner == 1 || (xOuter == inner * xInner && yOuter == inner * yInner)) {
    // One long row.
    if (inner == 1) {
      xInner = xOuter;
      yInner = yOuter;
    }
    inner *= outer;
    outer = 1;
  }
  if (yInner == 1 && (xInner == 1 || xInner == 0)) {
    for (let o = 0; o < outer; o++) {
      if (xInner == 1) copyRow(inner, x, y);
      else fillRow(inner, v128.splat<real>(load<real>(x)), y);
      x += bytes(xOuter);
      y += bytes(yOuter);
    }
    return;
  }
  const xStep = bytes(xInner);
  const yStep = bytes(yInner);
  for (let o0 = 0; o0 < outer; o0 += BLOCK) {
    const o1 = min<i32>(o0 + BLOCK, outer);
    for (let i0 = 0; i0 < inner; i0 += BLOCK) {
      const i1 = min<i32>(i0 + BLOCK, inner);
      for (let o = o0; o < o1; o++) {
        let px = x + bytes(o * xOuter + i0 * xInner);
        let py = y + bytes(o * yOuter + i0 * yInner);
        for (let i = i0; i < i1; i++) {
          store<real>(py, load<real>(px));
          px += xStep;
          py += yStep;
        }
      }
    }
  }
}

export function fill(n: i32, value: real, y: usize): void {
  fillRow(n, v128.splat<real>(value), y);
}
