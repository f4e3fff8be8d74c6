// Worker threads that end at every place of a run, alone and in threes: no byte of the result changes.
import { expect, it } from "vitest";
import { jsonLines, runChild } from "../parallel/child.js";
import { stream } from "../parallel/numbers.js";

interface Outcome {
  readonly deaths: string;
  readonly error: string | null;
  readonly hash?: string;
  readonly epochs?: unknown;
}

const seed = 1;
const random = stream(seed);
const upTo = (n: number): number => 1 + Math.floor(random() * n);

const STORES = 27; // of a worker that does not lead: one for each of the 3 · 9 phases
const LEADER_STORES = 42; // a decision for each of the 12 steps besides, and the count of epochs

const plans = [
  "",
  ...Array.from({ length: LEADER_STORES }, (_, i) => `0:${i + 1}`),
  ...[1, 2].flatMap((worker) => Array.from({ length: STORES }, (_, i) => `${worker}:${i + 1}`)),
  ...Array.from(
    { length: 150 },
    () => `0:${upTo(LEADER_STORES)},1:${upTo(STORES)},3:${upTo(8) - 1},4:${upTo(8) - 1}`,
  ),
];

it(`a run of three workers gives the same bytes wherever they end (seed ${seed})`, async () => {
  const argument = JSON.stringify(plans.map((deaths) => ({ workers: 3, deaths })));
  const ended = await runChild("deaths.mjs", [argument], ["die.mjs"], 900_000);
  const [undisturbed, ...disturbed] = jsonLines(ended) as Outcome[];
  expect(disturbed.length).toBe(plans.length - 1);
  for (const { deaths, error, hash, epochs } of disturbed)
    expect({ deaths, error, hash, epochs }).toEqual({
      deaths,
      error: null,
      hash: undisturbed?.hash,
      epochs: undisturbed?.epochs,
    });
});
