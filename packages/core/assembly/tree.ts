// Sums by the reduction tree: over segments of rows (sumTree) and over buffers (reduceTree).
//
// A program lists leaves in post-order with the number of merges after each (see src/tree.ts). A leaf is summed in
// registers, merged with the sums on top of the stack, and pushed; the stack is in `scratch`, one level of LEVEL bytes
// for each sum, for one block of columns at a time. The last sum goes to y.
import { LANES, real } from "./real";
import { bytes, loadPart, storePart } from "./vector";

/** Bytes of one level of the stack: a block of eight vectors. */
const LEVEL: usize = 128;

/** Columns of a block of eight vectors. */
const BLOCK: i32 = 8 * LANES;

export function sumTree(program: usize, inner: i32, x: usize, y: usize, scratch: usize): void {
  overColumns(program, false, inner, x, y, scratch);
}

export function reduceTree(n: i32, table: usize, offset: i32, y: usize, scratch: usize): void {
  overColumns(table, true, n, <usize>offset, y, scratch);
}

/**
 * y[i] = the tree sum of column i. Where `buffers`, a leaf is the one row at its address + x; else it is as many rows
 * of x as its value says, x dense [rows, inner].
 */
@inline
function overColumns(program: usize, buffers: bool, inner: i32, x: usize, y: usize, scratch: usize): void {
  const row = bytes(inner);
  let i = 0;
  for (; i + BLOCK <= inner; i += BLOCK) {
    overBlock(program, buffers, row, x + bytes(i), y + bytes(i), scratch);
  }
  for (; i < inner; i += LANES) {
    overVector(program, buffers, row, x + bytes(i), y + bytes(i), min<i32>(inner - i, LANES), scratch);
  }
}

@inline
function overBlock(program: usize, buffers: bool, row: usize, x: usize, y: usize, scratch: usize): void {
  let top = scratch;
  let value = load<u32>(program);
  while (value != 0) {
    let p = buffers ? value + x : x;
    let a = v128.load(p);
    let b = v128.load(p, 16);
    let c = v128.load(p, 32);
    let d = v128.load(p, 48);
    let e = v128.load(p, 64);
    let f = v128.load(p, 80);
    let g = v128.load(p, 96);
    let h = v128.load(p, 112);
    if (!buffers) {
      for (let r: u32 = 1; r < value; r++) {
        p += row;
        a = v128.add<real>(a, v128.load(p));
        b = v128.add<real>(b, v128.load(p, 16));
        c = v128.add<real>(c, v128.load(p, 32));
        d = v128.add<real>(d, v128.load(p, 48));
        e = v128.add<real>(e, v128.load(p, 64));
        f = v128.add<real>(f, v128.load(p, 80));
        g = v128.add<real>(g, v128.load(p, 96));
        h = v128.add<real>(h, v128.load(p, 112));
      }
      x = p + row;
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
    value = load<u32>(program);
    const q = value == 0 ? y : top;
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

/** `overBlock` for one vector, of which `count` elements exist. */
@inline
function overVector(
  program: usize, buffers: bool, row: usize, x: usize, y: usize, count: i32, scratch: usize,
): void {
  let top = scratch;
  for (let value = load<u32>(program); value != 0; value = load<u32>(program)) {
    let p = buffers ? value + x : x;
    let a = count == LANES ? v128.load(p) : loadPart(p, count);
    if (!buffers) {
      for (let r: u32 = 1; r < value; r++) {
        p += row;
        a = v128.add<real>(a, count == LANES ? v128.load(p) : loadPart(p, count));
      }
      x = p + row;
    }
    for (let merges = load<i32>(program, 4); merges > 0; merges--) {
      top -= LEVEL;
      a = v128.add<real>(v128.load(top), a);
    }
    v128.store(top, a);
    top += LEVEL;
    program += 8;
  }
  const sum = v128.load(scratch);
  if (count == LANES) v128.store(y, sum);
  else storePart(y, sum, count);
}
