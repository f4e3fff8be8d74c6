// The nearest known name to one that was mistyped.

/** "; did you mean …?" for the nearest of `known`, or "" when none is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === null ? "" : `; did you mean ${JSON.stringify(near)}?`;
}

/** The name of `known` with the fewest edits from `name`, upper and lower case taken as equal, or null when all are far. */
export function nearest(name: string, known: Iterable<string>): string | null {
  const wanted = name.trim().toLowerCase();
  let best: string | null = null;
  let fewest = Math.max(1, Math.floor(wanted.length / 3)) + 1; // as many edits as are no longer a typing error
  for (const candidate of known) {
    const other = candidate.trim().toLowerCase();
    const edits = editDistance(wanted, other, fewest);
    const isAnotherWord = edits > 0 && edits >= Math.max(wanted.length, other.length); // no letter is left
    if (edits < fewest && !isAnotherWord) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from a to b; `limit` when that many or more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(
        at(previous, j) + 1,
        at(row, j - 1) + 1,
        at(previous, j - 1) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, at(before, j - 2) + 1);
      row.push(edits);
    }
    [before, previous] = [previous, row];
  }
  return Math.min(at(previous, b.length), limit);
}

function at(row: readonly number[], j: number): number {
  return row[j] ?? Number.POSITIVE_INFINITY;
}
