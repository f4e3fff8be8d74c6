// No formula of docs/notes.md goes without a test of its number.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const notes = read("../../docs/notes.md");

describe("docs/notes.md", () => {
  it.each(["A", "B", "C", "D", "E"])(
    "set %s: its numbers run from 1, and a test names each",
    (set) => {
      const numbers = Array.from(
        notes.matchAll(new RegExp(`^- \\*\\*${set}(\\d+)\\*\\*`, "gm")),
        ([, number]) => Number(number),
      );
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
      expect(numbers.length).toBeGreaterThan(3);
      const tests = read(`${set.toLowerCase()}.test.ts`);
      expect(numbers.filter((number) => !new RegExp(`\\b${set}${number}\\b`).test(tests))).toEqual(
        [],
      );
    },
  );
});
