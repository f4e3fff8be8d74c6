// The kernels: what the WebAssembly module computes, as typed functions over byte addresses of one memory.
import { readFileSync } from "node:fs";

/** The number type of a kernel module. Training runs in f32; checking and explaining run in f64. */
export type Dtype = "f32" | "f64";

/** A byte address in the memory that the kernels were instantiated over; multiples of 16 for tensors. */
export type Address = number;

type Unary = (n: number, x: Address, y: Address) => void;
type UnaryGradient = (n: number, x: Address, dy: Address, dx: Address) => void;
/**
 * y[o, i] = a[o·aOuter + i·aInner] ∘ b[o·bOuter + i·bInner] for o < outer, i < inner; y is dense [outer, inner].
 * Strides are in elements; 0 repeats a value. y may be a or b where the strides of that operand are dense.
 */
type Binary = (
  outer: number,
  inner: number,
  a: Address,
  aOuter: number,
  aInner: number,
  b: Address,
  bOuter: number,
  bInner: number,
  y: Address,
) => void;

/**
 * The exports of one kernel module. `n`, sizes and strides count elements; `Address` counts bytes.
 * Every kernel propagates NaN, allocates nothing, and its result for a row or an element depends neither on what is
 * beside it nor on where it stands.
 * Elementwise kernels and the softmax family may run in place (y = x, dx = dy, dz = z).
 * Errors in ulp are bounds over all arguments, denormal results included. A coefficient is rounded to the number type
 * of the module.
 */
export interface KernelExports {
  // elementwise, one input
  readonly neg: Unary;
  /** Within 1 ulp. */
  readonly exp: Unary;
  /** Within 1 ulp; −∞ at ±0, NaN below. */
  readonly log: Unary;
  readonly sqrt: Unary;
  /** Within 1 ulp for every finite x, however large: the argument is reduced exactly. NaN for ±∞. */
  readonly sin: Unary;
  /** As sin. */
  readonly cos: Unary;
  /** Within 1 ulp in f32, 4 in f64. */
  readonly erf: Unary;
  readonly abs: Unary;
  /** −1, 0 or 1; NaN for NaN. */
  readonly sign: Unary;
  /** 1 where x > 0, else 0; NaN for NaN. */
  readonly step: Unary;
  /** Within 2 ulp. */
  readonly tanh: Unary;
  /** 1/(1 + e^−x), within 2 ulp. */
  readonly sigmoid: Unary;
  /** 0 where x < 0, else x. */
  readonly relu: Unary;
  /** x Φ(x) with the exact Φ (erf), PyTorch's default; within 1e-6, relative, or 1e-7 in f32, 8 ulp in f64. */
  readonly gelu: Unary;
  /** x·σ(x). */
  readonly silu: Unary;
  /** log(1 + eˣ), without overflow. */
  readonly softplus: Unary;
  /** x where x > 0, else slope·x. */
  readonly leakyRelu: (n: number, slope: number, x: Address, y: Address) => void;
  /** x where x > 0, else alpha·(eˣ − 1). */
  readonly elu: (n: number, alpha: number, x: Address, y: Address) => void;

  // gradients of activations: dx = f′·dy; `y` (the output) is read where that is enough, else `x`
  readonly tanhGrad: UnaryGradient; // reads y
  readonly sigmoidGrad: UnaryGradient; // reads y
  readonly reluGrad: UnaryGradient; // reads y (y > 0 exactly where x > 0): dy there, else 0; NaN where y or dy is
  readonly geluGrad: UnaryGradient; // reads x
  readonly siluGrad: UnaryGradient; // reads x
  readonly softplusGrad: UnaryGradient; // reads x
  readonly leakyReluGrad: (n: number, slope: number, x: Address, dy: Address, dx: Address) => void; // reads x
  readonly eluGrad: (n: number, alpha: number, x: Address, dy: Address, dx: Address) => void; // reads x

  // elementwise, two inputs, broadcasting by strides
  readonly add: Binary;
  /** y[r, j] = relu(x[r, j] + b[j]) for x dense [rows, n], with the bits of `add` and `relu`; y may be x. */
  readonly addRelu: (rows: number, n: number, x: Address, b: Address, y: Address) => void;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  /** aᵇ as `scalarPow`, rounded once more in f32; a⁰ = 1 for every a, as in ECMAScript. */
  readonly pow: Binary;
  /** −0 is below +0. */
  readonly max: Binary;
  readonly min: Binary;

  // movement
  /** y[o, i] = x[o·outerStride + i·innerStride], o < outer, i < inner: copies, slices, transposes, broadcasts. */
  readonly copy: (
    outer: number,
    inner: number,
    x: Address,
    xOuter: number,
    xInner: number,
    y: Address,
    yOuter: number,
    yInner: number,
  ) => void;
  readonly fill: (n: number, value: number, y: Address) => void;

  // reductions; the sum over `count` is one sequential chain per output element, from the first element on
  /** y[o, i] = Σ_c x[o, c, i]; 0 where count = 0. */
  readonly sum: (outer: number, count: number, inner: number, x: Address, y: Address) => void;
  /** y[r] = √Σ_j x[r, j]², summed in f64. */
  readonly norm: (rows: number, n: number, x: Address, y: Address) => void;
  /** y[o, i] = max_c x[o, c, i]; −∞ where count = 0. */
  readonly maxOver: (outer: number, count: number, inner: number, x: Address, y: Address) => void;
  /**
   * y[i] = Σ over rows r of x[r, i], by the reduction tree of `program` (see tree.ts).
   * x is dense [rows, inner]; the program has at least one leaf. `scratch` as for gemm.
   */
  readonly sumTree: (
    program: Address,
    inner: number,
    x: Address,
    y: Address,
    scratch: Address,
  ) => void;

  // softmax over the last axis, n ≥ 1; the sum of a row is one sequential chain in f64
  /** Within 2⁻²⁴·(8 + max − x), relative, for normal results in f32. */
  readonly softmax: (rows: number, n: number, x: Address, y: Address) => void;
  readonly logSoftmax: (rows: number, n: number, x: Address, y: Address) => void;
  /** y[r] = log Σ_j exp x[r, j]. */
  readonly logSumExp: (rows: number, n: number, x: Address, y: Address) => void;
  /** y[r] = logSumExp(z[r]) − z[r, label[r]]; labels are i32; a label outside [0, n) gives NaN. */
  readonly crossEntropy: (rows: number, n: number, z: Address, labels: Address, y: Address) => void;
  /** dz[r, j] = (softmax(z[r])_j − [j = label[r]])·dy[r]; a label outside [0, n) makes row r NaN. */
  readonly crossEntropyGrad: (
    rows: number,
    n: number,
    z: Address,
    labels: Address,
    dy: Address,
    dz: Address,
  ) => void;
  /** y[i] = max(z, 0) − z·t + log(1 + e^−|z|): binary cross-entropy on logits, elementwise. */
  readonly binaryCrossEntropy: (n: number, z: Address, t: Address, y: Address) => void;
  /** dz[i] = (σ(z) − t)·dy[i]. */
  readonly binaryCrossEntropyGrad: (
    n: number,
    z: Address,
    t: Address,
    dy: Address,
    dz: Address,
  ) => void;

  // products
  /**
   * C[m, n] = A·B with A[i, p] at A + (i·aRow + p·aColumn) elements, B likewise, C dense [m, n].
   * One of aRow, aColumn is 1, and one of bRow, bColumn. One sequential chain from +0 over p = 0…k−1 per element of C.
   * Row i of C has the same bits whatever m is. `scratch`: SCRATCH_BYTES bytes for packing.
   */
  readonly gemm: (
    m: number,
    n: number,
    k: number,
    a: Address,
    aRow: number,
    aColumn: number,
    b: Address,
    bRow: number,
    bColumn: number,
    c: Address,
    scratch: Address,
  ) => void;
  /**
   * C[m, n] = Σ over rows r of a[r, :]ᵀ·b[r, :], by the reduction tree of `program` (see tree.ts).
   * a is dense [rows, m], b dense [rows, n]; partial tiles of siblings are merged before C is written once.
   */
  readonly gemmTree: (
    program: Address,
    m: number,
    n: number,
    a: Address,
    b: Address,
    c: Address,
    scratch: Address,
  ) => void;

  // random numbers: element i is a pure function of (key0, key1, offset + i), 0 ≤ offset + i < 2⁵³; the keys are taken
  // as 32 bits each; both builds draw the same numbers, rounded to their own precision
  /**
   * Uniform in [low, high): low + (high − low)·u for u of 24 bits, in the number type; low where high ≤ low.
   * Word i mod 4 of block ⌊i/4⌋ of Philox4x32-10 (Salmon et al., SC11).
   */
  readonly uniform: (
    n: number,
    low: number,
    high: number,
    key0: number,
    key1: number,
    offset: number,
    y: Address,
  ) => void;
  /** Normal with the given mean and standard deviation (Box–Muller, computed in f64). */
  readonly normal: (
    n: number,
    mean: number,
    sd: number,
    key0: number,
    key1: number,
    offset: number,
    y: Address,
  ) => void;

  // gathering a shard's rows; indices are i32 row numbers
  /** out[i] = place of position first + i in the keyed permutation of [0, total), i < n (i32); first + n ≤ total < 2³¹. */
  readonly permute: (
    n: number,
    first: number,
    total: number,
    key0: number,
    key1: number,
    out: Address,
  ) => void;
  /** out[i] = first + i (i32). */
  readonly iota: (n: number, first: number, out: Address) => void;
  /** out[r·outStride + j] = source[indices[r]·width + j], source f32 in every build. */
  readonly gatherF32: (
    rows: number,
    width: number,
    indices: Address,
    source: Address,
    out: Address,
    outStride: number,
  ) => void;
  /** out[r·outStride + j] = (source[indices[r]·width + j] − shift)·scale, source u8; shift and scale rounded to `real`. */
  readonly gatherU8: (
    rows: number,
    width: number,
    indices: Address,
    source: Address,
    shift: number,
    scale: number,
    out: Address,
    outStride: number,
  ) => void;
  /** out[r·outStride + j] = [j = codes[indices[r]]], codes i32; a code outside [0, classes) gives a row of zeros. */
  readonly gatherOneHot: (
    rows: number,
    classes: number,
    indices: Address,
    codes: Address,
    out: Address,
    outStride: number,
  ) => void;
  /** out[r] = source[indices[r]] (i32). */
  readonly gatherI32: (rows: number, indices: Address, source: Address, out: Address) => void;

  // rows of a table x [size, width] by i32 index, in the number type of the build
  /** y[r, j] = x[indices[r], j]; an index outside [0, size) gives a row of NaN. */
  readonly gatherRows: (
    rows: number,
    width: number,
    size: number,
    indices: Address,
    x: Address,
    y: Address,
  ) => void;
  /** y[i] = x[i·stride] as an i32, cut to a whole number; −1 for NaN. */
  readonly toI32: (n: number, x: Address, stride: number, y: Address) => void;
  /** dx[i, j] = Σ over r with indices[r] = i of dy[r, j], in the order of r; indices outside [0, size) are left out. */
  readonly scatterAdd: (
    rows: number,
    width: number,
    size: number,
    indices: Address,
    dy: Address,
    dx: Address,
  ) => void;
  /** scatterAdd by the reduction tree of `program` (see tree.ts): each leaf's sums in order of its rows, then merged. */
  readonly scatterAddTree: (
    program: Address,
    width: number,
    size: number,
    indices: Address,
    dy: Address,
    dx: Address,
    scratch: Address,
  ) => void;

  // the update of a slice of θ; g′ = (scale·g + l1·sign(w)) + l2·w; results of magnitude below 2⁻¹⁰⁰ become +0, in the
  // state before it is used; coefficients such as 1 − β are computed in f64 and rounded once; the optimizers' kernels return
  // 1 when any of w′ is NaN or infinite, else 0
  /**
   * y[i] = tree sum over subtree buffers of the element at byte `offset` + i·bytes: `table` holds (address, merges)
   * pairs of i32, at least one, ended by address 0 (see tree.ts). `scratch` as for gemm.
   */
  readonly reduceTree: (
    n: number,
    table: Address,
    offset: number,
    y: Address,
    scratch: Address,
  ) => void;
  /** w′ = w − lr·g′. */
  readonly sgd: (
    n: number,
    w: Address,
    g: Address,
    wNext: Address,
    scale: number,
    lr: number,
    l1: number,
    l2: number,
  ) => number;
  /** v′ = μ·v + (1 − dampening)·g′; w′ = w − lr·(nesterov ? g′ + μ·v′ : v′). */
  readonly momentum: (
    n: number,
    w: Address,
    v: Address,
    g: Address,
    wNext: Address,
    vNext: Address,
    scale: number,
    lr: number,
    l1: number,
    l2: number,
    mu: number,
    dampening: number,
    nesterov: number,
  ) => number;
  /**
   * m′ = β₁m + (1 − β₁)g′; v′ = β₂v + (1 − β₂)g′²; w′ = w·(1 − lr·decay) − lr·(m′·correction1)/(√(v′·correction2) + ε),
   * correction = 1/(1 − βᵗ), computed by the caller.
   */
  readonly adam: (
    n: number,
    w: Address,
    m: Address,
    v: Address,
    g: Address,
    wNext: Address,
    mNext: Address,
    vNext: Address,
    scale: number,
    lr: number,
    l1: number,
    l2: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    correction1: number,
    correction2: number,
    decay: number,
  ) => number;
  /** Σ|x| and Σx² of n elements in f64, one sequential chain. */
  readonly sumAbs: (n: number, x: Address) => number;
  readonly sumSquares: (n: number, x: Address) => number;
  /** Σ(x − y)² of n elements in f64, one sequential chain. */
  readonly sumSquaredDifference: (n: number, x: Address, y: Address) => number;
  /** Brings n elements that another core wrote into this one's cache, a word of each line at a time. What it returns means nothing. */
  readonly touch: (n: number, x: Address) => number;

  // scalar functions in f64, the same in both builds: the one path to exp, log, … for schedules, metrics and encoders
  readonly scalarExp: (x: number) => number;
  readonly scalarLog: (x: number) => number;
  readonly scalarSin: (x: number) => number;
  readonly scalarCos: (x: number) => number;
  readonly scalarTanh: (x: number) => number;
  readonly scalarPow: (x: number, y: number) => number;
  readonly scalarErf: (x: number) => number;
}

/** Bytes of working space that `gemm`, `gemmTree`, `sumTree`, `reduceTree` and `scatterAddTree` may use at their `scratch` address. */
export const SCRATCH_BYTES: number = 4 << 20;

/** A kernel module bound to one memory. */
export interface Kernels extends KernelExports {
  readonly dtype: Dtype;
  /** Bytes of one element: 4 or 8. */
  readonly bytes: 4 | 8;
  readonly memory: WebAssembly.Memory;
}

const modules = new Map<Dtype, WebAssembly.Module>();

/** The compiled kernel module; compiled once per thread, and small enough to send to others. */
export function kernelModule(dtype: Dtype): WebAssembly.Module {
  let module = modules.get(dtype);
  if (module === undefined) {
    module = new WebAssembly.Module(
      readFileSync(new URL(`./kernels-${dtype}.wasm`, import.meta.url)),
    );
    modules.set(dtype, module);
  }
  return module;
}

/** Instantiates the kernels over a shared memory. A module compiled by another thread saves compiling it here. */
export function loadKernels(
  dtype: Dtype,
  memory: WebAssembly.Memory,
  module?: WebAssembly.Module,
): Kernels {
  const instance = new WebAssembly.Instance(module ?? kernelModule(dtype), {
    env: {
      memory,
      abort: (): never => {
        throw new Error("a kernel aborted");
      },
    },
  });
  // The module's exports are KernelExports by construction: a test compares the two lists of names.
  const exports = instance.exports as unknown as KernelExports;
  return { ...exports, dtype, bytes: dtype === "f32" ? 4 : 8, memory };
}
