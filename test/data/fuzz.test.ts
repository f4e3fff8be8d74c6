// Mutated inputs of every format: each is read, or refused in one line, in bounded time and memory.
import { expect, it } from "vitest";
import { fuzz } from "./fuzz/run.js";

const SEED = Number(process.env["FUZZ_SEED"] ?? 1);

it(`some thousand mutated inputs end with a result or a refusal (seed ${SEED})`, async () => {
  const told = await fuzz(SEED, {
    formula: 600,
    point: 200,
    config: 150,
    flags: 30,
    manifest: 100,
    rows: 100,
    safetensors: 150,
    csv: 120,
    tsv: 50,
    "csv.gz": 30,
    jsonl: 120,
    idx: 100,
    npy: 100,
    npz: 60,
    arrow: 80,
    parquet: 80,
  });
  expect(told.map(({ name, failed }) => ({ name, failed }))).toEqual(
    told.map(({ name }) => ({ name, failed: 0 })),
  );
}, 240_000);
