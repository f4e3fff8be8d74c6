// Models that begin with an embedding: what they compute, how they begin, which specifications are refused.
import {
  createPredictor,
  dense,
  embedding,
  evaluate,
  gather,
  gradients,
  initialize,
  input,
  mul,
  outputWidth,
  parameterSpecs,
  sequential,
  sum,
  tensor,
  toIndex,
  toNested,
  trace,
  type Parameters,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";

describe("toIndex", () => {
  it("reads a column as whole numbers, −1 for NaN, and has no gradient", () => {
    const x = input([3, 2], "x");
    const index = toIndex(x, 1);
    const feeds = new Map([
      [
        x,
        tensor([
          [9, 0],
          [9, 2.9],
          [9, NaN],
        ]),
      ],
    ]);
    const [found] = evaluate([index], feeds);
    expect(found).toEqual({ shape: [3], data: Int32Array.of(0, 2, -1) });
    const [dx] = gradients(sum(gather(tensor([[1], [2], [3]]), index)), [x]);
    expect(dx).toBeNull();
  });

  it("feeds gather, whose table gets the sums of the rows of each index", () => {
    const x = input([3, 1], "x");
    const table = input([3, 2], "table");
    const weights = tensor([
      [1, 2],
      [4, 8],
      [16, 32],
    ]);
    const [dTable] = gradients(sum(mul(gather(table, toIndex(x, 0)), weights)), [table]);
    const feeds = new Map([[x, tensor([[2], [0], [2]])]]);
    expect(toNested(evaluate([dTable!], feeds)[0]!)).toEqual([
      [4, 8],
      [0, 0],
      [17, 34],
    ]);
  });

  it("refuses a column that is not there", () => {
    expect(() => toIndex(input([3, 2], "x"), 2)).toThrow("toIndex: [3,2] has no column 2");
  });
});

describe("an embedding layer", () => {
  const spec = sequential(3, [
    embedding([
      { size: 3, width: 2 },
      { size: 2, width: 1 },
    ]),
    dense(1),
  ]);
  const parameters: Parameters = new Map([
    ["layer0.table0", tensor(Float32Array.of(1, 2, 3, 4, 0, 0), [3, 2])],
    ["layer0.table1", tensor(Float32Array.of(10, 0), [2, 1])],
    ["layer1.weight", tensor(Float32Array.of(1, 10, 100, 1000), [4, 1])],
    ["layer1.bias", tensor(Float32Array.of(0.5))],
  ]);

  it("puts the vectors of a row's categories before its other inputs", () => {
    const predict = createPredictor(spec, parameters);
    const rows = Float32Array.of(1, 0, 7, 0, 1, -1, 2, 1, 0);
    expect([...predict(rows, 3)]).toEqual([8043.5, -978.5, 0.5]);
  });

  it("gives NaN for a number that is no category", () => {
    const predict = createPredictor(spec, parameters);
    expect([...predict(Float32Array.of(3, 0, 0, -1, 0, 0), 2)]).toEqual([NaN, NaN]);
  });

  it("has a table a column, of which the last row begins as zeros", () => {
    expect(parameterSpecs(spec).map(({ name, shape }) => [name, shape])).toEqual([
      ["layer0.table0", [3, 2]],
      ["layer0.table1", [2, 1]],
      ["layer1.weight", [4, 1]],
      ["layer1.bias", [1]],
    ]);
    const table = initialize(spec, 1).get("layer0.table0")?.data ?? [];
    expect(Array.from(table, (v) => v !== 0)).toEqual([true, true, true, true, false, false]);
  });

  it("may take all inputs, and is passed over by trace", () => {
    const all = sequential(1, [embedding([{ size: 4, width: 3 }]), dense(2)]);
    expect(outputWidth(all)).toBe(2);
    const loss = { name: "meanSquaredError", reduction: "mean" } as const;
    const traced = trace(all, initialize(all, 1), tensor([[3]]), tensor([[0, 0]]), loss);
    expect(traced.layers.map(({ index, z }) => [index, toNested(z)])).toEqual([[1, [[0, 0]]]]);
  });

  it.each([
    [
      sequential(2, [dense(2), embedding([{ size: 2, width: 2 }])]),
      "layer1: an embedding is the first layer",
    ],
    [
      sequential(1, [
        embedding([
          { size: 2, width: 2 },
          { size: 2, width: 2 },
        ]),
      ]),
      "layer0: 2 embeddings of 1 inputs",
    ],
    [sequential(1, [embedding([{ size: 0, width: 2 }])]), "layer0: size 0 is not a whole number"],
    [
      sequential(1, [embedding([{ size: 2, width: 0.5 }])]),
      "layer0: width 0.5 is not a whole number",
    ],
  ])("is refused where it does not fit: %#", (wrong, message) => {
    expect(() => parameterSpecs(wrong)).toThrow(message);
  });
});
