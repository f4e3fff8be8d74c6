// The score that simple flags must reach on a larger table.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { diamonds, succeed, temporaryFolder } from "../cli/support.js";
import { split } from "../splits/make-splits.mjs";

const { folder, remove } = temporaryFolder();
afterAll(remove);

it("diamonds by price: mean test R² of at least 0.975 over five splits, with the defaults", async () => {
  const scores: number[] = [];
  for (const seed of [0, 1, 2, 3, 4]) {
    const file = join(folder, `split-${seed}.json`);
    writeFileSync(file, JSON.stringify(split(53940, seed)));
    const out = join(folder, String(seed));
    await succeed([
      "train",
      diamonds,
      "--target",
      "price",
      "--train-rows",
      `${file}#train`,
      "--test-rows",
      `${file}#test`,
      "--seed",
      String(seed),
      "--out",
      out,
    ]);
    const { test } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as {
      test: { r2: number };
    };
    scores.push(test.r2);
  }
  expect(scores.reduce((sum, r2) => sum + r2, 0) / 5, scores.join(", ")).toBeGreaterThanOrEqual(
    0.975,
  );
});
