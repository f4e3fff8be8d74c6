// The reduction tree: in which order shards are summed, as a pure function of how many there are.
//
// T(lo, hi) is leaf lo when hi − lo = 1, else T(lo, mid) + T(mid, hi), mid = lo + the largest power of two below hi − lo.
// The order depends on the number of shards only, so any number of workers gives the same sum to the bit.

/** A node of the tree: the shards lo ≤ s < hi. */
export interface Span {
  readonly lo: number;
  readonly hi: number;
}

/** One leaf of a tree in post-order: its weight (rows or an address), then how many merges of the two topmost sums follow it. */
export interface Leaf {
  readonly shard: number;
  readonly merges: number;
}

/** Where T splits [lo, hi), hi − lo ≥ 2. */
export function split(lo: number, hi: number): number {
  let half = 1;
  while (half * 2 < hi - lo) half *= 2;
  return lo + half;
}

/** The leaves of T(lo, hi) in post-order: after leaf s, the two topmost sums are merged `merges` times. */
export function postOrder(lo: number, hi: number): Leaf[] {
  if (hi - lo === 1) return [{ shard: lo, merges: 0 }];
  const middle = split(lo, hi);
  const leaves = [...postOrder(lo, middle), ...postOrder(middle, hi)];
  const last = leaves.pop();
  if (last === undefined) throw new RangeError(`postOrder: empty span [${lo}, ${hi})`);
  return [...leaves, { shard: last.shard, merges: last.merges + 1 }];
}

/** The fewest nodes of T(0, shards) that cover [lo, hi) exactly, from left to right. */
export function cover(shards: number, lo: number, hi: number): Span[] {
  const visit = (a: number, b: number): Span[] => {
    if (hi <= a || b <= lo) return [];
    if (lo <= a && b <= hi) return [{ lo: a, hi: b }];
    const middle = split(a, b);
    return [...visit(a, middle), ...visit(middle, b)];
  };
  return shards === 0 ? [] : visit(0, shards);
}

/**
 * How the sums of `spans`, nodes of T(0, shards) that together cover it, are merged: merges[i] follow span i.
 * Throws RangeError when the spans do not tile the tree.
 */
export function mergeSpans(shards: number, spans: readonly Span[]): number[] {
  const merges: number[] = [];
  let next = 0;
  const visit = (a: number, b: number): void => {
    const span = spans[next];
    if (span !== undefined && span.lo === a && span.hi === b) {
      merges.push(0);
      next += 1;
      return;
    }
    if (b - a === 1) throw new RangeError(`mergeSpans: shard ${a} is not covered`);
    const middle = split(a, b);
    visit(a, middle);
    visit(middle, b);
    merges[next - 1] = (merges[next - 1] ?? 0) + 1;
  };
  visit(0, shards);
  return merges;
}

/** Words of i32 in an encoded program or table with this many leaves. */
export function programWords(leaves: number): number {
  return 2 * (leaves + 1);
}

/**
 * Writes pairs (value, merges) and a final 0 at `words[at…]`: a row program when the values are row counts
 * (every one ≥ 1), a reduce table when they are addresses.
 */
export function writeProgram(
  words: Int32Array,
  at: number,
  values: readonly number[],
  merges: readonly number[],
): void {
  values.forEach((value, i) => {
    words[at + 2 * i] = value;
    words[at + 2 * i + 1] = merges[i] ?? 0;
  });
  words[at + 2 * values.length] = 0;
  words[at + 2 * values.length + 1] = 0;
}
