// A hundred thousand random graphs: values, memory reuse, and gradients against central differences.
import { expect, it } from "vitest";
import { faultOf } from "../core/check-random-graph.ts";

const FIRST = 1_000_000;

it("100,000 random graphs are their definitions, and their gradients are what central differences show, to 1e-6", () => {
  const faults: string[] = [];
  for (let seed = FIRST; seed < FIRST + 100_000; seed += 1) {
    const fault = faultOf(seed);
    if (fault !== null) faults.push(`seed ${seed}: ${fault}`);
  }
  expect(faults).toEqual([]);
});
