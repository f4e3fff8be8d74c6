// How fast this core multiplies and adds 128-bit vectors that never leave its registers: the ceiling of every product.
import asc from "assemblyscript/asc";

/** @typedef {import("@shardgrad/core").Dtype} Dtype */

const chainCounts = [6, 8, 10];
const turns = 400_000;

/**
 * AssemblyScript for `count` chains s ← s + x·y: enough of them to hide the latency of the addition, and few enough to stay
 * in sixteen registers. Only the x are loaded, always from one line of memory, since products that never change would be
 * moved out of the loop; loads take nothing from the units that multiply and add.
 * @param {number} count
 * @param {Dtype} real
 */
function source(count, real) {
  const chains = Array.from({ length: count }, (_, i) => `s${i}`);
  const size = real === "f32" ? 4 : 8;
  const step = (/** @type {string} */ s, /** @type {number} */ i) =>
    `${i % 2 === 0 ? `x = v128.load_splat<${real}>(at, ${(i / 2) * size});` : ""}
    ${s} = v128.add<${real}>(${s}, v128.mul<${real}>(x, y${i % 2}));`;
  return `
    export function chains${count}(turns: i32, at: usize): ${real} {
      // Not constants, which would be built anew in every turn.
      const y0 = v128.load(at), y1 = v128.load(at, 16);
      let x = y0;
      let ${chains.map((s, i) => `${s} = v128.splat<${real}>(${i})`).join(", ")};
      for (let turn = turns; turn > 0; --turn) {
        ${chains.map(step).join("\n")}
      }
      return v128.extract_lane<${real}>(${chains.reduce((sum, s) => `v128.add<${real}>(${sum}, ${s})`)}, 0);
    }`;
}

/** @param {Dtype} real */
async function compile(real) {
  const text = chainCounts.map((count) => source(count, real)).join("\n");
  /** @type {Uint8Array | undefined} */
  let binary;
  const { error, stderr } = await asc.main(
    [
      "peak.ts",
      "--outFile",
      "peak.wasm",
      "-O3",
      "--noAssert",
      "--runtime",
      "stub",
      "--enable",
      "simd",
      "--initialMemory",
      "1",
    ],
    {
      readFile: (name) => (name === "peak.ts" ? text : null),
      writeFile: (name, contents) => {
        if (name === "peak.wasm" && contents instanceof Uint8Array) binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`peak: ${stderr.toString()}`, { cause: error });
  return new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
}

/**
 * A function that takes one sample of the peak in GFLOP/s (in half a millisecond), warmed up, with the best count of chains.
 * @param {Dtype} real
 * @returns {Promise<() => number>}
 */
export async function peak(real) {
  const exports = await compile(real);
  const samplers = chainCounts.map((count) => {
    const run = /** @type {(turns: number, at: number) => number} */ (exports[`chains${count}`]);
    const flops = turns * count * 2 * (real === "f32" ? 4 : 2);
    return () => flops / cpuTime(() => run(turns, 64)) / 1e6;
  });
  for (const sample of samplers) await warm(sample);
  const speeds = samplers.map((sample) => median(Array.from({ length: 21 }, sample)));
  const best = samplers[speeds.indexOf(Math.max(...speeds))];
  if (best === undefined) throw new Error("peak: nothing was measured");
  return best;
}

/**
 * Runs until the optimizing compiler has done its part: its thread needs time of its own on a core that is shared.
 * @param {() => void} run
 */
export async function warm(run) {
  for (let round = 0; round < 4; round += 1) {
    const end = performance.now() + 30;
    while (performance.now() < end) run();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Milliseconds of processor time that `run` takes: what other programs on the same core take does not count.
 * @param {() => void} run
 */
export function cpuTime(run) {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** @param {readonly number[]} samples */
export function median(samples) {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? NaN;
}
