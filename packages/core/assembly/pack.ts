// Copies panels of a matrix into scratch in the order in which the tiles read them.
import { LANES, real } from "./real";

/**
 * target[p, j] = source[j, p] for p < count and j < lanes·vectors, in dense rows; columns from `width` on are zeros.
 * source[j, p] is at source + j·across + p·along bytes; one of the strides is the size of an element.
 */
export function packPanel(
  count: i32, width: i32, vectors: i32, source: usize, across: usize, along: usize, target: usize,
): void {
  const step = <usize>vectors << 4;
  for (let v = 0; v < vectors; v++) {
    const left = width - v * LANES;
    const from = source + <usize>(v * LANES) * across;
    const to = target + (<usize>v << 4);
    if (left < LANES) packPartly(count, max(left, 0), from, across, along, to, step);
    else if (across == sizeof<real>()) packRows(count, from, along, to, step);
    else packTransposed(count, from, across, to, step);
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
  packPartly(p, LANES, source, across, sizeof<real>(), target, step);
}

/** One vector of columns, element by element; those from `width` on are zeros. */
function packPartly(
  count: i32, width: i32, source: usize, across: usize, along: usize, target: usize, step: usize,
): void {
  for (let p = count; p > 0; --p) {
    v128.store(target, v128.splat<real>(0));
    for (let j = 0; j < width; j++) {
      store<real>(target + <usize>j * sizeof<real>(), load<real>(source + <usize>j * across));
    }
    source += along;
    target += step;
  }
}
