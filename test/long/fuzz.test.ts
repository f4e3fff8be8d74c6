// A million mutated inputs of every format: each is read, or refused in one line, in bounded time and memory.
import { expect, it } from "vitest";
import { fuzz } from "../data/fuzz/run.js";

const SEED = Number(process.env["FUZZ_SEED"] ?? 1_000_000);

/** The part of them that is run, for a short look at each format. */
const SHARE = Number(process.env["FUZZ_SHARE"] ?? 1);

/** Inputs of each format: fewer where one takes longer. */
const INPUTS = {
  formula: 400_000,
  point: 100_000,
  manifest: 100_000,
  rows: 100_000,
  safetensors: 80_000,
  config: 40_000,
  arrow: 40_000,
  npy: 40_000,
  idx: 40_000,
  jsonl: 30_000,
  parquet: 30_000,
  npz: 20_000,
  csv: 15_000,
  tsv: 4000,
  "csv.gz": 3000,
  flags: 3000,
};

it(`a million mutated inputs end with a result or a refusal (seed ${SEED})`, async () => {
  let inputs = 0;
  // A process for each format: the peak of its memory is its own.
  for (const [name, count] of Object.entries(INPUTS)) {
    const [told] = await fuzz(SEED, { [name]: Math.ceil(count * SHARE) });
    console.log(JSON.stringify(told));
    expect([name, told?.failed]).toEqual([name, 0]);
    inputs += told?.inputs ?? 0;
  }
  expect(inputs).toBeGreaterThanOrEqual(1_000_000 * SHARE);
}, 14_400_000);
