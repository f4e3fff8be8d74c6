// A thousand random graphs: values, memory reuse, and gradients against central differences.
import { expect, it } from "vitest";
import { faultOf } from "./check-random-graph.ts";
import { randomGraph } from "./random-graph.ts";

const SEEDS = Array.from({ length: 1000 }, (_, i) => 1 + i);

it("1,000 random graphs are their definitions, and their gradients are what central differences show, to 1e-6", () => {
  const faults = SEEDS.flatMap((seed) => {
    const fault = faultOf(seed);
    return fault === null ? [] : [`seed ${seed}: ${fault}`];
  });
  expect(faults).toEqual([]);
});

it("the random graphs use every op that has a gradient, and values several times", () => {
  const names = new Set<string>();
  let [most, shared] = [0, 0];
  for (const seed of SEEDS.slice(0, 300)) {
    const { nodes } = randomGraph(seed);
    most = Math.max(most, nodes.length);
    const users = new Map<unknown, number>();
    for (const { op, inputs } of nodes) {
      names.add(op.name);
      for (const x of inputs) users.set(x, (users.get(x) ?? 0) + 1);
    }
    shared += [...users.values()].filter((n) => n > 1).length;
  }
  expect([...names].sort().join(" ")).toBe(
    "abs add binaryCrossEntropy broadcast concat cos crossEntropy div elu erf exp gather gelu input leakyRelu log " +
      "logSoftmax logSumExp matmul max maxOver min mul neg norm pad pow relu reshape scatterAdd sigmoid sign silu sin " +
      "slice softmax softplus sqrt step sub sum tanh transpose",
  );
  expect(most).toBe(40);
  expect(shared).toBeGreaterThan(1000);
});
