// Numbers for tests: a seeded stream, and how far two lists are apart.

/** A stream of numbers in [0, 1) from a seed. */
export function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** n numbers around 0 whose magnitudes differ enough that another order of summation gives other bits. */
export function spread(n: number, random: () => number): Float32Array {
  return new Float32Array(n).map(() => (random() - 0.5) * (random() < 0.2 ? 1000 : 1));
}

/** ‖a − b‖₂ / ‖b‖₂ */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i += 1) {
    difference += ((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)) ** 2;
    norm += (b[i] ?? Number.NaN) ** 2;
  }
  return Math.sqrt(difference / norm);
}
