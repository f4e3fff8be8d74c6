// Sums by the reduction tree: over segments of rows (sumTree) and over buffers (reduceTree).
//
// A program lists leaves in post-order with the number of merges after each (see src/tree.ts). A leaf is summed in
// registers, merged with the sums on top of the stack, and pushed; the stack is in `scratch`, one level of LEVEL bytes
// for each sum, for one block of columns at a time. The last sum goes to y.
import { LANES, real } from "./real";
import { bytes, loadUpTo, storeUpTo } from "./vector";

/** Bytes of one level of the stack: a block of eight vectors. */
const LEVEL: usize = 128;

/** Columns of a block of eight vectors. */
const BLOCK: i32 = 8 * LANES;

export function sumTree(program: usize, inner: i32, x: usize, y: usize, scratch: usize): void {
  const row = bytes(inner);
  let i = 0;
  for (; i + BLOCK <= inner; i += BLOCK) {
    sumBlock(program, row, x + bytes(i), y + bytes(i), scratch);
  }
  for (; i < inner; i += LANES) {
    sumVector(program, row, x + bytes(i), y + bytes(i), min<i32>(inner - i, LANES), scratch);
  }
}

export function reduceTree(n: i32, table: usize, offset: i32, y: usize, scratch: usize): void {
  let i = 0;
  for (; i + BLOCK <= n; i += BLOCK) {
    reduceBlock(table, <usize>offset + bytes(i), y + bytes(i), scratch);
  }
  for (; i < n; i += LANES) {
    reduceVector(table, <usize>offset + bytes(i), y + bytes(i), min<i32>(n - i, LANES), scratch);
  }
}

function sumBlock(program: usize, row: usize, x: usize, y: usize, scratch: usize): void {
  let top = scratch;
  let rows = load<u32>(program);
  while (rows != 0) {
    let a = v128.load(x);
    let b = v128.load(x, 16);
    let c = v128.load(x, 32);
    let d = v128.load(x, 48);
    let e = v128.load(x, 64);
    let f = v128.load(x, 80);
    let g = v128.load(x, 96);
    let h = v128.load(x, 112);
    x += row;
    for (let r: u32 = 1; r < rows; r++) {
      a = v128.add<real>(a, v128.load(x));
      b = v128.add<real>(b, v128.load(x, 16));
      c = v128.add<real>(c, v128.load(x, 32));
      d = v128.add<real>(d, v128.load(x, 48));
      e = v128.add<real>(e, v128.load(x, 64));
      f = v128.add<real>(f, v128.load(x, 80));
      g = v128.add<real>(g, v128.load(x, 96));
      h = v128.add<real>(h, v128.load(x, 112));
      x += row;
    }
    for (let merges = load<i32>(program, 4); merges > 0; merges--) {
      top -= LEVEL;
      a = v128.add<real>(v128.load(top), a);
      b = v128.add<real>(v128.load(top, 16), b);
      c = v128.add<real>(v128.load(top, 32), c);
      d = v128.add<real>(v128.load(top, 48), d);
      e = v128.add<real>(v128.load(top, 64), e);
      f = v128.add<real>(v128.load(top, 80), f);
      g = v128.add<real>(v128.load(top, 96), g);
      h = v128.add<real>(v128.load(top, 112), h);
    }
    program += 8;
    rows = load<u32>(program);
    const q = rows == 0 ? y : top;
    v128.store(q, a);
    v128.store(q, b, 16);
    v128.store(q, c, 32);
    v128.store(q, d, 48);
    v128.store(q, e, 64);
    v128.store(q, f, 80);
    v128.store(q, g, 96);
    v128.store(q, h, 112);
    top += LEVEL;
  }
}

function sumVector(program: usize, row: usize, x: usize, y: usize, count: i32, scratch: usize): void {
  let top = scratch;
  for (let rows = load<u32>(program); rows != 0; rows = load<u32>(program)) {
    let a = loadUpTo(x, count);
    x += row;
    for (let r: u32 = 1; r < rows; r++) {
      a = v128.add<real>(a, loadUpTo(x, count));
      x += row;
    }
    for (let merges = load<i32>(program, 4); merges > 0; merges--) {
      top -= LEVEL;
      a = v128.add<real>(v128.load(top), a);
    }
    v128.store(top, a);
    top += LEVEL;
    program += 8;
  }
  storeUpTo(y, v128.load(scratch), count);
}

/** A leaf is one row here, so one that is merged is added where it lies and never pushed. */
function reduceBlock(table: usize, offset: usize, y: usize, scratch: usize): void {
  let top = scratch;
  let p: usize = <usize>load<u32>(table) + offset;
  let a = v128.load(p);
  let b = v128.load(p, 16);
  let c = v128.load(p, 32);
  let d = v128.load(p, 48);
  let e = v128.load(p, 64);
  let f = v128.load(p, 80);
  let g = v128.load(p, 96);
  let h = v128.load(p, 112);
  for (table += 8; load<u32>(table) != 0; table += 8) {
    p = <usize>load<u32>(table) + offset;
    let merges = load<i32>(table, 4);
    if (merges == 0) {
      v128.store(top, a);
      v128.store(top, b, 16);
      v128.store(top, c, 32);
      v128.store(top, d, 48);
      v128.store(top, e, 64);
      v128.store(top, f, 80);
      v128.store(top, g, 96);
      v128.store(top, h, 112);
      top += LEVEL;
      a = v128.load(p);
      b = v128.load(p, 16);
      c = v128.load(p, 32);
      d = v128.load(p, 48);
      e = v128.load(p, 64);
      f = v128.load(p, 80);
      g = v128.load(p, 96);
      h = v128.load(p, 112);
    } else {
      a = v128.add<real>(a, v128.load(p));
      b = v128.add<real>(b, v128.load(p, 16));
      c = v128.add<real>(c, v128.load(p, 32));
      d = v128.add<real>(d, v128.load(p, 48));
      e = v128.add<real>(e, v128.load(p, 64));
      f = v128.add<real>(f, v128.load(p, 80));
      g = v128.add<real>(g, v128.load(p, 96));
      h = v128.add<real>(h, v128.load(p, 112));
      for (merges--; merges > 0; merges--) {
        top -= LEVEL;
        a = v128.add<real>(v128.load(top), a);
        b = v128.add<real>(v128.load(top, 16), b);
        c = v128.add<real>(v128.load(top, 32), c);
        d = v128.add<real>(v128.load(top, 48), d);
        e = v128.add<real>(v128.load(top, 64), e);
        f = v128.add<real>(v128.load(top, 80), f);
        g = v128.add<real>(v128.load(top, 96), g);
        h = v128.add<real>(v128.load(top, 112), h);
      }
    }
  }
  v128.store(y, a);
  v128.store(y, b, 16);
  v128.store(y, c, 32);
  v128.store(y, d, 48);
  v128.store(y, e, 64);
  v128.store(y, f, 80);
  v128.store(y, g, 96);
  v128.store(y, h, 112);
}

function reduceVector(table: usize, offset: usize, y: usize, count: i32, scratch: usize): void {
  let top = scratch;
  let a = loadUpTo(<usize>load<u32>(table) + offset, count);
  for (table += 8; load<u32>(table) != 0; table += 8) {
    const leaf = loadUpTo(<usize>load<u32>(table) + offset, count);
    let merges = load<i32>(table, 4);
    if (merges == 0) {
      v128.store(top, a);
      top += LEVEL;
      a = leaf;
    } else {
      a = v128.add<real>(a, leaf);
      for (merges--; merges > 0; merges--) {
        top -= LEVEL;
        a = v128.add<real>(v128.load(top), a);
      }
    }
  }
  storeUpTo(y, a, count);
}
