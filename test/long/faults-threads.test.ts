// Many runs whose threads fail at random moments: no byte of the result changes.
import { expect, it } from "vitest";
import { drawPlans, expectTold, runPlans } from "../faults/threads.js";

const SEED = 200;
const RUNS = 200;
const AT_ONCE = 20;

it(`${RUNS} runs with 1 to 5 failing threads give the bytes of runs without (seed ${SEED})`, async () => {
  const whole = (["adam", "momentum"] as const).map((optimizer) => ({
    workers: 1,
    optimizer,
    faults: "",
  }));
  const expected = await runPlans(whole);
  const plans = drawPlans(RUNS, SEED);
  const kinds = new Map<string, number>();
  for (let first = 0; first < RUNS; first += AT_ONCE) {
    const some = plans.slice(first, first + AT_ONCE);
    const outcomes = await runPlans(some);
    outcomes.forEach((outcome, i) => {
      for (const kind of outcome.struck) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      const { error, hash, epochs } = outcome;
      expectTold(some[i]!, outcome);
      const { optimizer, workers, faults } = some[i]!;
      const { hash: wanted, epochs: told } = expected[optimizer === "adam" ? 0 : 1]!;
      expect({ error, hash, epochs }, `${workers} workers, ${faults}`).toEqual({
        error: null,
        hash: wanted,
        epochs: told,
      });
    });
  }
  console.log(`faults that took place: ${JSON.stringify(Object.fromEntries(kinds))}`);
  expect(kinds.size).toBe(6);
});
