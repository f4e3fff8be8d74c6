// Rows of a table by index, and sums of rows back into one. An index outside the table reads NaN and writes nothing.
import { LANES, real } from "./real";
import { copyRow, fillRow } from "./movement";
import { bytes, inVectors, loadPart, splat, storePart } from "./vector";

export function gatherRows(rows: i32, width: i32, size: i32, indices: usize, x: usize, y: usize): void {
  const row = bytes(width);
  for (let r = 0; r < rows; r++) {
    const at = load<i32>(indices);
    if (<u32>at < <u32>size) copyRow(width, x + <usize>at * row, y);
    else fillRow(width, splat<real>(NaN), y);
    indices += 4;
    y += row;
  }
}

export function toI32(n: i32, x: usize, stride: i32, y: usize): void {
  for (let i = 0; i < n; i++) {
    const v = load<real>(x);
    store<i32>(y, v == v ? <i32>v : -1); // the cast saturates
    x += bytes(stride);
    y += 4;
  }
}

export function scatterAdd(rows: i32, width: i32, size: i32, indices: usize, dy: usize, dx: usize): void {
  scatterBlock(rows, width, width, 0, size, indices, dy, dx);
}

/** Bytes of one level of the stack of sums; 32 levels fit into the scratch space, which is one for 2³¹ leaves. */
const LEVEL: usize = 1 << 17;

/** Most columns of a block: one row of it fits into a level in both builds. */
const COLUMNS: i32 = 1 << 10;

export function scatterAddTree(
  program: usize, width: i32, size: i32, indices: usize, dy: usize, dx: usize, scratch: usize,
): void {
  for (let column = 0; column < width; column += COLUMNS) {
    const columns = min<i32>(COLUMNS, width - column);
    const blockRows = <i32>(LEVEL / bytes(columns));
    for (let from = 0; from < size; from += blockRows) {
      const to = min<i32>(size, from + blockRows);
      treeBlock(program, width, columns, from, to, indices, dy + bytes(column), scratch);
      let p = scratch;
      for (let r = from; r < to; r++) {
        copyRow(columns, p, dx + <usize>r * bytes(width) + bytes(column));
        p += bytes(columns);
      }
    }
  }
}

/** The tree's sum for rows [from, to) and some columns of the table, dense at `scratch`. */
function treeBlock(
  program: usize, width: i32, columns: i32, from: i32, to: i32, indices: usize, dy: usize, scratch: usize,
): void {
  const n = (to - from) * columns;
  let top = scratch;
  for (let rows = load<i32>(program); rows != 0; rows = load<i32>(program)) {
    scatterBlock(rows, width, columns, from, to, indices, dy, top);
    indices += <usize>rows * 4;
    dy += <usize>rows * bytes(width);
    for (let merges = load<i32>(program, 4); merges > 0; merges--) {
      addRow(n, top, top - LEVEL);
      top -= LEVEL;
    }
    top += LEVEL;
    program += 8;
  }
}

/** sum[at − from] = Σ dy[r] over r with index `at`, in the order of r; rows of dy are `width` elements apart. */
function scatterBlock(
  rows: i32, width: i32, columns: i32, from: i32, to: i32, indices: usize, dy: usize, sum: usize,
): void {
  fillRow((to - from) * columns, splat<real>(0), sum);
  for (let r = 0; r < rows; r++) {
    const at = load<i32>(indices) - from;
    if (<u32>at < <u32>(to - from)) addRow(columns, dy, sum + <usize>at * bytes(columns));
    indices += 4;
    dy += bytes(width);
  }
}

/** y += x. */
@inline
function addRow(n: i32, x: usize, y: usize): void {
  const end = x + bytes(inVectors(n));
  while (x < end) {
    v128.store(y, v128.add<real>(v128.load(y), v128.load(x)));
    x += 16;
    y += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) storePart(y, v128.add<real>(loadPart(y, rest), loadPart(x, rest)), rest);
}
