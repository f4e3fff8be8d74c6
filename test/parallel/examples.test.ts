// The examples run as they are and learn what they say.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

async function output(name: string, ...args: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args]);
  return stdout;
}

const accuracies = (text: string): number[] =>
  [...text.matchAll(/accuracy (\d\.\d+)/gu)].map(([, digits]) => Number(digits));

describe("the example", () => {
  it("train.mjs tells inside from outside", async () => {
    const text = await output("train.mjs");
    expect(accuracies(text).at(-1)).toBeGreaterThan(0.98);
    expect(text).toMatch(/weights: [0-9a-f]{64}\n$/u);
  });

  it("stream.mjs learns prices from rows that are never in memory together", async () => {
    const scores = [...(await output("stream.mjs")).matchAll(/R² (\d\.\d+)/gu)];
    expect(Number(scores.at(-1)?.[1])).toBeGreaterThan(0.99);
  });

  it("mnist.mjs reads nine of ten digits after one epoch", async () => {
    expect(accuracies(await output("mnist.mjs", "1"))[0]).toBeGreaterThan(0.94);
  });
});
