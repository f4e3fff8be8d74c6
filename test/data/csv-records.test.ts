import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNumber } from "../../packages/parallel/dist/dataset/table/columns.js";
import { csvRecords } from "../../packages/parallel/dist/dataset/read/csv-records.js";

const SEED = 5;

/** A file whose content comes in pieces of so many bytes. */
function source(text: string, piece: number): Parameters<typeof csvRecords>[0] {
  const bytes = new TextEncoder().encode(text);
  const stream = (async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  })();
  return { path: "t.csv", name: "t.csv", gzip: false, head: bytes, size: bytes.length, stream };
}

async function recordsOf(text: string, piece: number): Promise<(readonly string[])[]> {
  const all: (readonly string[])[] = [];
  for await (const { records } of csvRecords(source(text, piece), ",")) all.push(...records);
  return all;
}

describe("the records of a CSV file", () => {
  const unit = fc.constantFrom("a", "1", ",", ",", "\n", "\r", "\r\n", " ", "é", "\t", ";");

  it(`are those of csv-parse, which reads what follows a quote, in pieces of any size (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        async (text, piece) => {
          const [, ...expected] = await recordsOf(`"q"\n${text}`, 1000);
          expect(await recordsOf(text, piece)).toEqual(expected);
        },
      ),
      { numRuns: 500, seed: SEED },
    );
  });

  it(`are the same wherever the first quote stands (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit, maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        async (text, piece) => {
          const quoted = `${text}\n"x\n""y""",1\n${text}`;
          expect(await recordsOf(quoted, piece)).toEqual(
            (await recordsOf(`"q"\n${quoted}`, 1000)).slice(1),
          );
        },
      ),
      { numRuns: 300, seed: SEED },
    );
  });
});

describe("a number in a table", () => {
  it(`of any digits, sign and point is the nearest to what it states, as Number has it (seed ${SEED})`, () => {
    const digits = fc.string({ unit: fc.constantFrom(..."0123456789".split("")), maxLength: 12 });
    fc.assert(
      fc.property(
        fc.constantFrom("", "+", "-"),
        digits,
        fc.constantFrom("", "."),
        digits,
        (sign, whole, point, part) => {
          const text = `${sign}${whole}${point}${part}`;
          expect(parseNumber(text)).toBe(whole + part === "" ? null : Number(text));
        },
      ),
      { numRuns: 5000, seed: SEED },
    );
  });

  // A search that tries every split of the digits takes hours.
  it("is told from a million digits and a letter in one pass", () => {
    for (const text of [`${"7".repeat(1e6)}x`, `.${"7".repeat(1e6)}x`, `1e${"7".repeat(1e6)}x`])
      expect(parseNumber(text)).toBeNull();
  });
});
