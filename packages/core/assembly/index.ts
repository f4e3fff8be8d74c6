// The exports of the kernel module; src/kernels.ts says what each computes.
export {
  abs, cos, elu, erf, exp, gelu, leakyRelu, log, neg, relu, sigmoid, sign, silu, sin, softplus, sqrt, step, tanh,
} from "./unary";
export {
  eluGrad, geluGrad, leakyReluGrad, reluGrad, sigmoidGrad, siluGrad, softplusGrad, tanhGrad,
} from "./gradients";
export { add, addRelu, div, max, min, mul, pow, sub } from "./binary";
export { copy, fill } from "./movement";
export { maxOver, sum } from "./reduce";
export { norm } from "./norm";
export { reduceTree, sumTree } from "./tree";
export {
  binaryCrossEntropy, binaryCrossEntropyGrad, crossEntropy, crossEntropyGrad, logSoftmax, logSumExp, softmax,
} from "./softmax";
export { gemm, gemmTree } from "./gemm";
export { normal, uniform } from "./random";
export { iota, permute } from "./permute";
export { gatherF32, gatherI32, gatherOneHot, gatherU8 } from "./gather";
export { gatherRows, scatterAdd, scatterAddTree, toI32 } from "./gather-real";
export { adam, momentum, sgd } from "./update";
export { sumAbs, sumSquaredDifference, sumSquares, touch } from "./measure";
export { scalarCos, scalarErf, scalarExp, scalarLog, scalarPow, scalarSin, scalarTanh } from "./scalar";
