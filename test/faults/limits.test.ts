// Limits that docs/reliability.md states: what goes beyond one is refused in one line that says so.
import { ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dense, sequential } from "@shardgrad/core";
import {
  allRows,
  datasetFromArrays,
  fitEncoding,
  InputError,
  loadModel,
  readTable,
  tableFromRecords,
  Trainer,
} from "@shardgrad/parallel";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, it } from "vitest";
import { readConfigFile } from "../../packages/cli/dist/config-file.js";
import { parseFormula } from "../../packages/cli/dist/explain/formula.js";
import { trainOptions } from "../../packages/cli/dist/options/train.js";

const folder = mkdtempSync(join(tmpdir(), "shardgrad-limits-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array, size?: number): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  if (size !== undefined) ftruncateSync(openSync(path, "r+"), size);
  return path;
}

const data = datasetFromArrays([[1], [2]], Int32Array.of(0, 1));

describe("beyond its limit is refused in one line", () => {
  it("a job that needs more than 4 GiB of shared memory", async () => {
    const model = sequential(1, [dense(30_000), dense(30_000), dense(2)]);
    const trainer = new Trainer({ model, data, workers: 1 });
    const begin = async (): Promise<unknown> => trainer.run().result;
    await expect(begin()).rejects.toThrow(
      /needs [\d.]+ GiB, one shared memory holds 4 GiB; use fewer workers, rows or parameters/,
    );
    await trainer.close();
  });

  it("more than 1,024 workers and more shards than rows of a batch", () => {
    const model = sequential(1, [dense(2)]);
    expect(() => new Trainer({ model, data, workers: 1025 })).toThrow(/workers 1025/);
    expect(() => new Trainer({ model, data, batchSize: 2, shards: 3 })).toThrow(/shards 3/);
  });

  it("a model file of 2 GiB", async () => {
    const path = file("big.safetensors", "", 2 ** 31);
    await expect(loadModel(path, { ops: null })).rejects.toThrow(/2147483648 bytes, where/);
  });

  it("a header of 200 MB in a model file of 64 bytes", async () => {
    const bytes = Buffer.alloc(64);
    bytes.writeBigUInt64LE(200_000_000n);
    const path = file("header.safetensors", bytes);
    await expect(loadModel(path, { ops: null })).rejects.toThrow(/a header of 200000000 bytes/);
  });

  it("a configuration of more than 64 KiB, and one nested more than 30 deep", async () => {
    const long = file("long.yaml", "# nothing\n".repeat(7000));
    await expect(readConfigFile(long, trainOptions)).rejects.toThrow(/at most 65536/);
    for (const deep of ["[", "- ", "a: ", "? "]) {
      const path = file("deep.yaml", deep.repeat(20_000));
      await expect(readConfigFile(path, trainOptions)).rejects.toThrow(/nested too deeply/);
    }
  });

  it("a formula of more than 2,000 characters, and one nested more than 100 deep", () => {
    expect(() => parseFormula("x".repeat(2001))).toThrow(/at most 2000/);
    expect(() => parseFormula("(".repeat(200))).toThrow(/more than 100 deep/);
  });

  it("a text column with more than 1,000 categories, which is left out", () => {
    const table = tableFromRecords(
      Array.from({ length: 2200 }, (_, i) => ({ a: `x${i % 1100}`, b: i, y: i })),
    );
    const { features } = fitEncoding(table, allRows(table), { target: "y" });
    expect(features.map(({ column }) => column)).toEqual(["b"]);
  });

  it("a Parquet page that claims more values, or a longer run of them, than its column has", async () => {
    const whole = new Uint8Array(
      parquetWriteBuffer({
        codec: "UNCOMPRESSED",
        columnData: [
          { name: "a", data: Array.from({ length: 40 }, (_, i) => (i % 5 ? `x${i % 5}` : null)) },
          { name: "b", data: Array.from({ length: 40 }, (_, i) => i / 2) },
        ],
      }),
    );
    let refused = 0;
    // A varint in place of any five bytes that claims two billion.
    for (let at = 4; at < 120; at += 1) {
      const changed = whole.slice();
      changed.set([0xfe, 0xff, 0xff, 0xff, 0x0f], at);
      const error: unknown = await readTable(file("p.parquet", changed)).catch((e: unknown) => e);
      if (!(error instanceof Error)) continue;
      refused += 1;
      expect(error).toBeInstanceOf(InputError);
      expect(error.message).not.toContain("\n");
    }
    expect(refused).toBeGreaterThan(60);
  });
});
