// Losses of each row: fused ops on logits, and the squared error.
import { counter, elementwise } from "../lowering.js";
import { SCRATCH_BYTES } from "../kernels.js";
import { formatShape, sameShape, type Shape } from "../shape.js";
import { apply, type Op, type Value, type ValueLike } from "../value.js";
import { sigmoid } from "./activations.js";
import { add, max, mul, neg, sub } from "./arithmetic.js";
import { abs, exp, log, pair, xlogy } from "./functions.js";
import { broadcast, reshape } from "./shape.js";
import { logSoftmax, softmax } from "./softmax.js";
import { sum } from "./reduce.js";

function labelled(name: string, logits: Shape | undefined, labels: Shape | undefined): void {
  if (logits?.length !== 2 || labels?.length !== 1 || logits[0] !== labels[0])
    throw new RangeError(
      `${name}: logits [rows,classes] and labels [rows] expected, found ${formatShape(logits ?? [])} and ${formatShape(labels ?? [])}`,
    );
}

interface Classes {
  readonly classes: number;
}

// y[r, j] = [j = label[r]]; labels have no gradient
export const oneHotOp: Op<Classes> = {
  name: "oneHot",
  i32: [0],
  shape: ([labels], { classes }) => [...(labels ?? []), classes],
  lower: (k, out, [labels], { classes }) => {
    const rows = counter(labels?.shape ?? []);
    const most = SCRATCH_BYTES / 4; // row numbers that fit into the scratch space
    return (work) => {
      const n = rows(work);
      for (let row = 0; row < n; row += most) {
        const count = Math.min(most, n - row);
        k.iota(count, row, k.scratch);
        k.gatherOneHot(
          count,
          classes,
          k.scratch,
          labels?.address ?? 0,
          out.address + row * classes * k.bytes,
          classes,
        );
      }
    };
  },
  vjp: [null],
};

// dz = (softmax z − onehot)·dy of each row
export const crossEntropyGradOp: Op = {
  name: "crossEntropyGrad",
  i32: [1],
  shape: ([z]) => z ?? [],
  lower: (k, out, [z, labels, dy]) => {
    const rows = counter((z?.shape ?? []).slice(0, 1));
    const n = z?.shape[1] ?? 0;
    return (work) =>
      k.crossEntropyGrad(
        rows(work),
        n,
        z?.address ?? 0,
        labels?.address ?? 0,
        dy?.address ?? 0,
        out.address,
      );
  },
  expand: ([z, labels, dy]) => {
    const [logits, truth] = pair([z as Value, labels as Value]);
    const upstream = broadcast(reshape(dy as Value, [...(dy as Value).shape, 1]), logits.shape);
    return mul(sub(softmax(logits), oneHot(truth, logits.shape[1] ?? 0)), upstream);
  },
};

// y = logΣe^z − z[label]  ⇒  dz += (softmax z − onehot)·dy
export const crossEntropyOp: Op = {
  name: "crossEntropy",
  i32: [1],
  shape: ([z, labels]) => {
    labelled("crossEntropy", z, labels);
    return labels ?? [];
  },
  lower: (k, out, [z, labels]) => {
    const rows = counter(out.shape);
    const n = z?.shape[1] ?? 0;
    return (work) =>
      k.crossEntropy(rows(work), n, z?.address ?? 0, labels?.address ?? 0, out.address);
  },
  expand: (inputs) => {
    const [z, labels] = pair(inputs);
    return neg(sum(mul(oneHot(labels, z.shape[1] ?? 0), logSoftmax(z)), 1));
  },
  vjp: [(dy, inputs) => apply(crossEntropyGradOp, [...inputs, dy], {}), null],
};

// dz = (σ(z) − t)·dy
export const binaryCrossEntropyGradOp: Op = {
  name: "binaryCrossEntropyGrad",
  shape: ([z]) => z ?? [],
  lower: (k, out, [z, t, dy]) =>
    elementwise(out, (n) =>
      k.binaryCrossEntropyGrad(n, z?.address ?? 0, t?.address ?? 0, dy?.address ?? 0, out.address),
    ),
  expand: ([z, t, dy]) => mul(sub(sigmoid(z as Value), t as Value), dy as Value),
};

// y = −[t log σ(z) + (1 − t) log(1 − σ(z))] = max(z, 0) − zt + log(1 + e^−|z|)  ⇒  dz += (σ(z) − t)·dy, dt −= z·dy
export const binaryCrossEntropyOp: Op = {
  name: "binaryCrossEntropy",
  shape: ([z, t]) => {
    if (!sameShape(z ?? [], t ?? []))
      throw new RangeError(
        `binaryCrossEntropy: ${formatShape(z ?? [])} and ${formatShape(t ?? [])} differ`,
      );
    return z ?? [];
  },
  lower: (k, out, [z, t]) =>
    elementwise(out, (n) => k.binaryCrossEntropy(n, z?.address ?? 0, t?.address ?? 0, out.address)),
  expand: (inputs) => {
    const [z, t] = pair(inputs);
    return add(sub(max(z, 0), mul(z, t)), log(add(1, exp(neg(abs(z))))));
  },
  vjp: [
    (dy, inputs) => apply(binaryCrossEntropyGradOp, [...inputs, dy], {}),
    (dy, inputs) => neg(mul(pair(inputs)[0], dy)),
  ],
};

/** Rows of 0 with a 1 at the label: i32 labels [rows] → [rows, classes]. */
export const oneHot = (labels: ValueLike, classes: number): Value =>
  apply(oneHotOp, [labels], { classes });

/** −log softmax(z)[label] of each row: logits [rows, classes], i32 labels [rows] → [rows]. */
export const crossEntropy = (logits: ValueLike, labels: ValueLike): Value =>
  apply(crossEntropyOp, [logits, labels], {});

/** −Σ_j t_j log softmax(z)_j of each row: logits and targets [rows, classes] → [rows]. */
export const softCrossEntropy = (logits: Value, targets: Value): Value =>
  neg(sum(mul(targets, logSoftmax(logits)), 1));

/** −[t log σ(z) + (1 − t) log(1 − σ(z))] elementwise, for logits z and t in [0, 1] of the same shape. */
export const binaryCrossEntropy = (logits: ValueLike, targets: ValueLike): Value =>
  apply(binaryCrossEntropyOp, [logits, targets], {});

/** −[t log f + (1 − t) log(1 − f)] elementwise, for probabilities f and t in [0, 1], with 0·log 0 = 0. */
export const logLoss = (f: ValueLike, t: ValueLike): Value =>
  sub(0, add(xlogy(t, f), xlogy(sub(1, t), sub(1, f)))); // 0 − 0 is +0

/** (f − t)² elementwise. */
export function squaredError(f: Value, t: Value): Value {
  const difference = sub(f, t);
  return mul(difference, difference);
}

/** Sum over everything but the rows: [rows, …] → [rows]. */
export function sumPerRow(x: Value): Value {
  return sum(x, x.shape.map((_, axis) => axis).slice(1));
}
