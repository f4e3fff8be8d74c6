// Pages that are looked at before a library reads them.
import { describe, expect, it } from "vitest";
import { unpackOnce } from "../../packages/parallel/dist/dataset/read/unpack-once.js";

/** Doubles every byte, and counts how often. */
function counting() {
  let calls = 0;
  const GZIP = (packed: Uint8Array): Uint8Array => {
    calls += 1;
    return Uint8Array.from([...packed, ...packed]);
  };
  return { ...unpackOnce({ GZIP }), calls: () => calls };
}

const page = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

describe("unpackOnce", () => {
  it("hands over what was unpacked for the first reader, in any order and once", () => {
    const { first, again, calls } = counting();
    const made = [page(1, 2), page(3), page(1, 2)].map((packed) => first.GZIP?.(packed, 4));
    expect(again.GZIP?.(page(3), 2)).toBe(made[1]);
    expect(again.GZIP?.(page(1, 2), 4)).toBe(made[0]);
    expect(again.GZIP?.(page(1, 2), 4)).toBe(made[2]);
    expect(calls()).toBe(3);
    expect(again.GZIP?.(page(3), 2)).toEqual(page(3, 3));
    expect(calls()).toBe(4);
  });

  it("unpacks what the first reader passed over", () => {
    const { first, again } = counting();
    first.GZIP?.(page(1), 2);
    expect(again.GZIP?.(page(9), 2)).toEqual(page(9, 9));
    expect(again.GZIP?.(page(1), 2)).toEqual(page(1, 1));
  });

  it("unpacks again what it was told to forget", () => {
    const { first, again, forget, calls } = counting();
    first.GZIP?.(page(1), 2);
    forget();
    again.GZIP?.(page(1), 2);
    expect(calls()).toBe(2);
  });

  it("knows the codecs that it was given alone", () => {
    expect(Object.keys(counting().again)).toEqual(["GZIP"]);
  });
});
