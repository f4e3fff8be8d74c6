// Worker threads that fail at random moments of every phase: all runs end with the same bytes, and every loss is told.
import { expect, it } from "vitest";
import { certainPlans, drawPlans, expectTold, KINDS, runPlans } from "./threads.js";

const SEED = 20;
const RUNS = 20;

it(`${RUNS} runs with 1 to 5 failing threads give the bytes of runs without (seed ${SEED})`, async () => {
  const plans = drawPlans(RUNS, SEED);
  const certain = certainPlans();
  const whole = (["adam", "momentum"] as const).map((optimizer) => ({
    workers: 2,
    optimizer,
    faults: "",
  }));
  const [undisturbed, ...disturbed] = await Promise.all([
    runPlans([...whole, ...certain]),
    runPlans(plans.slice(0, RUNS / 2)),
    runPlans(plans.slice(RUNS / 2)),
  ]);
  const [adam, momentum, ...struck] = undisturbed;
  const outcomes = [...struck, ...disturbed.flat()];
  [...certain, ...plans].forEach((plan, i) => {
    const expected = (plan.optimizer === "adam" ? adam : momentum)!;
    const outcome = outcomes[i]!;
    const { error, hash, epochs } = outcome;
    expect({ error, hash, epochs }, `${plan.workers} workers, ${plan.faults}`).toEqual({
      error: null,
      hash: expected.hash,
      epochs: expected.epochs,
    });
    expectTold(plan, outcome);
  });
  const kinds = new Set(struck.flatMap((outcome) => outcome.struck));
  expect([...kinds].sort()).toEqual(Object.keys(KINDS).sort());
}, 480_000);
