// Scores of larger tables that simple flags must reach: no mean below scikit-learn's on the same splits by more than its
// standard deviation.
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../cli/support.js";
import { measure, shortfalls } from "../export/known-scores.mjs";
import { writeScoreTables } from "../export/score-tables.mjs";

const { folder, remove } = temporaryFolder();
beforeAll(() => writeScoreTables(folder), 600_000);
afterAll(remove);

it.each(["olympians", "birdstrikes", "diamonds", "flights", "mnist"] as const)(
  "%s: five seeds score no worse than scikit-learn",
  (name) => {
    const scores = measure(name, folder);
    const wanting = Object.values(shortfalls(name, scores)).filter((lack) => lack !== 0);
    expect(wanting, JSON.stringify(scores)).toEqual([]);
  },
  3_600_000,
);
