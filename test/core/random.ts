// Random numbers for tests from a seed that the failure message names.

/** Draws for one test. */
export interface Random {
  /** In [low, high). */
  readonly uniform: (low: number, high: number) => number;
  /** A whole number in [0, n). */
  readonly below: (n: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
}

/** A generator (mulberry32) that is a pure function of the seed. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return {
    uniform: (low, high) => low + (high - low) * next(),
    below,
    pick: (from) => from[below(from.length)]!,
  };
}
