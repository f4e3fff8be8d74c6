// The score that simple flags must reach on a larger table.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { diamonds, succeed, temporaryFolder } from "../cli/support.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

// x, y and z are left out: two rows hold lengths 40 standard deviations from the mean (58.9 and 31.8 mm). Where one of
// them is tested and not trained on, its prediction alone takes R² down to 0.83 to 0.97.
const flags = ["--target", "price", "--drop", "x,y,z", "--schedule", "cosine", "--lr", "0.003"];

it("diamonds by price: test R² of at least 0.975 for each of five seeds", async () => {
  const scores: number[] = [];
  for (const seed of [0, 1, 2, 3, 4]) {
    const out = join(folder, String(seed));
    await succeed([
      "train",
      diamonds,
      ...flags,
      "--test",
      "0.2",
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
  expect(Math.min(...scores), scores.join(", ")).toBeGreaterThanOrEqual(0.975);
});
