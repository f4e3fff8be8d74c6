// Every op by name: what a test of all of them, or a table with a row for each, must be complete over.
// Leaves (inputs and constants) are not ops. `concat` is made for a number of inputs.
export {
  eluGradOp as eluGrad,
  eluOp as elu,
  geluGradOp as geluGrad,
  geluOp as gelu,
  leakyReluGradOp as leakyReluGrad,
  leakyReluOp as leakyRelu,
  reluGradOp as reluGrad,
  reluOp as relu,
  sigmoidGradOp as sigmoidGrad,
  sigmoidOp as sigmoid,
  siluGradOp as siluGrad,
  siluOp as silu,
  softplusGradOp as softplusGrad,
  softplusOp as softplus,
  tanhGradOp as tanhGrad,
  tanhOp as tanh,
} from "./activations.js";
export {
  addOp as add,
  divOp as div,
  maxOp as max,
  minOp as min,
  mulOp as mul,
  negOp as neg,
  powOp as pow,
  subOp as sub,
} from "./arithmetic.js";
export { dropoutMaskOp as dropoutMask } from "./dropout.js";
export {
  absOp as abs,
  cosOp as cos,
  erfOp as erf,
  expOp as exp,
  logOp as log,
  signOp as sign,
  sinOp as sin,
  sqrtOp as sqrt,
  stepOp as step,
} from "./functions.js";
export { gatherOp as gather, scatterAddOp as scatterAdd, toIndexOp as toIndex } from "./gather.js";
export {
  binaryCrossEntropyGradOp as binaryCrossEntropyGrad,
  binaryCrossEntropyOp as binaryCrossEntropy,
  crossEntropyGradOp as crossEntropyGrad,
  crossEntropyOp as crossEntropy,
  oneHotOp as oneHot,
} from "./loss.js";
export { matmulOp as matmul } from "./matmul.js";
export { normOp as norm } from "./normalize.js";
export { maxOverOp as maxOver, sumOp as sum } from "./reduce.js";
export {
  broadcastOp as broadcast,
  concatOp as concat,
  padOp as pad,
  reshapeOp as reshape,
  sliceOp as slice,
  transposeOp as transpose,
} from "./shape.js";
export {
  logSoftmaxOp as logSoftmax,
  logSumExpOp as logSumExp,
  softmaxOp as softmax,
} from "./softmax.js";
