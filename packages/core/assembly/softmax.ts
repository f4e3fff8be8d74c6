// Softmax and the losses built on it, over the last axis.
//
// As many rows as a vector has lanes are worked on side by side, a column at a time: the chains of several rows overlap,
// and rows of two classes fill their vectors. A group that is not full repeats its first row and stores it once more.
// Exponentials are taken of x − max, so that none overflows. Their sum is one sequential chain over the row, in f64 in
// both builds, so that long rows keep the precision of short ones.
import { exp } from "./exp";
import { log } from "./log";
import { fillRow } from "./movement";
import { LANES, real } from "./real";
import { logistic, softplusTail } from "./unary";
import { bytes, demote, inVectors, loadPart, promoteHigh, splat, storePart, storeUpTo } from "./vector";

// The result of `sumExp`: the sums of rows 0 and 1, and of rows 2 and 3.
let sumLow: v128 = i64x2(0, 0);
let sumHigh: v128 = i64x2(0, 0);

/** Distance to row `lane` of a group, 0 where the group has no such row. */
@inline
function toRow(lane: i32, rows: i32, n: i32): usize {
  return lane < rows ? bytes(lane * n) : 0;
}

/** One element of each row; b, c, d are the distances from the first row to the others. */
@inline
function loadColumn(p: usize, b: usize, c: usize, d: usize): v128 {
  if (sizeof<real>() == 8) return v128.load_lane<u64>(p + b, v128.load64_zero(p), 1);
  let v = v128.load32_zero(p);
  v = v128.load_lane<u32>(p + b, v, 1);
  v = v128.load_lane<u32>(p + c, v, 2);
  return v128.load_lane<u32>(p + d, v, 3);
}

/** Stores one element of each row. */
@inline
function storeColumn(p: usize, b: usize, c: usize, d: usize, v: v128): void {
  if (sizeof<real>() == 8) {
    v128.store_lane<u64>(p, v, 0);
    v128.store_lane<u64>(p + b, v, 1);
  } else {
    v128.store_lane<u32>(p, v, 0);
    v128.store_lane<u32>(p + b, v, 1);
    v128.store_lane<u32>(p + c, v, 2);
    v128.store_lane<u32>(p + d, v, 3);
  }
}

/**
 * What is subtracted from each row: its maximum, and 0 where that is infinite. A NaN in the row may be passed over here,
 * since its exponential makes the sum NaN anyway.
 */
function rowShifts(n: i32, x: usize, b: usize, c: usize, d: usize): v128 {
  let top = splat<real>(-Infinity);
  for (const end = x + bytes(n); x < end; x += sizeof<real>()) {
    top = v128.pmax<real>(top, loadColumn(x, b, c, d));
  }
  return v128.andnot(top, v128.eq<real>(v128.abs<real>(top), splat<real>(Infinity)));
}

/** Leaves Σ_j exp(x_j − shift) of each row in `sumLow` and `sumHigh`; where `keep`, the exponentials are stored at y. */
@inline
function sumExp(n: i32, x: usize, b: usize, c: usize, d: usize, shift: v128, keep: bool, y: usize): void {
  let low = splat<f64>(0);
  let high = splat<f64>(0);
  for (const end = x + bytes(n); x < end; x += sizeof<real>()) {
    const e = exp<real>(v128.sub<real>(loadColumn(x, b, c, d), shift));
    if (keep) {
      storeColumn(y, b, c, d, e);
      y += sizeof<real>();
    }
    if (sizeof<real>() == 8) {
      low = f64x2.add(low, e);
    } else {
      low = f64x2.add(low, f64x2.promote_low_f32x4(e));
      high = f64x2.add(high, promoteHigh(e));
    }
  }
  sumLow = low;
  sumHigh = high;
}

function sumOnly(n: i32, x: usize, b: usize, c: usize, d: usize, shift: v128): void {
  sumExp(n, x, b, c, d, shift, false, 0);
}

function sumAndKeep(n: i32, x: usize, b: usize, c: usize, d: usize, shift: v128, y: usize): void {
  sumExp(n, x, b, c, d, shift, true, y);
}

/** The sums, rounded. */
@inline
function sums(): v128 {
  return sizeof<real>() == 8 ? sumLow : demote(sumLow, sumHigh);
}

/** log Σ + offset, summed in f64 and rounded: an offset that cancels does so before anything is lost. */
@inline
function logSums(a: v128, b: v128): v128 {
  // a − b is exact in f64 for f32, or nearly so
  if (sizeof<real>() == 8) return f64x2.add(log<f64>(sumLow), f64x2.sub(a, b));
  const low = f64x2.sub(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
  const high = f64x2.sub(promoteHigh(a), promoteHigh(b));
  return demote(f64x2.add(log<f64>(sumLow), low), f64x2.add(log<f64>(sumHigh), high));
}

/** One lane of v, the lane given by a number that is not known beforehand. */
@inline
function lane(v: v128, i: i32): real {
  if (sizeof<real>() == 8) return i == 0 ? v128.extract_lane<real>(v, 0) : v128.extract_lane<real>(v, 1);
  if (i == 0) return v128.extract_lane<real>(v, 0);
  if (i == 1) return v128.extract_lane<real>(v, 1);
  return <real>(i == 2 ? f32x4.extract_lane(v, 2) : f32x4.extract_lane(v, 3));
}

export function softmax(rows: i32, n: i32, x: usize, y: usize): void {
  for (; rows > 0; rows -= LANES) {
    const b = toRow(1, rows, n);
    const c = toRow(2, rows, n);
    const d = toRow(3, rows, n);
    sumAndKeep(n, x, b, c, d, rowShifts(n, x, b, c, d), y);
    const s = sums();
    for (let r = 0; r < min<i32>(rows, LANES); r++) {
      y = scaleRow(n, v128.splat<real>(lane(s, r)), splat<real>(1), y);
    }
    x += bytes(LANES * n);
  }
}

/** p = (p/s)·d for a row; returns the address behind it. */
@inline
function scaleRow(n: i32, s: v128, d: v128, p: usize): usize {
  for (const end = p + bytes(inVectors(n)); p < end; p += 16) {
    v128.store(p, v128.mul<real>(v128.div<real>(v128.load(p), s), d));
  }
  const rest = n & (LANES - 1);
  if (rest) storePart(p, v128.mul<real>(v128.div<real>(loadPart(p, rest), s), d), rest);
  return p + bytes(rest);
}

export function logSoftmax(rows: i32, n: i32, x: usize, y: usize): void {
  for (; rows > 0; rows -= LANES) {
    const b = toRow(1, rows, n);
    const c = toRow(2, rows, n);
    const d = toRow(3, rows, n);
    const shifts = rowShifts(n, x, b, c, d);
    sumOnly(n, x, b, c, d, shifts);
    const logs = logSums(splat<real>(0), splat<real>(0));
    for (let r = 0; r < min<i32>(rows, LANES); r++) {
      const shift = v128.splat<real>(lane(shifts, r));
      const l = v128.splat<real>(lane(logs, r));
      for (const end = x + bytes(inVectors(n)); x < end; x += 16) {
        v128.store(y, v128.sub<real>(v128.sub<real>(v128.load(x), shift), l));
        y += 16;
      }
      const rest = n & (LANES - 1);
      if (rest) storePart(y, v128.sub<real>(v128.sub<real>(loadPart(x, rest), shift), l), rest);
      x += bytes(rest);
      y += bytes(rest);
    }
  }
}

export function logSumExp(rows: i32, n: i32, x: usize, y: usize): void {
  for (; rows > 0; rows -= LANES) {
    const b = toRow(1, rows, n);
    const c = toRow(2, rows, n);
    const d = toRow(3, rows, n);
    const shift = rowShifts(n, x, b, c, d);
    sumOnly(n, x, b, c, d, shift);
    storeUpTo(y, logSums(shift, splat<real>(0)), rows);
    x += bytes(LANES * n);
    y += 16;
  }
}

/** The logit of the label of a row, NaN where there is none. */
@inline
function atLabel(n: i32, z: usize, label: u32): real {
  return label < <u32>n ? load<real>(z + bytes(label)) : <real>NaN;
}

export function crossEntropy(rows: i32, n: i32, z: usize, labels: usize, y: usize): void {
  for (; rows > 0; rows -= LANES) {
    const b = toRow(1, rows, n);
    const c = toRow(2, rows, n);
    const d = toRow(3, rows, n);
    const shift = rowShifts(n, z, b, c, d);
    sumOnly(n, z, b, c, d, shift);
    let own = v128.splat<real>(atLabel(n, z, load<u32>(labels)));
    if (rows > 1) own = v128.replace_lane<real>(own, 1, atLabel(n, z + b, load<u32>(labels, 4)));
    if (sizeof<real>() == 4) {
      if (rows > 2) own = f32x4.replace_lane(own, 2, <f32>atLabel(n, z + c, load<u32>(labels, 8)));
      if (rows > 3) own = f32x4.replace_lane(own, 3, <f32>atLabel(n, z + d, load<u32>(labels, 12)));
    }
    storeUpTo(y, logSums(shift, own), rows);
    z += bytes(LANES * n);
    labels += 4 * LANES;
    y += 16;
  }
}

export function crossEntropyGrad(rows: i32, n: i32, z: usize, labels: usize, dy: usize, dz: usize): void {
  for (; rows > 0; rows -= LANES) {
    const b = toRow(1, rows, n);
    const c = toRow(2, rows, n);
    const d = toRow(3, rows, n);
    sumAndKeep(n, z, b, c, d, rowShifts(n, z, b, c, d), dz);
    const totals = sums();
    for (let r = 0; r < min<i32>(rows, LANES); r++) {
      const label = load<u32>(labels);
      if (label < <u32>n) {
        const total = lane(totals, r);
        const scale = load<real>(dy);
        const own = dz + bytes(label);
        const p = load<real>(own) / total;
        dz = scaleRow(n, v128.splat<real>(total), v128.splat<real>(scale), dz);
        store<real>(own, (p - 1) * scale);
      } else {
        fillRow(n, splat<real>(NaN), dz);
        dz += bytes(n);
      }
      labels += 4;
      dy += sizeof<real>();
    }
    z += bytes(LANES * n);
  }
}

/** max(z, 0) − z·t + log(1 + e^−|z|). */
@inline
function logisticLoss(z: v128, t: v128): v128 {
  const linear = v128.sub<real>(v128.pmax<real>(z, splat<real>(0)), v128.mul<real>(z, t));
  return v128.add<real>(linear, softplusTail(z));
}

export function binaryCrossEntropy(n: i32, z: usize, t: usize, y: usize): void {
  const end = z + bytes(inVectors(n));
  while (z < end) {
    v128.store(y, logisticLoss(v128.load(z), v128.load(t)));
    z += 16;
    t += 16;
    y += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) storePart(y, logisticLoss(loadPart(z, rest), loadPart(t, rest)), rest);
}

/** (σ(z) − t)·dy. */
@inline
function logisticLossGrad(z: v128, t: v128, dy: v128): v128 {
  return v128.mul<real>(v128.sub<real>(logistic(z), t), dy);
}

export function binaryCrossEntropyGrad(n: i32, z: usize, t: usize, dy: usize, dz: usize): void {
  const end = z + bytes(inVectors(n));
  while (z < end) {
    v128.store(dz, logisticLossGrad(v128.load(z), v128.load(t), v128.load(dy)));
    z += 16;
    t += 16;
    dy += 16;
    dz += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) {
    storePart(dz, logisticLossGrad(loadPart(z, rest), loadPart(t, rest), loadPart(dy, rest)), rest);
  }
}
