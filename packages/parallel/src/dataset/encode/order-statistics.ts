// Numbers by their rank among more numbers than are in memory: exact, in a few passes over them.
//
// A pass counts by 16 bits of the numbers, ordered as their values are; the next looks only at those that have the bits
// of a number that is asked for, until they are few enough to be sorted. Four passes at most, two as a rule.

/** Numbers that are collected and sorted rather than counted. */
const FEW = 2 ** 16;
const BINS = 2 ** 16;
const DIGITS = 4;

/** Numbers that begin with the same digits, some of which are asked for by their rank among them. */
interface Group {
  readonly digits: readonly number[];
  readonly count: number;
  readonly ranks: readonly { readonly asked: number; readonly rank: number }[];
  /** Counts by the next digit, or the numbers themselves when they are few. */
  readonly bins: Float64Array | null;
  readonly few: number[];
}

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);

/** Digit i, from the highest, of a number's place among all numbers. */
function digitOf(value: number, i: number): number {
  number[0] = value;
  const [low = 0, high = 0] = words;
  // Negative numbers have all bits turned round, others the sign alone: then their order is that of the bits.
  const negative = high >>> 31 === 1;
  const word = i < 2 ? (negative ? ~high : high ^ 0x80000000) : negative ? ~low : low;
  return (i & 1) === 0 ? word >>> 16 : word & 0xffff;
}

/** The number of four digits. */
function ofDigits([a = 0, b = 0, c = 0, d = 0]: readonly number[]): number {
  const high = ((a << 16) | b) >>> 0;
  const low = ((c << 16) | d) >>> 0;
  const negative = high >>> 31 === 0;
  words[1] = negative ? ~high : high ^ 0x80000000;
  words[0] = negative ? ~low : low;
  return number[0] ?? 0;
}

/** Finds the numbers of some ranks. Give all numbers to `add` in each pass, and call `endPass` after each. */
export class OrderStatistics {
  readonly #found = new Map<number, number>();
  #groups: readonly Group[];

  /** @param ranks from 0 to count − 1 */
  constructor(count: number, ranks: readonly number[]) {
    const asked = [...new Set(ranks)].map((rank) => ({ asked: rank, rank }));
    this.#groups = asked.length === 0 || count === 0 ? [] : [groupOf([], count, asked)];
  }

  /** Whether another pass is needed. */
  get isOpen(): boolean {
    return this.#groups.length > 0;
  }

  add(value: number): void {
    for (const group of this.#groups) {
      const { digits, bins, few } = group;
      let i = 0;
      while (i < digits.length && digitOf(value, i) === digits[i]) i += 1;
      if (i < digits.length) continue;
      if (bins === null) few.push(value);
      else {
        const digit = digitOf(value, i);
        bins[digit] = (bins[digit] ?? 0) + 1;
      }
      return;
    }
  }

  endPass(): void {
    this.#groups = this.#groups.flatMap((group) => this.#narrow(group));
  }

  /** The number of a rank that was asked for, when no pass is needed any more. */
  at(rank: number): number {
    return this.#found.get(rank) ?? 0;
  }

  #narrow({ digits, ranks, bins, few }: Group): Group[] {
    if (bins === null) {
      const sorted = Float64Array.from(few).sort();
      for (const { asked, rank } of ranks) this.#found.set(asked, sorted[rank] ?? 0);
      return [];
    }
    const groups: Group[] = [];
    let before = 0;
    bins.forEach((count, digit) => {
      const inside = ranks
        .filter(({ rank }) => rank >= before && rank < before + count)
        .map(({ asked, rank }) => ({ asked, rank: rank - before }));
      before += count;
      if (inside.length === 0) return;
      const longer = [...digits, digit];
      if (longer.length < DIGITS) groups.push(groupOf(longer, count, inside));
      else for (const { asked } of inside) this.#found.set(asked, ofDigits(longer));
    });
    return groups;
  }
}

function groupOf(digits: readonly number[], count: number, ranks: Group["ranks"]): Group {
  return { digits, count, ranks, bins: count <= FEW ? null : new Float64Array(BINS), few: [] };
}
