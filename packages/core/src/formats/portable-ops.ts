// How each op is written outside of shardgrad: as ONNX nodes, and as JavaScript over one row.
import type * as ops from "../ops/index.js";
import type { Op, Value } from "../value.js";
import type { OnnxGraph } from "./onnx.js";

/** One op in other words. */
export interface PortableOp<Attrs extends object> {
  /** Adds nodes for the op of inputs known by their names; answers the result's name. */
  readonly onnx: (graph: OnnxGraph, inputs: readonly string[], attrs: Attrs) => string;
  /** An expression of a Float32Array, of inputs that are names of such; it may call what `jsHelpers` defines. */
  readonly js: (inputs: readonly string[], attrs: Attrs, value: Value) => string;
}

type AttrsOf<O> =
  O extends Op<infer Attrs> ? Attrs : O extends (count: number) => Op<infer Attrs> ? Attrs : object;

/** A row for every op; null where no layer of a model uses the op, so that none can be exported. */
export type PortableOps = {
  readonly [Name in keyof typeof ops]: PortableOp<AttrsOf<(typeof ops)[Name]>> | null;
};

const scalar = (graph: OnnxGraph, value: number): string =>
  graph.constant("constant", "float", [], [value]);

/** An op that is one node, and a function of one number. */
function unary(node: string, js: string): PortableOp<object> {
  return {
    onnx: (graph, [x = ""]) => graph.node(node, [x]),
    js: ([x]) => `each(${x}, ${js})`,
  };
}

/** The ops by name. */
export const portableOps: PortableOps = {
  // C = A·B, B [k, n] or with transposeB [n, k]
  matmul: {
    onnx: (graph, [a = "", b = ""], { transposeA, transposeB }) =>
      transposeA || transposeB
        ? graph.node("Gemm", [a, b], {
            transA: { int: Number(transposeA) },
            transB: { int: Number(transposeB) },
          })
        : graph.node("MatMul", [a, b]),
    js: ([a, b], { transposeA, transposeB }, { shape }) => {
      if (transposeA)
        throw new RangeError("export: a product of a transposed batch is not one of single rows");
      return `product(${a}, ${b}, ${shape.at(-1)}, ${transposeB})`;
    },
  },
  add: {
    onnx: (graph, [a = "", b = ""]) => graph.node("Add", [a, b]),
    js: ([a, b]) => `each(${a}, (v, i) => v + ${b}[i])`,
  },
  sigmoid: unary("Sigmoid", "(v) => 1 / (1 + Math.exp(-v))"),
  tanh: unary("Tanh", "Math.tanh"),
  relu: unary("Relu", "(v) => Math.max(v, 0)"),
  softplus: unary("Softplus", "(v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))"),
  leakyRelu: {
    onnx: (graph, [x = ""], { slope }) => graph.node("LeakyRelu", [x], { alpha: { float: slope } }),
    js: ([x], { slope }) => `each(${x}, (v) => (v > 0 ? v : ${slope} * v))`,
  },
  elu: {
    onnx: (graph, [x = ""], { alpha }) => graph.node("Elu", [x], { alpha: { float: alpha } }),
    js: ([x], { alpha }) => `each(${x}, (v) => (v > 0 ? v : ${alpha} * Math.expm1(v)))`,
  },
  // x·Φ(x) = x·½(1 + erf(x/√2)); the operator Gelu is younger than the operator set used here
  gelu: {
    onnx: (graph, [x = ""]) => {
      const erf = graph.node("Erf", [graph.node("Mul", [x, scalar(graph, Math.sqrt(0.5))])]);
      const cdf = graph.node("Mul", [
        graph.node("Add", [erf, scalar(graph, 1)]),
        scalar(graph, 0.5),
      ]);
      return graph.node("Mul", [x, cdf]);
    },
    js: ([x]) => `each(${x}, (v) => v * 0.5 * (1 + erf(v * Math.SQRT1_2)))`,
  },
  silu: {
    onnx: (graph, [x = ""]) => graph.node("Mul", [x, graph.node("Sigmoid", [x])]),
    js: ([x]) => `each(${x}, (v) => v / (1 + Math.exp(-v)))`,
  },
  softmax: {
    onnx: (graph, [x = ""]) => graph.node("Softmax", [x], { axis: { int: -1 } }),
    js: ([x]) => `Float32Array.from(softmax(${x}))`,
  },
  toIndex: {
    onnx: (graph, [x = ""], { column }) => {
      const at = graph.constant("column", "int64", [], [column]);
      return graph.cast(graph.node("Gather", [x, at], { axis: { int: 1 } }), "int64");
    },
    js: ([x], { column }) => `${x}.subarray(${column}, ${column + 1})`,
  },
  gather: {
    onnx: (graph, [table = "", indices = ""]) => graph.node("Gather", [table, indices]),
    js: ([table, index], _attrs, { shape }) => `rowOf(${table}, ${index}[0], ${shape.at(-1)})`,
  },
  slice: {
    onnx: (graph, [x = ""], { axis, from, to }) => {
      const whole = (value: number): string => graph.constant("number", "int64", [1], [value]);
      return graph.node("Slice", [x, whole(from), whole(to), whole(axis)]);
    },
    js: ([x], { from, to }) => `${x}.subarray(${from}, ${to})`, // of one row
  },
  concat: {
    onnx: (graph, parts, { axis }) => graph.node("Concat", parts, { axis: { int: axis } }),
    js: (parts) => `joined(${parts.join(", ")})`, // of one row
  },
  // no layer makes these
  eluGrad: null,
  geluGrad: null,
  leakyReluGrad: null,
  reluGrad: null,
  sigmoidGrad: null,
  siluGrad: null,
  softplusGrad: null,
  tanhGrad: null,
  div: null,
  max: null,
  min: null,
  mul: null,
  neg: null,
  pow: null,
  sub: null,
  dropoutMask: null,
  abs: null,
  cos: null,
  erf: null,
  exp: null,
  log: null,
  sign: null,
  sin: null,
  sqrt: null,
  step: null,
  scatterAdd: null,
  binaryCrossEntropy: null,
  binaryCrossEntropyGrad: null,
  crossEntropy: null,
  crossEntropyGrad: null,
  oneHot: null,
  norm: null,
  maxOver: null,
  sum: null,
  broadcast: null,
  pad: null,
  reshape: null,
  transpose: null,
  logSoftmax: null,
  logSumExp: null,
};

/** What the expressions call, by name, in JavaScript. */
export const jsHelpers: Readonly<Record<string, string>> = {
  each: `const each = (x, f) => Float32Array.from(x, f);`,
  // One chain of sums an output, each step rounded to f32: what the kernels compute, to the bit.
  product: `function product(x, weights, outputs, transposed) {
  const inputs = x.length;
  const y = new Float32Array(outputs);
  for (let i = 0; i < inputs; i += 1)
    for (let j = 0; j < outputs; j += 1)
      y[j] += Math.fround(x[i] * weights[transposed ? j * inputs + i : i * outputs + j]);
  return y;
}`,
  rowOf: `const rowOf = (table, row, width) => table.subarray(row * width, (row + 1) * width);`,
  joined: `const joined = (...parts) => Float32Array.from(parts.flatMap((part) => [...part]));`,
  softmax: `function softmax(x) {
  const largest = x.reduce((a, b) => Math.max(a, b));
  const powers = Array.from(x, (v) => Math.exp(v - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}`,
  // erf x = 2/√π·e^(−x²)·Σ 2ⁿx²ⁿ⁺¹/(1·3·…·(2n + 1)): no term is negative for x > 0, so nothing cancels.
  erf: `function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return 1.1283791670955126 * Math.exp(-x * x) * sum;
}`,
};
