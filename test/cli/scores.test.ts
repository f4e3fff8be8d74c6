// Scores that simple flags must reach.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { penguins, penguinSplit, succeed, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

it("penguins by species: mean test accuracy of at least 97.5% over five splits, with the defaults", async () => {
  const accuracies: number[] = [];
  for (const seed of [0, 1, 2, 3, 4]) {
    const split = penguinSplit(seed);
    const out = join(folder, String(seed));
    await succeed([
      "train",
      penguins,
      "--target",
      "species",
      "--train-rows",
      `${split}#train`,
      "--test-rows",
      `${split}#test`,
      "--seed",
      String(seed),
      "--out",
      out,
    ]);
    const { test } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as {
      test: { accuracy: number };
    };
    accuracies.push(test.accuracy);
  }
  expect(
    accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / 5,
    accuracies.join(", "),
  ).toBeGreaterThanOrEqual(0.975);
});
