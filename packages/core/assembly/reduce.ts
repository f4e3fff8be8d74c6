// Sums and maxima over an axis, each one sequential chain per output element.
import { LANES, real } from "./real";
import { bytes, loadPart, storePart } from "./vector";

@unmanaged
class Sum {
  @inline start(): real { return 0; }
  @inline join(a: v128, b: v128): v128 { return v128.add<real>(a, b); }
  @inline joinOne(a: real, b: real): real { return a + b; }
}

@unmanaged
class Max {
  @inline start(): real { return <real>-Infinity; }
  @inline join(a: v128, b: v128): v128 { return v128.max<real>(a, b); }
  @inline joinOne(a: real, b: real): real { return max<real>(a, b); }
}

/** y[o, i] = x[o, 0, i] ∘ x[o, 1, i] ∘ …, from the left; the start of the operation where count = 0. */
@inline
function reduce<Op>(outer: i32, count: i32, inner: i32, x: usize, y: usize): void {
  const op = changetype<Op>(0);
  if (count == 0) {
    const end = y + bytes(outer * inner);
    for (; y < end; y += sizeof<real>()) store<real>(y, op.start());
    return;
  }
  if (inner == 1) {
    reduceRows<Op>(outer, count, x, y);
    return;
  }
  const row = bytes(inner);
  for (let o = 0; o < outer; o++) {
    let i = 0;
    for (; i + 4 * LANES <= inner; i += 4 * LANES) {
      let p = x + bytes(i);
      let a = v128.load(p);
      let b = v128.load(p, 16);
      let c = v128.load(p, 32);
      let d = v128.load(p, 48);
      for (let k = 1; k < count; k++) {
        p += row;
        a = op.join(a, v128.load(p));
        b = op.join(b, v128.load(p, 16));
        c = op.join(c, v128.load(p, 32));
        d = op.join(d, v128.load(p, 48));
      }
      const q = y + bytes(i);
      v128.store(q, a);
      v128.store(q, b, 16);
      v128.store(q, c, 32);
      v128.store(q, d, 48);
    }
    for (; i + LANES <= inner; i += LANES) {
      let p = x + bytes(i);
      let a = v128.load(p);
      for (let k = 1; k < count; k++) {
        p += row;
        a = op.join(a, v128.load(p));
      }
      v128.store(y + bytes(i), a);
    }
    if (i < inner) {
      const rest = inner - i;
      let p = x + bytes(i);
      let a = loadPart(p, rest);
      for (let k = 1; k < count; k++) {
        p += row;
        a = op.join(a, loadPart(p, rest));
      }
      storePart(y + bytes(i), a, rest);
    }
    x += row * count;
    y += row;
  }
}

/** `reduce` for inner = 1: four rows at a time, whose chains overlap in the processor. */
@inline
function reduceRows<Op>(outer: i32, count: i32, x: usize, y: usize): void {
  const op = changetype<Op>(0);
  const row = bytes(count);
  let o = 0;
  for (; o + 4 <= outer; o += 4) {
    let p = x;
    let a = load<real>(p);
    let b = load<real>(p + row);
    let c = load<real>(p + 2 * row);
    let d = load<real>(p + 3 * row);
    for (let k = 1; k < count; k++) {
      p += sizeof<real>();
      a = op.joinOne(a, load<real>(p));
      b = op.joinOne(b, load<real>(p + row));
      c = op.joinOne(c, load<real>(p + 2 * row));
      d = op.joinOne(d, load<real>(p + 3 * row));
    }
    store<real>(y, a);
    store<real>(y + sizeof<real>(), b);
    store<real>(y + 2 * sizeof<real>(), c);
    store<real>(y + 3 * sizeof<real>(), d);
    x += 4 * row;
    y += 4 * sizeof<real>();
  }
  for (; o < outer; o++) {
    let p = x;
    let a = load<real>(p);
    for (let k = 1; k < count; k++) {
      p += sizeof<real>();
      a = op.joinOne(a, load<real>(p));
    }
    store<real>(y, a);
    x += row;
    y += sizeof<real>();
  }
}

export function sum(outer: i32, count: i32, inner: i32, x: usize, y: usize): void {
  reduce<Sum>(outer, count, inner, x, y);
}

export function maxOver(outer: i32, count: i32, inner: i32, x: usize, y: usize): void {
  reduce<Max>(outer, count, inner, x, y);
}
