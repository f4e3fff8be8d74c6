// Random numbers and the keyed permutation: known answers, twins, ranges and plain statistics.
import { describe, expect, it } from "vitest";
import { arena, DTYPES, ulp } from "./arena.js";

/** Philox4x32-10 in plain integers. */
function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const low = (x: bigint): bigint => x & 0xffffffffn;
  for (let round = 0; round < 10; round += 1) {
    const [p0, p1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, low(p1), (p0 >> 32n) ^ c3 ^ k1, low(p0)];
    [k0, k1] = [low(k0 + 0x9e3779b9n), low(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}

/** The word that element `index` of a stream is made of. */
function word(index: number, key0: number, key1: number): number {
  const block = Math.floor(index / 4);
  const words = philox(
    [block % 2 ** 32, Math.floor(block / 2 ** 32), 0, 0],
    [key0 >>> 0, key1 >>> 0],
  );
  return words[index % 4]!;
}

describe("the generator", () => {
  it("gives the known answers of Random123", () => {
    const hex = (words: number[]): string =>
      words.map((w) => w.toString(16).padStart(8, "0")).join(" ");
    expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    const ones = 0xffffffff;
    expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe(
      "408f276d 41c83b0e a20bc7c6 6d5451fd",
    );
    const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
    expect(hex(philox(pi, [0xa4093822, 0x299f31d0]))).toBe("d16cfe09 94fdcceb 5001e420 24126ea1");
  });
});

describe.each(DTYPES)("%s", (dtype) => {
  const keys = [
    [0, 0],
    [1, 2],
    [-1, 0x7fffffff],
    [0xdeadbeef | 0, 5],
  ] as const;

  it("uniform takes the 24 leading bits of the word of its element, for any offset", () => {
    const { k, room, read } = arena(dtype);
    for (const [key0, key1] of keys) {
      for (const offset of [0, 1, 2, 3, 61, 2 ** 32 - 6, 2 ** 34 - 7, 2 ** 50 + 3]) {
        for (const n of [1, 2, 5, 16, 39]) {
          const y = room(n);
          k.uniform(n, 0, 1, key0, key1, offset, y);
          const expected = Array.from(
            { length: n },
            (_, i) => Math.floor(word(offset + i, key0, key1) / 256) / 2 ** 24,
          );
          expect(read(y, n), `key ${key0} ${key1}, offset ${offset}`).toEqual(expected);
        }
      }
    }
  });

  it("uniform stays in [low, high) even where rounding would reach high", () => {
    const { k, room, read, round } = arena(dtype);
    const n = 20000;
    const y = room(n);
    const tight = ulp(1, dtype);
    for (const [low, high] of [
      [-0.5, 0.5],
      [1, 1 + 2 * tight],
      [-1, -1 + tight],
      [-1e-30, 0],
      [1e8, 1e8 + 16],
      [-3, 1e-9],
    ] as const) {
      k.uniform(n, low, high, 3, 4, 0, y);
      const values = read(y, n);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(round(low));
      expect(Math.max(...values)).toBeLessThan(round(high));
    }
    k.uniform(5, 2, 2, 3, 4, 0, y);
    expect(read(y, 5)).toEqual([2, 2, 2, 2, 2]);
  });

  it("uniform scales in the number type", () => {
    const { k, room, read, round } = arena(dtype);
    const y = room(50);
    k.uniform(50, -0.3, 0.7, 9, 9, 2, y);
    const [low, high] = [round(-0.3), round(0.7)];
    const expected = Array.from({ length: 50 }, (_, i) =>
      round(low + round(round(high - low) * (Math.floor(word(2 + i, 9, 9) / 256) / 2 ** 24))),
    );
    expect(read(y, 50)).toEqual(expected);
  });

  it("normal is Box and Muller's transform of pairs of words, for any offset", () => {
    const { k, room, read } = arena(dtype);
    for (const offset of [0, 1, 2, 3, 2 ** 33 + 1]) {
      const n = 23;
      const y = room(n);
      k.normal(n, 3, 0.5, 7, 8, offset, y);
      read(y, n).forEach((value, i) => {
        const even = offset + i - ((offset + i) % 2);
        const radius = Math.sqrt(-2 * Math.log((word(even, 7, 8) + 0.5) / 2 ** 32));
        const angle = (2 * Math.PI * word(even + 1, 7, 8)) / 2 ** 32;
        const z = radius * ((offset + i) % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
        expect(Math.abs(value - (3 + 0.5 * z))).toBeLessThan(dtype === "f32" ? 3e-7 : 1e-14);
      });
    }
  });

  it("normal numbers have the moments and the tails of the normal distribution", () => {
    const { k, room, read } = arena(dtype);
    const n = 1 << 17;
    const y = room(n);
    k.normal(n, 0, 1, 2024, 1, 0, y);
    const z = read(y, n);
    const moment = (p: number): number => z.reduce((s, v) => s + v ** p, 0) / n;
    // Four standard errors of each.
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    const share = z.filter((v) => Math.abs(v) > 1.959963984540054).length / n;
    expect(Math.abs(share - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / n));
  });
});

describe("permute", () => {
  const { k, room, readInts } = arena("f32");
  const out = room(1 << 20);
  const permutation = (
    total: number,
    key0: number,
    key1: number,
    first = 0,
    n = total,
  ): number[] => {
    k.permute(n, first, total, key0, key1, out);
    return readInts(out, n);
  };

  it("is a bijection of [0, total) for every small and many larger totals", () => {
    const totals = [
      ...Array.from({ length: 300 }, (_, i) => i + 1),
      511,
      512,
      513,
      4095,
      4096,
      4097,
      60000,
      65535,
      65536,
      65537,
      100003,
    ];
    for (const total of totals) {
      const seen = new Uint8Array(total);
      for (const place of permutation(total, total, 77)) {
        if (place < 0 || place >= total || seen[place] === 1)
          expect.fail(`total ${total}: place ${place} is repeated or outside`);
        seen[place] = 1;
      }
    }
    expect(permutation(0, 1, 2)).toEqual([]);
  });

  it("stays in range and never repeats in the largest domains", () => {
    for (const total of [2 ** 31 - 1, 2 ** 31 - 46342, 2 ** 30 + 1, 2 ** 24]) {
      const places = permutation(total, 5, 6, total - 5000, 5000).concat(
        permutation(total, 5, 6, 0, 5000),
      );
      expect(new Set(places).size).toBe(10000);
      expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...places)).toBeLessThan(total);
    }
  });

  it("gives every part alone as in the whole", () => {
    const whole = permutation(1000, 8, 9);
    for (let first = 0; first < 1000; first += 37) {
      const n = Math.min(1000 - first, 1 + (first % 50));
      expect(permutation(1000, 8, 9, first, n)).toEqual(whole.slice(first, first + n));
    }
  });

  it("writes n places and no more", () => {
    for (let n = 0; n < 10; n += 1) {
      const to = room(12);
      const before = readInts(to, 12);
      k.permute(n, 1, 100, 1, 2, to);
      expect(readInts(to, 12).slice(n)).toEqual(before.slice(n));
    }
  });

  it("differs from key to key and from the identity", () => {
    const total = 10000;
    const orders = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [-1, 0],
    ].map(([key0, key1]) => permutation(total, key0!, key1!));
    orders.push(Array.from({ length: total }, (_, i) => i));
    orders.forEach((a, i) => {
      for (const b of orders.slice(0, i)) {
        // Two random orders agree in one place on average.
        expect(a.filter((place, at) => place === b[at]).length).toBeLessThan(10);
      }
    });
  });

  // χ² of counts against equal shares: mean = degrees of freedom, variance twice that.
  const excess = (counts: number[], each: number): number => {
    const freedom = counts.length - 1;
    return (
      (counts.reduce((s, c) => s + (c - each) ** 2 / each, 0) - freedom) / Math.sqrt(2 * freedom)
    );
  };

  it.each([3, 8, 17, 100, 1000])(
    "puts a position of %i everywhere equally often over many keys",
    (total) => {
      const trials = 200 * Math.min(total, 100);
      for (const position of new Set([0, 1, total >> 1, total - 1])) {
        const counts = new Array<number>(total).fill(0);
        for (let key = 0; key < trials; key += 1)
          counts[permutation(total, 12345, key, position, 1)[0]!]! += 1;
        expect(excess(counts, trials / total), `position ${position}`).toBeLessThan(5);
      }
    },
  );

  it("keeps no trace of the distance between neighbours", () => {
    const total = 1 << 16;
    const bins = 64;
    const counts = new Array<number>(bins).fill(0);
    for (let key = 0; key < 4; key += 1) {
      const places = permutation(total, 99, key);
      for (let i = 1; i < total; i += 1)
        counts[Math.floor((((places[i]! - places[i - 1]! + total) % total) * bins) / total)]! += 1;
    }
    expect(Math.abs(excess(counts, (4 * (total - 1)) / bins))).toBeLessThan(5);
  });

  it("iota counts from its first number", () => {
    k.iota(7, 5, out);
    expect(readInts(out, 7)).toEqual([5, 6, 7, 8, 9, 10, 11]);
  });
});
