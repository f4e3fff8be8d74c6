// @shardgrad/core: tensors, the graph and its ops, differentiation, models, optimizers, formats.
export {
  type Tensor,
  type TensorLike,
  type NestedNumbers,
  tensor,
  item,
  toNested,
  toTensor,
} from "./tensor.js";
export { type Shape, ROWS, elements, formatShape } from "./shape.js";
export { type Value, type ValueLike, type Op, type Vjp, apply, constant, input } from "./value.js";
export {
  compile,
  evaluate,
  type Compiled,
  type CompileOptions,
  type EvaluateOptions,
  type MaskKeys,
} from "./evaluate.js";
export { gradients } from "./autodiff.js";
export {
  checkGradients,
  type CheckGradientsOptions,
  type GradientCheck,
  type GradientComparison,
} from "./check-gradients.js";
export {
  grad,
  hessian,
  jacobian,
  jvp,
  valueAndGrad,
  vjp,
  type Argument,
  type DerivativeOptions,
  type Each,
  type Gradient,
  type GraphFunction,
  type Hessian,
  type JacobianOptions,
  type PerArgument,
  type Pullback,
  type Tangent,
  type ValueAndGradient,
} from "./differentiate.js";

export { add, div, max, min, mul, neg, pow, square, sub } from "./ops/arithmetic.js";
export { abs, cos, erf, exp, log, sign, sin, sqrt, step, xlogy } from "./ops/functions.js";
export { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "./ops/activations.js";
export { broadcast, concat, pad, reshape, slice, transpose } from "./ops/shape.js";
export { maxOver, mean, sum } from "./ops/reduce.js";
export { matmul } from "./ops/matmul.js";
export { gather, scatterAdd, toIndex } from "./ops/gather.js";
export { layerNorm, norm, type LayerNormOptions } from "./ops/normalize.js";
export * as ops from "./ops/index.js";
export { logSoftmax, logSumExp, softmax } from "./ops/softmax.js";
export {
  binaryCrossEntropy,
  crossEntropy,
  logLoss,
  oneHot,
  softCrossEntropy,
  squaredError,
} from "./ops/loss.js";
export { dropout } from "./ops/dropout.js";
export { customOp, type CallShapes, type CustomOp, type Numbers } from "./custom-op.js";
export * as losses from "./losses.js";

export type {
  ActivationName,
  DenseSpec,
  DropoutSpec,
  EmbeddingSpec,
  EmbeddingTable,
  OpSpec,
  InitSpec,
  LayerSpec,
  LossName,
  LossSpec,
  ModelSpec,
  OptimizerSpec,
  Parameters,
  Schedule,
} from "./nn/spec.js";
export {
  dense,
  dropoutLayer,
  embedding,
  opLayer,
  sequential,
  type DenseOptions,
} from "./nn/layers.js";
export {
  activationNames,
  checkParameters,
  customOpNames,
  forward,
  initialize,
  outputOf,
  outputWidth,
  parameterSpecs,
  type ForwardOptions,
  type LayerValues,
  type ParameterSpec,
} from "./nn/model.js";
export { lossesPerRow, lossNames, rowLoss } from "./nn/row-loss.js";
export { createPredictor, type Predictor } from "./nn/predictor.js";
export { trace, type LayerTrace, type Trace, type TraceOptions } from "./nn/trace.js";
export {
  explain,
  type ExplainedInput,
  type ExplainedNode,
  type Explanation,
  type GatePattern,
} from "./explain/explain.js";
export {
  createOptimizer,
  DEFAULT_OPTIMIZER,
  slotNames,
  type Optimizer,
  type UpdateRange,
} from "./optim/optimizer.js";
export { descend, type Descent, type DescentOptions } from "./optim/descend.js";
export { learningRate } from "./optim/schedule.js";

export {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsContent,
} from "./formats/safetensors.js";
export {
  encodeOnnx,
  OnnxGraph,
  type OnnxAttribute,
  type OnnxAttributes,
  type OnnxElement,
  type OnnxShape,
} from "./formats/onnx.js";
export { ONNX_IR_VERSION, ONNX_OPSET } from "./formats/onnx-schema.js";
export { jsNetwork, onnxNetwork, type JsNetwork } from "./formats/portable.js";
export { jsHelpers } from "./formats/portable-ops.js";

export { permutation } from "./random.js";
export * as scalar from "./scalar.js";

export {
  align,
  bind,
  plan,
  realView,
  sumsRows,
  writeNumbers,
  type BoundPlan,
  type Place,
  type Plan,
} from "./planner.js";
export {
  kernelModule,
  loadKernels,
  SCRATCH_BYTES,
  type Address,
  type Dtype,
  type Kernels,
} from "./kernels.js";
export {
  cover,
  mergeSpans,
  postOrder,
  programWords,
  split,
  writeProgram,
  type Leaf,
  type Span,
} from "./tree.js";
export type { Scratch, Subtree, Work } from "./value.js";
export { checkArithmetic } from "./arithmetic-check.js";
export { loadBlas, prepareBlas, requireBlas } from "./blas/library.js";
export type { Calls, Products } from "./blas/products.js";
export { rehearse } from "./blas/rehearsal.js";
