// The elementwise kernels of two inputs, and copies with strides, against their definitions.
import { describe, expect, it } from "vitest";
import { arena, DTYPES, numbers, stream, UNWRITTEN } from "./arena.js";

const twins = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  max: Math.max,
  min: Math.min,
} as const;
const NAMES = Object.keys(twins) as (keyof typeof twins)[];

/** [outer, inner] and the strides of both operands: dense, rows, columns, numbers, transposes, gaps. */
const layouts = (
  outer: number,
  inner: number,
): readonly (readonly [number, number, number, number])[] => [
  [inner, 1, inner, 1],
  [inner, 1, 0, 1],
  [0, 1, inner, 1],
  [inner, 1, 1, 0],
  [1, 0, inner, 1],
  [inner, 1, 0, 0],
  [0, 0, inner, 1],
  [0, 0, 0, 0],
  [1, outer, inner, 1],
  [inner, 1, 1, outer],
  [inner + 3, 1, 2 * inner, 2],
  [0, 1, 1, 0],
];

describe.each(DTYPES)("%s", (dtype) => {
  const sizes = [
    [1, 1],
    [1, 7],
    [7, 1],
    [3, 4],
    [5, 10],
    [2, 33],
    [16, 3],
    [5, 70],
    [3, 260],
  ] as const;

  it.each(NAMES)("%s equals its definition to the bit for every pair of strides", (name) => {
    const { k, put, room, read, round } = arena(dtype);
    const random = stream(7);
    for (const [outer, inner] of sizes) {
      const size = (outer + 3) * (2 * inner + 3);
      const [a, b] = [numbers(size, random).map(round), numbers(size, random).map(round)];
      const [pa, pb] = [put(a), put(b, 1)];
      for (const [aOuter, aInner, bOuter, bInner] of layouts(outer, inner)) {
        const y = room(outer * inner + 1);
        k[name](outer, inner, pa, aOuter, aInner, pb, bOuter, bInner, y);
        const expected = Array.from({ length: outer * inner }, (_, e) => {
          const [o, i] = [Math.floor(e / inner), e % inner];
          return round(twins[name](a[o * aOuter + i * aInner]!, b[o * bOuter + i * bInner]!));
        });
        expect(
          read(y, outer * inner + 1),
          `[${outer}, ${inner}] ${aOuter} ${aInner} ${bOuter} ${bInner}`,
        ).toEqual([...expected, UNWRITTEN]);
      }
    }
  });

  it("addRelu equals add and relu to the bit, for every width, also over its matrix", () => {
    const { k, put, room, read, round } = arena(dtype);
    const random = stream(9);
    for (const n of [1, 2, 3, 4, 7, 8, 16, 31, 32, 35, 64, 130, 256, 300]) {
      for (const rows of [0, 1, 2, 5]) {
        const x = numbers(rows * n, random).map(round);
        const b = numbers(n, random).map(round);
        if (rows > 1) x[n] = NaN;
        if (rows > 1 && n > 2) b[n - 2] = NaN;
        const expected = x.map((value, e) => {
          const z = round(value + b[e % n]!);
          return z < 0 ? 0 : z;
        });
        const [px, pb] = [put([...x, UNWRITTEN]), put(b, 1)];
        const y = room(rows * n + 1);
        k.addRelu(rows, n, px, pb, y);
        expect(read(y, rows * n + 1), `[${rows}, ${n}]`).toEqual([...expected, UNWRITTEN]);
        k.addRelu(rows, n, px, pb, px);
        expect(read(px, rows * n + 1), `[${rows}, ${n}]`).toEqual([...expected, UNWRITTEN]);
      }
    }
  });

  it.each([...NAMES, "pow"] as const)("%s passes NaN from either side", (name) => {
    const { k, put, room, read } = arena(dtype);
    for (const [a, b] of [
      [NaN, 1],
      [1.5, NaN],
      [NaN, NaN],
      [NaN, -1],
      [-1, NaN],
    ] as const) {
      for (const n of [1, 4, 5]) {
        const y = room(n);
        k[name](
          1,
          n,
          put(new Array<number>(n).fill(a)),
          n,
          1,
          put(new Array<number>(n).fill(b)),
          n,
          1,
          y,
        );
        expect(read(y, n)).toEqual(new Array<number>(n).fill(NaN));
      }
    }
  });

  it("max and min order the zeros", () => {
    const { k, put, room, read } = arena(dtype);
    const [a, b, y] = [put([0, -0]), put([-0, 0]), room(2)];
    k.max(1, 2, a, 2, 1, b, 2, 1, y);
    expect(read(y, 2)).toEqual([0, 0]);
    k.min(1, 2, a, 2, 1, b, 2, 1, y);
    expect(read(y, 2)).toEqual([-0, -0]);
  });

  it("the output may be an operand", () => {
    const { k, put, read } = arena(dtype);
    const a = put([1, 2, 3, 4, 5]);
    const b = put([10, 20, 30, 40, 50]);
    k.add(1, 5, a, 5, 1, b, 5, 1, a);
    k.mul(1, 5, a, 5, 1, b, 5, 1, b);
    expect(read(a, 5)).toEqual([11, 22, 33, 44, 55]);
    expect(read(b, 5)).toEqual([110, 440, 990, 1760, 2750]);
  });

  it("pow rounds the power of the f64 scalar function", () => {
    const { k, put, room, read, round } = arena(dtype);
    const random = stream(9);
    const a = Array.from({ length: 21 }, () => round(random() * 3));
    const b = numbers(21, random, 4).map(round);
    const y = room(21);
    k.pow(1, 21, put(a), 21, 1, put(b), 21, 1, y);
    expect(read(y, 21)).toEqual(a.map((x, i) => round(k.scalarPow(x, b[i]!))));
    k.pow(1, 21, put(a), 21, 1, put([2]), 0, 0, y);
    expect(read(y, 21)).toEqual(a.map((x) => round(x * x)));
  });

  it("copy moves every pair of strides", () => {
    const { k, put, room, read, round } = arena(dtype);
    for (const [outer, inner] of [...sizes, [40, 70], [33, 65]] as const) {
      const size = (outer + 3) * (2 * inner + 3);
      const x = numbers(size, stream(13)).map(round);
      const from = put(x);
      for (const [xOuter, xInner, yOuter, yInner] of [
        ...layouts(outer, inner).map(([a, b]) => [a, b, inner, 1] as const),
        [inner, 1, 1, outer],
        [inner, 1, inner + 2, 1],
        [1, outer, 1, outer],
        [1, 0, 2 * inner, 2],
      ] as const) {
        const to = room(size);
        k.copy(outer, inner, from, xOuter, xInner, to, yOuter, yInner);
        const expected = new Array<number>(size).fill(UNWRITTEN);
        for (let o = 0; o < outer; o += 1) {
          for (let i = 0; i < inner; i += 1)
            expected[o * yOuter + i * yInner] = x[o * xOuter + i * xInner]!;
        }
        expect(
          read(to, size),
          `[${outer}, ${inner}] ${xOuter} ${xInner} ${yOuter} ${yInner}`,
        ).toEqual(expected);
      }
    }
  });

  it("fill writes n equal numbers and no more", () => {
    const { k, room, read, round } = arena(dtype);
    for (let n = 0; n < 12; n += 1) {
      const y = room(12);
      k.fill(n, 0.1, y);
      expect(read(y, 12)).toEqual([
        ...new Array<number>(n).fill(round(0.1)),
        ...new Array<number>(12 - n).fill(UNWRITTEN),
      ]);
    }
  });
});
