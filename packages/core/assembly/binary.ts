// Elementwise kernels of two inputs, broadcast by strides.
import { map2, mapRows } from "./map";
import { LANES, real } from "./real";
import { pow as pow64 } from "./pow";
import { Relu } from "./unary";
import { bytes, inVectors, loadPart, splat, storePart } from "./vector";

@unmanaged
class Add {
  @inline apply(a: v128, b: v128, p: v128): v128 { return v128.add<real>(a, b); }
}

@unmanaged
class AddRelu {
  @inline apply(a: v128, b: v128, p: v128): v128 {
    return changetype<Relu>(0).apply(v128.add<real>(a, b), p);
  }
}

@unmanaged
class Sub {
  @inline apply(a: v128, b: v128, p: v128): v128 { return v128.sub<real>(a, b); }
}

@unmanaged
class Mul {
  @inline apply(a: v128, b: v128, p: v128): v128 { return v128.mul<real>(a, b); }
}

@unmanaged
class Div {
  @inline apply(a: v128, b: v128, p: v128): v128 { return v128.div<real>(a, b); }
}

@unmanaged
class Max {
  @inline apply(a: v128, b: v128, p: v128): v128 { return v128.max<real>(a, b); }
}

@unmanaged
class Min {
  @inline apply(a: v128, b: v128, p: v128): v128 { return v128.min<real>(a, b); }
}

@unmanaged
class Pow {
  @inline apply(a: v128, b: v128, p: v128): v128 { return powLanes(a, b); }
}

/** Powers lane by lane in f64; f32 lanes are rounded once, at the end. */
function powLanes(a: v128, b: v128): v128 {
  if (sizeof<real>() == 8) {
    return f64x2(
      pow64(f64x2.extract_lane(a, 0), f64x2.extract_lane(b, 0)),
      pow64(f64x2.extract_lane(a, 1), f64x2.extract_lane(b, 1)),
    );
  }
  return f32x4(
    <f32>pow64(<f64>f32x4.extract_lane(a, 0), <f64>f32x4.extract_lane(b, 0)),
    <f32>pow64(<f64>f32x4.extract_lane(a, 1), <f64>f32x4.extract_lane(b, 1)),
    <f32>pow64(<f64>f32x4.extract_lane(a, 2), <f64>f32x4.extract_lane(b, 2)),
    <f32>pow64(<f64>f32x4.extract_lane(a, 3), <f64>f32x4.extract_lane(b, 3)),
  );
}

/** y = f(a, b) for a vector and a number: the number is a where `left`, else b. */
@inline
function mapSplat<Op>(n: i32, x: usize, y: usize, number: v128, left: bool): void {
  const op = changetype<Op>(0);
  const end = x + bytes(inVectors(n));
  const none = splat<real>(0);
  while (x < end) {
    const v = v128.load(x);
    v128.store(y, left ? op.apply(number, v, none) : op.apply(v, number, none));
    x += 16;
    y += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) {
    const v = loadPart(x, rest);
    storePart(y, left ? op.apply(number, v, none) : op.apply(v, number, none), rest);
  }
}

@inline
function broadcast<Op>(
  outer: i32, inner: i32,
  a: usize, aOuter: i32, aInner: i32,
  b: usize, bOuter: i32, bInner: i32,
  y: usize,
): void {
  if (inner == 1 || (aOuter == inner * aInner && bOuter == inner * bInner)) {
    // One long row.
    if (inner == 1) {
      aInner = aOuter;
      bInner = bOuter;
    }
    inner *= outer;
    outer = 1;
  }
  const op = changetype<Op>(0);
  const none = splat<real>(0);
  for (let o = 0; o < outer; o++) {
    if (aInner == 1 && bInner == 1) {
      map2<Op>(inner, a, b, y, none);
    } else if (aInner == 1 && bInner == 0) {
      mapSplat<Op>(inner, a, y, v128.splat<real>(load<real>(b)), false);
    } else if (aInner == 0 && bInner == 1) {
      mapSplat<Op>(inner, b, y, v128.splat<real>(load<real>(a)), true);
    } else {
      const aStep = bytes(aInner);
      const bStep = bytes(bInner);
      let pa = a;
      let pb = b;
      const end = y + bytes(inner);
      for (let py = y; py < end; py += sizeof<real>()) {
        const v = op.apply(v128.splat<real>(load<real>(pa)), v128.splat<real>(load<real>(pb)), none);
        store<real>(py, v128.extract_lane<real>(v, 0));
        pa += aStep;
        pb += bStep;
      }
    }
    a += bytes(aOuter);
    b += bytes(bOuter);
    y += bytes(inner);
  }
}

export function add(
  outer: i32, inner: i32, a: usize, aOuter: i32, aInner: i32, b: usize, bOuter: i32, bInner: i32, y: usize,
): void {
  if (aOuter == inner && aInner == 1 && bOuter == 0 && bInner == 1) {
    mapRows<Add>(outer, inner, a, b, y, splat<real>(0));
  } else {
    broadcast<Add>(outer, inner, a, aOuter, aInner, b, bOuter, bInner, y);
  }
}

export function addRelu(rows: i32, n: i32, x: usize, b: usize, y: usize): void {
  mapRows<AddRelu>(rows, n, x, b, y, splat<real>(0));
}

export function sub(
  outer: i32, inner: i32, a: usize, aOuter: i32, aInner: i32, b: usize, bOuter: i32, bInner: i32, y: usize,
): void {
  broadcast<Sub>(outer, inner, a, aOuter, aInner, b, bOuter, bInner, y);
}

export function mul(
  outer: i32, inner: i32, a: usize, aOuter: i32, aInner: i32, b: usize, bOuter: i32, bInner: i32, y: usize,
): void {
  broadcast<Mul>(outer, inner, a, aOuter, aInner, b, bOuter, bInner, y);
}

export function div(
  outer: i32, inner: i32, a: usize, aOuter: i32, aInner: i32, b: usize, bOuter: i32, bInner: i32, y: usize,
): void {
  broadcast<Div>(outer, inner, a, aOuter, aInner, b, bOuter, bInner, y);
}

export function pow(
  outer: i32, inner: i32, a: usize, aOuter: i32, aInner: i32, b: usize, bOuter: i32, bInner: i32, y: usize,
): void {
  broadcast<Pow>(outer, inner, a, aOuter, aInner, b, bOuter, bInner, y);
}

export function max(
  outer: i32, inner: i32, a: usize, aOuter: i32, aInner: i32, b: usize, bOuter: i32, bInner: i32, y: usize,
): void {
  broadcast<Max>(outer, inner, a, aOuter, aInner, b, bOuter, bInner, y);
}

export function min(
  outer: i32, inner: i32, a: usize, aOuter: i32, aInner: i32, b: usize, bOuter: i32, bInner: i32, y: usize,
): void {
  broadcast<Min>(outer, inner, a, aOuter, aInner, b, bOuter, bInner, y);
}
