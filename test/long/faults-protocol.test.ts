// The barrier and the commit explored further: three workers, more deaths, longer runs.
import { expect, it } from "vitest";
import { explore, type Scenario } from "../faults/model.js";

const scenarios: readonly (readonly [name: string, scenario: Scenario])[] = [
  [
    "three workers, two steps, two deaths",
    { workers: 3, stepsPerEpoch: 2, epochs: 1, scores: false, deaths: 2 },
  ],
  [
    "two workers, three steps, two snapshots, two deaths",
    { workers: 2, stepsPerEpoch: 3, epochs: 1, scores: false, deaths: 2, snapshots: 2 },
  ],
  [
    "two workers, two epochs with scores, four deaths, a stop",
    { workers: 2, stepsPerEpoch: 1, epochs: 2, scores: true, deaths: 4, stop: true },
  ],
  [
    "three workers, a number that is not finite, a death",
    {
      workers: 3,
      stepsPerEpoch: 1,
      epochs: 1,
      scores: true,
      deaths: 1,
      nonFinite: { worker: 2, step: 0 },
    },
  ],
];

it.each(scenarios)("nothing is lost, torn or committed twice: %s", (_, scenario) => {
  const { states, ends } = explore(scenario);
  console.log(`${states} states`);
  expect(ends.size).toBeGreaterThan(0);
});
