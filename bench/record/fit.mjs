// Least squares with coefficients that are not negative: costs are none.

/**
 * The x ≥ 0 that makes ‖A·x − b‖ small: one coordinate after the other takes its best value, until nothing moves.
 * @param {readonly (readonly number[])[]} A
 * @param {readonly number[]} b
 */
export function fitNonNegative(A, b) {
  const columns = A[0]?.length ?? 0;
  const x = Array.from({ length: columns }, () => 0);
  const rest = [...b]; // b − A·x
  for (let round = 0; round < 20_000; round += 1) {
    let moved = 0;
    for (let j = 0; j < columns; j += 1) {
      let [product, square] = [0, 0];
      for (const [i, row] of A.entries()) {
        const a = row[j] ?? 0;
        product += a * (rest[i] ?? 0);
        square += a * a;
      }
      if (square === 0) continue;
      const old = x[j] ?? 0;
      const next = Math.max(0, old + product / square);
      const change = next - old;
      if (change === 0) continue;
      x[j] = next;
      for (const [i, row] of A.entries()) rest[i] = (rest[i] ?? 0) - change * (row[j] ?? 0);
      moved = Math.max(moved, Math.abs(change) * Math.sqrt(square));
    }
    if (moved < 1e-12) break;
  }
  return x;
}
