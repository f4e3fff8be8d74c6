// Scores that simple flags must reach: no mean below scikit-learn's on the same splits by more than its standard deviation.
import { afterAll, expect, it } from "vitest";
import { measure, shortfalls } from "../export/known-scores.mjs";
import { temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

it.each(["penguins", "digits"] as const)(
  "%s: five splits with the defaults score no worse than scikit-learn",
  (name) => {
    const scores = measure(name, folder);
    const wanting = Object.values(shortfalls(name, scores)).filter((lack) => lack !== 0);
    expect(wanting, JSON.stringify(scores)).toEqual([]);
  },
  600_000,
);
