// The barrier and the commit, explored exhaustively: deaths at every operation on shared words, in recovery too.
import { describe, expect, it } from "vitest";
import { explore, type Scenario } from "./model.js";

const scenarios: readonly (readonly [name: string, scenario: Scenario, ends: readonly number[]])[] =
  [
    [
      "two workers, two epochs with scores, three deaths",
      { workers: 2, stepsPerEpoch: 1, epochs: 2, scores: true, deaths: 3 },
      [2],
    ],
    [
      "three workers, a step, a death",
      { workers: 3, stepsPerEpoch: 1, epochs: 1, scores: false, deaths: 1 },
      [1],
    ],
    [
      "two workers, a stop at any moment, two deaths",
      { workers: 2, stepsPerEpoch: 2, epochs: 2, scores: true, deaths: 2, stop: true },
      [1, 2, 3, 4],
    ],
    [
      "two workers, two snapshots at any moment, a death",
      { workers: 2, stepsPerEpoch: 3, epochs: 1, scores: false, deaths: 1, snapshots: 2 },
      [3],
    ],
    [
      "two workers, a number that is not finite, two deaths",
      {
        workers: 2,
        stepsPerEpoch: 2,
        epochs: 2,
        scores: true,
        deaths: 2,
        nonFinite: { worker: 1, step: 1 },
      },
      [1],
    ],
    [
      "two workers, a step that is skipped, two deaths",
      {
        workers: 2,
        stepsPerEpoch: 2,
        epochs: 2,
        scores: true,
        deaths: 2,
        nonFinite: { worker: 1, step: 1 },
        skips: true,
      },
      [4],
    ],
    [
      "two workers, then one, a step that is skipped, a death",
      {
        workers: 2,
        legs: [2, 1],
        stepsPerEpoch: 3,
        epochs: 1,
        scores: false,
        deaths: 1,
        nonFinite: { worker: 1, step: 0 },
        skips: true,
      },
      [3],
    ],
    [
      "two workers, an epoch of nothing but skipped steps, two deaths",
      {
        workers: 2,
        stepsPerEpoch: 1,
        epochs: 3,
        scores: false,
        deaths: 2,
        nonFinite: { worker: 0, step: 0 },
        skips: true,
      },
      [1],
    ],
    [
      "two workers, early stopping, two deaths",
      { workers: 2, stepsPerEpoch: 1, epochs: 3, scores: true, deaths: 2, enough: 1 },
      [2],
    ],
    [
      "two workers, then one, then two, each change at any moment, two deaths",
      { workers: 2, legs: [2, 1, 2], stepsPerEpoch: 3, epochs: 1, scores: false, deaths: 2 },
      [3],
    ],
    [
      "one worker, then two, with scores and early stopping, a stop at any moment, a death",
      {
        workers: 2,
        legs: [1, 2],
        stepsPerEpoch: 1,
        epochs: 3,
        scores: true,
        deaths: 1,
        enough: 1,
        stop: true,
      },
      [1, 2],
    ],
    [
      "two workers, then one, a snapshot at any moment, a death",
      {
        workers: 2,
        legs: [2, 1],
        stepsPerEpoch: 2,
        epochs: 1,
        scores: false,
        deaths: 1,
        snapshots: 1,
      },
      [2],
    ],
    [
      "two workers, an abort at any moment, a death",
      { workers: 2, stepsPerEpoch: 1, epochs: 2, scores: true, deaths: 1, abort: true },
      [2],
    ],
  ];

describe("whatever the interleaving and wherever workers end, nothing is lost, torn or committed twice", () => {
  it.each(scenarios)(
    "%s",
    (_, scenario, ends) => {
      const explored = explore(scenario);
      expect([...explored.ends].sort((a, b) => a - b)).toEqual(ends);
      // Every change that was asked for can take place.
      expect(explored.changes.size).toBe(scenario.legs?.length ?? 1);
      // Every step but the last can be followed by a snapshot.
      expect(explored.snapshots).toBe(scenario.snapshots === undefined ? 0 : ends[0]! - 1);
    },
    240_000,
  );
});
