// Copies a piece of a matrix into scratch in the order in which the tiles read it.
import { LANES, real } from "./real";

// @ts-ignore: decorator
@inline const BYTES: usize = sizeof<real>();

/** So many p are packed for all columns before the next ones: their pages stay known to the processor meanwhile. */
// @ts-ignore: decorator
@inline const SLICE: i32 = 32;

/**
 * Packs source[j, p], j < columns, p < count, as panels of `vectors` vectors of columns, one panel behind the other; a panel
 * is dense, p by p. The last one is filled up with copies of the last column.
 * source[j, p] is at source + j·across + p·along bytes; one of the strides is the size of an element.
 */
export function pack(
  count: i32, columns: i32, vectors: i32, source: usize, across: usize, along: usize, target: usize,
): void {
  const step = <usize>vectors << 4;
  const panel = <usize>count * step;
  const width = LANES * vectors;
  const last = source + <usize>(columns - 1) * across;
  let j = 0;
  if (across == BYTES && (vectors & vectors - 1) == 0) {
    j = columns / (4 * LANES) * (4 * LANES);
    for (let p = 0; p < count; p += SLICE) {
      let from = source + <usize>p * along, to = target + <usize>p * step;
      for (let line = 0; line < j; line += 4 * LANES) {
        packLine(min(SLICE, count - p), vectors, from, along, to, step, panel);
        from += 64;
        to += <usize>(4 / vectors) * panel;
      }
    }
    source += <usize>j * BYTES;
    target += <usize>(j / width) * panel;
  }
  while (j < columns) {
    for (let v = 0; v < vectors; v++) {
      const to = target + (<usize>v << 4);
      if (j + LANES > columns) packPartly(count, source, last, across, along, to, step);
      else if (across == BYTES) packRows(count, source, along, to, step);
      else packTransposed(count, source, across, to, step);
      source += <usize>LANES * across;
      j += LANES;
    }
    target += panel;
  }
}

/** Four vectors of columns that are neighbours in the source, as 4/vectors panels: reads whole cache lines. */
function packLine(
  count: i32, vectors: i32, source: usize, along: usize, target: usize, step: usize, panel: usize,
): void {
  let t0 = target;
  let t1 = vectors == 1 ? target + panel : target + 16;
  let t2 = vectors == 4 ? target + 32 : vectors == 2 ? target + panel : target + 2 * panel;
  let t3 = vectors == 1 ? target + 3 * panel : t2 + 16;
  for (let p = count; p > 0; --p) {
    v128.store(t0, v128.load(source));
    v128.store(t1, v128.load(source, 16));
    v128.store(t2, v128.load(source, 32));
    v128.store(t3, v128.load(source, 48));
    source += along;
    t0 += step;
    t1 += step;
    t2 += step;
    t3 += step;
  }
}

/** One vector of columns that are neighbours in the source. */
function packRows(count: i32, source: usize, along: usize, target: usize, step: usize): void {
  for (let p = count; p > 0; --p) {
    v128.store(target, v128.load(source));
    source += along;
    target += step;
  }
}

/** One vector of columns, each of which is a row of the source: square blocks are transposed by shuffles. */
function packTransposed(count: i32, source: usize, across: usize, target: usize, step: usize): void {
  let p = count;
  for (; p >= LANES; p -= LANES) {
    if (sizeof<real>() == 4) {
      const r0 = v128.load(source);
      const r1 = v128.load(source + across);
      const r2 = v128.load(source + 2 * across);
      const r3 = v128.load(source + 3 * across);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<f64>(low01, low23, 0, 2));
      v128.store(target + step, v128.shuffle<f64>(low01, low23, 1, 3));
      v128.store(target + 2 * step, v128.shuffle<f64>(high01, high23, 0, 2));
      v128.store(target + 3 * step, v128.shuffle<f64>(high01, high23, 1, 3));
    } else {
      const r0 = v128.load(source);
      const r1 = v128.load(source + across);
      v128.store(target, v128.shuffle<f64>(r0, r1, 0, 2));
      v128.store(target + step, v128.shuffle<f64>(r0, r1, 1, 3));
    }
    source += 16;
    target += <usize>LANES * step;
  }
  packPartly(p, source, source + <usize>(LANES - 1) * across, across, BYTES, target, step);
}

/** One vector of columns, element by element; behind the column at `last` come copies of it. */
function packPartly(
  count: i32, source: usize, last: usize, across: usize, along: usize, target: usize, step: usize,
): void {
  for (let j = 0; j < LANES; j++) {
    let from = min(source + <usize>j * across, last);
    let to = target + <usize>j * BYTES;
    for (let p = count; p > 0; --p) {
      store<real>(to, load<real>(from));
      from += along;
      to += step;
    }
  }
}
