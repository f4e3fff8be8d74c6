// trace: what the tests of the lecture notes leave over: tied weights, dropout, labels, and what is refused.
import {
  dense,
  dropoutLayer,
  initialize,
  sequential,
  tensor,
  trace,
  type LossSpec,
  type Parameters,
  type Tensor,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";

const squares: LossSpec = { name: "meanSquaredError", reduction: "sum" };
const x = tensor([
  [0.2, -0.4, 0.9],
  [1, 0.3, -0.5],
]);

/** The cost with one number of one parameter moved. */
function differences(
  cost: (parameters: Parameters) => number,
  parameters: Parameters,
  name: string,
): number[] {
  const h = 1e-5;
  const { shape, data } = parameters.get(name)!;
  const moved = (i: number, by: number): number => {
    const copy = Float64Array.from(data);
    copy[i] = copy[i]! + by;
    return cost(new Map([...parameters, [name, { shape, data: copy }]]));
  };
  return Array.from(data, (_, i) => (moved(i, h) - moved(i, -h)) / (2 * h));
}

const expectNear = (found: Tensor, wanted: readonly number[]): void => {
  expect(found.data.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(found.data[i]).toBeCloseTo(value, 7));
};

describe("an autoencoder with tied weights", () => {
  const spec = sequential(3, [dense(2, { activation: "tanh" }), dense(3, { tiedTo: 0 })]);
  const parameters = initialize(spec, 4);
  const cost = (values: Parameters): number => trace(spec, values, x, x, squares).cost;
  const { layers } = trace(spec, parameters, x, x, squares);

  it("collects both uses of the weights in the layer that has them", () => {
    expectNear(layers[0]!.dW!, differences(cost, parameters, "layer0.weight"));
  });

  it("gives the layer that borrows them biases of its own and no weights", () => {
    expect(layers[1]!.dW).toBeNull();
    expectNear(layers[1]!.db!, differences(cost, parameters, "layer1.bias"));
  });

  it("gives each sample its part of both", () => {
    const each = trace(spec, parameters, x, x, squares, { perSample: true }).layers[0]!.dW!;
    const half = each.data.length / 2;
    expect(each.shape).toEqual([2, 3, 2]);
    for (let i = 0; i < half; i += 1)
      expect(each.data[i]! + each.data[half + i]!).toBeCloseTo(layers[0]!.dW!.data[i]!, 12);
  });
});

describe("layers that are not dense", () => {
  const spec = sequential(3, [dense(4, { activation: "relu" }), dropoutLayer(0.5), dense(2)]);
  const parameters = initialize(spec, 2);
  const labels = tensor(Int32Array.of(0, 1));
  const loss: LossSpec = { name: "crossEntropy", reduction: "mean" };

  it("have no entry, and the others keep their place in the model", () => {
    expect(trace(spec, parameters, x, labels, loss).layers.map(({ index }) => index)).toEqual([
      0, 2,
    ]);
  });

  it("pass everything on: dropout is not applied", () => {
    const plain = sequential(3, [spec.layers[0]!, spec.layers[2]!]);
    const renamed = new Map(
      [...parameters].map(([name, value]) => [name.replace("layer2", "layer1"), value]),
    );
    const [with1, without1] = [
      trace(spec, parameters, x, labels, loss),
      trace(plain, renamed, x, labels, loss),
    ];
    expect(with1.cost).toBe(without1.cost);
    expect(with1.layers[0]!.dW).toEqual(without1.layers[0]!.dW);
  });

  it("labels select the loss of each row", () => {
    const { losses, layers } = trace(spec, parameters, x, labels, loss);
    const logits = layers[1]!.z.data;
    const wanted = [0, 1].map(
      (n) => Math.log(Math.exp(logits[2 * n]!) + Math.exp(logits[2 * n + 1]!)) - logits[2 * n + n]!,
    );
    expectNear(losses, wanted);
  });
});

describe("what does not fit is refused", () => {
  const spec = sequential(3, [dense(2)]);
  const parameters = initialize(spec, 0);

  it.each([
    [
      "x of another width",
      tensor([[1, 2]]),
      tensor([[1, 2]]),
      "trace: x is [1,2]; give [rows,3], at least one row",
    ],
    [
      "no rows",
      tensor(new Float64Array(0), [0, 3]),
      tensor(new Float64Array(0), [0, 2]),
      "trace: x is [0,3]; give [rows,3], at least one row",
    ],
    [
      "targets for other rows",
      x,
      tensor([[1, 2]]),
      "trace: x has 2 rows, y [1,2]; give one target a row",
    ],
    [
      "targets of another width",
      x,
      tensor([[1], [2]]),
      "loss: the target [2,1] does not fit the output [2,2]",
    ],
  ])("%s", (_, rows, targets, message) => {
    expect(() => trace(spec, parameters, rows, targets, squares)).toThrow(message);
  });

  it("parameters of another model", () => {
    expect(() => trace(spec, new Map(), x, x, squares)).toThrow(
      "parameters: layer0.weight [3,2] is missing",
    );
  });
});
