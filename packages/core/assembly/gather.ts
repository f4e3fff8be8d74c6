// Gathering the rows of a shard from a dataset, converted to `real` on the way. Indices are i32 row numbers.
import { real } from "./real";
import { copyRow, fillRow } from "./movement";
import { bytes, promoteHigh, splat } from "./vector";

/** Rows of at least so many numbers are copied by the engine's own routine, which costs a call and has more loads under way. */
const CALL_WIDTH: i32 = 128;

export function gatherF32(rows: i32, width: i32, indices: usize, source: usize, out: usize, outStride: i32): void {
  for (let r = 0; r < rows; r++) {
    let p = source + <usize>load<u32>(indices) * width * 4;
    if (sizeof<real>() == 4) {
      if (width < CALL_WIDTH) copyRow(width, p, out);
      else memory.copy(out, p, bytes(width));
    } else {
      let q = out;
      const end = q + bytes(width);
      for (const full = q + bytes(width & ~3); q < full; q += 32) {
        const v = v128.load(p);
        v128.store(q, f64x2.promote_low_f32x4(v));
        v128.store(q, promoteHigh(v), 16);
        p += 16;
      }
      for (; q < end; q += sizeof<real>()) {
        store<real>(q, <real>load<f32>(p));
        p += 4;
      }
    }
    indices += 4;
    out += bytes(outStride);
  }
}

export function gatherU8(
  rows: i32, width: i32, indices: usize, source: usize, shift: real, scale: real, out: usize, outStride: i32,
): void {
  const a = v128.splat<real>(shift);
  const b = v128.splat<real>(scale);
  for (let r = 0; r < rows; r++) {
    let p = source + <usize>load<u32>(indices) * width;
    let q = out;
    if (width >= FETCHED_WIDTH && r % GROUP == 0) fetchAhead(min(GROUP, rows - r), width, indices, source, q);
    const end = q + bytes(width);
    for (const full = q + bytes(width & ~15); q < full; p += 16) {
      const v = v128.load(p);
      const low = i16x8.extend_low_i8x16_u(v);
      const high = i16x8.extend_high_i8x16_u(v);
      q = putScaled(i32x4.extend_low_i16x8_u(low), a, b, q);
      q = putScaled(i32x4.extend_high_i16x8_u(low), a, b, q);
      q = putScaled(i32x4.extend_low_i16x8_u(high), a, b, q);
      q = putScaled(i32x4.extend_high_i16x8_u(high), a, b, q);
    }
    for (const full = out + bytes(width & ~3); q < full; p += 4) {
      q = putScaled(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(p))), a, b, q);
    }
    for (; q < end; q += sizeof<real>()) {
      store<real>(q, (<real>load<u8>(p) - shift) * scale);
      p++;
    }
    indices += 4;
    out += bytes(outStride);
  }
}

/** Rows of bytes that are fetched together: converting one leaves room for few loads that miss the caches. */
// @ts-ignore: decorator
@inline const GROUP: i32 = 8;

/** Only rows of so many bytes: converting fewer takes so little that the next rows' loads are under way anyway. */
// @ts-ignore: decorator
@inline const FETCHED_WIDTH: i32 = 16;

/** Bytes of a row that are fetched; what comes after them the processor fetches by itself. */
// @ts-ignore: decorator
@inline const FETCHED: i32 = 1024;

/** Reads a byte of each cache line of the next rows, so that all are under way at once. What it leaves in `out` is overwritten. */
function fetchAhead(rows: i32, width: i32, indices: usize, source: usize, out: usize): void {
  let sum: u32 = 0;
  for (const last = indices + 4 * rows; indices < last; indices += 4) {
    let p = source + <usize>load<u32>(indices) * width;
    for (const end = p + min(width, FETCHED); p < end; p += 64) sum += load<u8>(p);
  }
  store<u8>(out, sum); // or the loads would be left out
}

/** Stores (v − a)·b for four integers ≥ 0 at q, and returns the address behind. As signed ones they are one instruction. */
@inline
function putScaled(v: v128, a: v128, b: v128, q: usize): usize {
  if (sizeof<real>() == 4) {
    v128.store(q, f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(v), a), b));
  } else {
    const high = v128.shuffle<u64>(v, v, 1, 1);
    v128.store(q, f64x2.mul(f64x2.sub(f64x2.convert_low_i32x4_s(v), a), b));
    v128.store(q, f64x2.mul(f64x2.sub(f64x2.convert_low_i32x4_s(high), a), b), 16);
  }
  return q + bytes(4);
}

export function gatherOneHot(rows: i32, classes: i32, indices: usize, codes: usize, out: usize, outStride: i32): void {
  for (let r = 0; r < rows; r++) {
    fillRow(classes, splat<real>(0), out);
    const code = load<i32>(codes + <usize>load<u32>(indices) * 4);
    if (<u32>code < <u32>classes) store<real>(out + bytes(code), 1);
    indices += 4;
    out += bytes(outStride);
  }
}

export function gatherI32(rows: i32, indices: usize, source: usize, out: usize): void {
  for (let r = 0; r < rows; r++) {
    store<i32>(out, load<i32>(source + <usize>load<u32>(indices) * 4));
    indices += 4;
    out += 4;
  }
}
