// The same bytes everywhere: small computations of every kind against values that every Node and CPU must give.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { numerics } from "./numerics.mjs";
import { trainings } from "./trainings.mjs";

const golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as Record<
  string,
  string
>;
const found: Record<string, string> = { ...numerics(), ...(await trainings(3)) };

describe(`Node ${process.version} on ${process.arch} gives the golden value of`, () => {
  for (const [name, value] of Object.entries(golden))
    it(name, () => {
      expect(found[name]).toBe(value);
    });

  it("everything that is computed, and of nothing else", () => {
    expect(Object.keys(found)).toEqual(Object.keys(golden));
  });
});
