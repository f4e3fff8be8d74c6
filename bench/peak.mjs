// Prints the SIMD128 multiply-and-add peak of one core; run it pinned: `taskset -c 1 node bench/peak.mjs`.
import { median, peak } from "./peak/peak.mjs";

for (const real of /** @type {const} */ (["f32", "f64"])) {
  const sample = await peak(real);
  const speeds = Array.from({ length: 101 }, sample);
  console.log(
    `${real}: median ${median(speeds).toFixed(1)}, best ${Math.max(...speeds).toFixed(1)} GFLOP/s`,
  );
}
