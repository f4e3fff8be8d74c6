// Worker threads that fail at random moments of every phase: all runs end with the same bytes, and every loss is told.
import { expect, it } from "vitest";
import { drawPlans, runPlans } from "./threads.js";

const SEED = 20;
const RUNS = 20;

it(`${RUNS} runs with 1 to 5 failing threads give the bytes of runs without (seed ${SEED})`, async () => {
  const plans = drawPlans(RUNS, SEED);
  const whole = (["adam", "momentum"] as const).map((optimizer) => ({
    workers: 2,
    optimizer,
    faults: "",
  }));
  const [undisturbed, ...halves] = await Promise.all([
    runPlans(whole),
    runPlans(plans.slice(0, RUNS / 2)),
    runPlans(plans.slice(RUNS / 2)),
  ]);
  const outcomes = halves.flatMap((half) => half.outcomes);
  const struck = halves.flatMap((half) => half.struck);
  outcomes.forEach(({ error, hash, epochs }, i) => {
    const { optimizer, faults, workers } = plans[i]!;
    const expected = undisturbed.outcomes[optimizer === "adam" ? 0 : 1]!;
    expect({ error, hash, epochs }, `${workers} workers, ${faults}`).toEqual({
      error: null,
      hash: expected.hash,
      epochs: expected.epochs,
    });
  });
  // Somebody who is ended from outside may be done before.
  const restarts = outcomes.reduce((sum, outcome) => sum + outcome.restarts.length, 0);
  const certain = struck.filter(({ kind }) => kind !== "terminate").length;
  expect(restarts).toBeGreaterThanOrEqual(certain);
  expect(restarts).toBeLessThanOrEqual(struck.length);
  expect([...new Set(struck.map(({ kind }) => kind))].sort()).toEqual([
    "exit",
    "heap",
    "spin",
    "stack",
    "terminate",
    "throw",
  ]);
}, 240_000);
