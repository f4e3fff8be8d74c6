// Numbers in memory by their rank, without sorting all of them.

/** Parts with fewer numbers are sorted. */
const FEW = 512;
/** Turns after which a part is sorted whatever its size: numbers in an order that divides badly must not take long. */
const MOST_TURNS = 40;

/**
 * The numbers by their rank, from 0 for the least; 0 when there are none. Reorders them. −0 counts as 0.
 * Hoare's FIND (1961): a part is divided by one of its numbers, and the side that holds the rank goes on. Later ranks begin
 * with the parts that earlier ones have left.
 */
export function ranked(numbers: Float64Array): (rank: number) => number {
  const borders = [0, numbers.length]; // in ascending order; no number before one is greater than one after
  return (rank) => {
    let after = Math.max(
      borders.findIndex((border) => border > rank),
      1,
    );
    let [low, high] = [borders[after - 1] ?? 0, borders[after] ?? 0];
    for (let turn = 0; high - low > FEW && turn < MOST_TURNS; turn += 1) {
      const border = divide(numbers, low, high);
      borders.splice(after, 0, border);
      if (rank < border) high = border;
      else {
        low = border;
        after += 1;
      }
    }
    numbers.subarray(low, high).sort();
    return numbers[rank] ?? 0;
  };
}

/** Reorders numbers low…high − 1 so that none before the border that it returns is greater than one after; both sides have some. */
function divide(numbers: Float64Array, low: number, high: number): number {
  const at = (i: number): number => numbers[i] ?? 0;
  const [a, b, c] = [at(low), at((low + high) >>> 1), at(high - 1)];
  const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c)); // the median of three
  let [i, j] = [low, high - 1];
  for (;;) {
    while (at(i) < pivot) i += 1;
    while (at(j) > pivot) j -= 1;
    if (i >= j) return Math.max(i, low + 1);
    const moved = at(i);
    numbers[i] = at(j);
    numbers[j] = moved;
    i += 1;
    j -= 1;
  }
}
