// Networks drawn with single numbers compute what the same networks compute with matrices.
import {
  activationNames,
  dense,
  explain,
  initialize,
  sequential,
  tensor,
  trace,
  type ActivationName,
  type LossSpec,
  type Tensor,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { isSmall, networkCircuit } from "../../packages/cli/dist/explain/network.js";

const x = Float32Array.of(0.5, -1.25);

function expectSameNumbers(
  activation: ActivationName,
  output: ActivationName,
  loss: LossSpec,
  target: Tensor,
  tied = false,
): void {
  const second = tied
    ? dense(2, { activation: output, tiedTo: 0 })
    : dense(2, { activation: output });
  const spec = sequential(2, [
    dense(3, { activation, biasInit: { name: "constant", value: 0.1 } }),
    second,
  ]);
  const parameters = initialize(spec, 6);
  const { output: C, feeds } = networkCircuit({ spec, parameters, loss, x, target });
  const { nodes } = explain(C, feeds);
  const traced = trace(spec, parameters, tensor(x, [1, 2]), target, { ...loss, reduction: "sum" });
  expect(nodes.at(-1)!.result.data[0]).toBeCloseTo(traced.cost, 12);
  const gradient = (name: string): number =>
    nodes.find((node) => node.name === name)!.gradient!.data[0]!;
  traced.layers.forEach(({ dW, db }, l) => {
    const [inputs, units] = dW?.shape ?? [0, 0];
    for (let k = 0; k < inputs!; k += 1)
      for (let j = 0; j < units!; j += 1)
        expect(gradient(`w${l + 1}_${k + 1}${j + 1}`)).toBeCloseTo(dW!.data[k * units! + j]!, 12);
    db!.data.forEach((value, j) => expect(gradient(`b${l + 1}_${j + 1}`)).toBeCloseTo(value, 12));
  });
}

describe("a net 2-3-2 with every number a node has the loss and gradients of the net of matrices", () => {
  it.each(activationNames)("for the activation %s", (name) => {
    expectSameNumbers(
      name,
      "identity",
      { name: "meanSquaredError", reduction: "mean" },
      tensor([[0.3, 0.6]]),
    );
  });

  it.each([
    ["meanSquaredError", "identity", tensor([[0.3, 0.6]])],
    ["halfSquaredError", "sigmoid", tensor([[0.3, 0.6]])],
    ["norm", "identity", tensor([[0.3, 0.6]])],
    ["binaryCrossEntropy", "identity", tensor([[1, 0]])],
    ["logLoss", "sigmoid", tensor([[1, 0]])],
    ["crossEntropy", "identity", tensor(Int32Array.of(1))],
    ["crossEntropy", "identity", tensor([[0.25, 0.75]])],
  ] as const)("for the loss %s after %s", (name, output, target) => {
    expectSameNumbers("tanh", output, { name, reduction: "mean" }, target);
  });

  it("for tied weights", () => {
    expectSameNumbers(
      "tanh",
      "identity",
      { name: "meanSquaredError", reduction: "mean" },
      tensor([[0.3, 0.6]]),
      true,
    );
  });
});

it("a larger network is drawn op by op, with the loss that trace finds", () => {
  const spec = sequential(2, [dense(64, { activation: "relu" }), dense(3)]);
  const parameters = initialize(spec, 1);
  const target = tensor(Int32Array.of(2));
  const loss: LossSpec = { name: "crossEntropy", reduction: "mean" };
  expect(isSmall({ spec, parameters })).toBe(false);
  const { output, feeds, names } = networkCircuit({ spec, parameters, loss, x, target });
  const { nodes } = explain(output, feeds);
  expect(nodes.at(-1)!.result.data[0]).toBeCloseTo(
    trace(spec, parameters, tensor(x, [1, 2]), target, loss).cost,
    12,
  );
  expect([...names.values()]).toEqual(["z1", "a1", "z2", "C"]);
  expect(
    nodes
      .filter(({ kind }) => kind === "input")
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["W1", "W2", "b1", "b2", "x"]);
});
