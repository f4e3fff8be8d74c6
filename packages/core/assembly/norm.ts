// Euclidean norms of rows.
import { real } from "./real";

/** The squares are summed in f64 in both builds, one sequential chain: rows of f32 neither overflow nor vanish. */
export function norm(rows: i32, n: i32, x: usize, y: usize): void {
  for (let r = 0; r < rows; r++) {
    let squares: f64 = 0;
    for (let j = 0; j < n; j++) {
      const v = <f64>load<real>(x);
      squares += v * v;
      x += sizeof<real>();
    }
    store<real>(y, <real>sqrt<f64>(squares));
    y += sizeof<real>();
  }
}
