// Softmax and the losses built on it, over the last axis.
//
// Exponentials are taken of x − max, so that none overflows. Their sum is one sequential chain over the row, in f64 in
// both builds: it costs nothing beside the exponentials, and long rows keep the precision of short ones.
import { exp } from "./exp";
import { log } from "./log";
import { LANES, real } from "./real";
import { logistic, softplusTail } from "./unary";
import { bytes, inVectors, loadPart, promoteHigh, splat, storePart } from "./vector";
import { fillRow } from "./movement";

/**
 * What is subtracted from a row: its maximum, and 0 where that is infinite. A NaN in the row may be passed over here,
 * since its exponential makes the sum NaN anyway.
 */
function rowShift(n: i32, x: usize): real {
  let a = splat<real>(-Infinity);
  let b = a;
  const end = x + bytes(inVectors(n));
  for (const pairs = x + bytes(n & ~(2 * LANES - 1)); x < pairs; x += 32) {
    a = v128.pmax<real>(a, v128.load(x));
    b = v128.pmax<real>(b, v128.load(x, 16));
  }
  if (x < end) {
    a = v128.pmax<real>(a, v128.load(x));
    x += 16;
  }
  a = v128.pmax<real>(a, b);
  a = v128.pmax<real>(a, v128.shuffle<u64>(a, a, 1, 0));
  if (sizeof<real>() == 4) a = v128.pmax<real>(a, v128.shuffle<u32>(a, a, 1, 0, 3, 2));
  let m = v128.extract_lane<real>(a, 0);
  for (let rest = n & (LANES - 1); rest > 0; rest--) {
    const next = load<real>(x);
    m = m < next ? next : m;
    x += sizeof<real>();
  }
  return abs<real>(m) == <real>Infinity ? 0 : m;
}

/** The sum of the lanes onto `s`, one after the other. */
@inline
function chain(s: f64, e: v128): f64 {
  if (sizeof<real>() == 8) return s + f64x2.extract_lane(e, 0) + f64x2.extract_lane(e, 1);
  const low = f64x2.promote_low_f32x4(e);
  const high = promoteHigh(e);
  s = s + f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  return s + f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1);
}

/** Σ_j exp(x_j − shift); where `keep`, the exponentials are stored at y. */
@inline
function sumExp(n: i32, x: usize, shift: real, keep: bool, y: usize): f64 {
  const c = v128.splat<real>(shift);
  const end = x + bytes(inVectors(n));
  let s: f64 = 0;
  while (x < end) {
    const e = exp<real>(v128.sub<real>(v128.load(x), c));
    if (keep) v128.store(y, e);
    s = chain(s, e);
    x += 16;
    y += 16;
  }
  const rest = n & (LANES - 1);
  if (rest) {
    const e = exp<real>(v128.sub<real>(loadPart(x, rest), c));
    if (keep) storePart(y, e, rest);
    s += <f64>v128.extract_lane<real>(e, 0);
    if (sizeof<real>() == 4) {
      if (rest > 1) s += <f64>v128.extract_lane<real>(e, 1);
      if (rest > 2) s += <f64>v128.extract_lane<real>(e, 2);
    }
  }
  return s;
}

function expAndSum(n: i32, x: usize, shift: real, y: usize): f64 {
  return sumExp(n, x, shift, true, y);
}

function sumOnly(n: i32, x: usize, shift: real): f64 {
  return sumExp(n, x, shift, false, 0);
}

/** log x of one f64. */
@inline
function logOne(x: f64): f64 {
  return f64x2.extract_lane(log<f64>(f64x2.splat(x)), 0);
}

export function softmax(rows: i32, n: i32, x: usize, y: usize): void {
  for (let r = 0; r < rows; r++) {
    const s = splat<real>(expAndSum(n, x, rowShift(n, x), y));
    const end = y + bytes(inVectors(n));
    for (; y < end; y += 16) v128.store(y, v128.div<real>(v128.load(y), s));
    const rest = n & (LANES - 1);
    if (rest) storePart(y, v128.div<real>(loadPart(y, rest), s), rest);
    y += bytes(rest);
    x += bytes(n);
  }
}

export function logSoftmax(rows: i32, n: i32, x: usize, y: usize): void {
  for (let r = 0; r < rows; r++) {
    const shift = rowShift(n, x);
    const c = v128.splat<real>(shift);
    const l = splat<real>(logOne(sumOnly(n, x, shift)));
    const end = x + bytes(inVectors(n));
    while (x < end) {
      v128.store(y, v128.sub<real>(v128.sub<real>(v128.load(x), c), l));
      x += 16;
      y += 16;
    }
    const rest = n & (LANES - 1);
    if (rest) storePart(y, v128.sub<real>(v128.sub<real>(loadPart(x, rest), c), l), rest);
    x += bytes(rest);
    y += bytes(rest);
  }
}

export function logSumExp(rows: i32, n: i32, x: usize, y: usize): void {
  for (let r = 0; r < rows; r++) {
    const shift = rowShift(n, x);
    store<real>(y, <real>(<f64>shift + logOne(sumOnly(n, x, shift))));
    x += bytes(n);
    y += sizeof<real>();
  }
}

export function crossEntropy(rows: i32, n: i32, z: usize, labels: usize, y: usize): void {
  for (let r = 0; r < rows; r++) {
    const label = load<i32>(labels);
    let loss: f64 = NaN;
    if (<u32>label < <u32>n) {
      const shift = rowShift(n, z);
      // The shift cancels before anything is rounded to `real`: a loss near 0 keeps its precision.
      loss = logOne(sumOnly(n, z, shift)) + (<f64>shift - <f64>load<real>(z + bytes(label)));
    }
    store<real>(y, <real>loss);
    z += bytes(n);
    labels += 4;
    y += sizeof<real>();
  }
}

export function crossEntropyGrad(rows: i32, n: i32, z: usize, labels: usize, dy: usize, dz: usize): void {
  for (let r = 0; r < rows; r++) {
    const label = load<i32>(labels);
    if (<u32>label < <u32>n) {
      const s = splat<real>(expAndSum(n, z, rowShift(n, z), dz));
      const scale = load<real>(dy);
      const d = v128.splat<real>(scale);
      const own = load<real>(dz + bytes(label)) / v128.extract_lane<real>(s, 0);
      let p = dz;
      const end = p + bytes(inVectors(n));
      for (; p < end; p += 16) {
        v128.store(p, v128.mul<real>(v128.div<real>(v128.load(p), s), d));
      }
      const rest = n & (LANES - 1);
      if (rest) storePart(p, v128.mul<real>(v128.div<real>(loadPart(p, rest), s), d), rest);
      store<real>(dz + bytes(label), (own - 1) * scale);
    } else {
      fillRow(n, splat<real>(NaN), dz);
    }
    z += bytes(n);
    labels += 4;
    dy += sizeof<real>();
    dz += bytes(n);
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
