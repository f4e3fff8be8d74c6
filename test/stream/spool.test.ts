// Rows that were decoded once are kept in a file for later epochs.
import { readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { dense, loadKernels, sequential } from "@shardgrad/core";
import { featureWidth, fitStream, streamFiles, Trainer } from "@shardgrad/parallel";
import { createLayout } from "../../packages/parallel/dist/step/layout.js";
import { placeRows, placedRows } from "../../packages/parallel/dist/step/place.js";
import { openSpool } from "../../packages/parallel/dist/threads/spool.js";
import { checkOptions } from "../../packages/parallel/dist/validate.js";
import { temporaryFolder } from "../cli/support.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

/** A file system in memory would spare none: nothing is kept there. */
const inMemory = statfsSync(folder).type === 0x01021994;

function table(name: string): string {
  const path = join(folder, name);
  const rows = Array.from(
    { length: 500 },
    (_, i) => `${(i * 37) % 101},k${i % 7},${(i * 11) % 13}`,
  );
  writeFileSync(path, ["a,b,y", ...rows].join("\n"));
  return path;
}

async function fit(path: string): Promise<Awaited<ReturnType<typeof fitStream>>["data"]> {
  return (await fitStream(await streamFiles(path), { target: "y" })).data;
}

const optionsOf = (data: Awaited<ReturnType<typeof fit>>, epochs: number) => ({
  model: sequential(featureWidth(data), [dense(4, { activation: "tanh" }), dense(1)]),
  data,
  shuffleBuffer: 64,
  batchSize: 32,
  epochs,
  workers: 2,
});

describe.skipIf(inMemory)("decoded rows", () => {
  it("are read from their source in the first epoch only, to the same bytes, and leave no file", async () => {
    const checkpoint = { path: join(folder, "state.safetensors") };
    const train = async (path: string, vanishes: boolean): Promise<string> => {
      await using trainer = new Trainer({ ...optionsOf(await fit(path), 6), checkpoint });
      const run = trainer.run();
      for await (const { type } of run)
        if (type === "epoch" && vanishes) rmSync(path, { force: true });
      return (await run.result).hash;
    };
    const whole = await train(table("stays.csv"), false);
    expect(await train(table("vanishes.csv"), true)).toBe(whole);
    expect(readdirSync(folder).filter((name) => name.startsWith(".rows"))).toEqual([]);
  });

  it("come back to the bit, and not at all once the file fails", async () => {
    const data = await fit(table("table.csv"));
    const { job } = checkOptions(optionsOf(data, 2), 2);
    const layout = createLayout(job);
    const buffer = loadKernels(
      "f32",
      new WebAssembly.Memory({
        initial: Math.ceil(layout.bytes / 65536),
        maximum: 65536,
        shared: true,
      }),
    ).memory.buffer;
    const [place, other] = layout.training!.windows;
    const spool = (await openSpool(layout, buffer, folder))!;
    for await (const chunk of data.chunks(0)) placeRows(buffer, chunk, place!, 0, 0, 64);
    await spool.keep(1, place!, 64);
    expect([spool.has(0), spool.has(1)]).toEqual([false, true]);
    expect(await spool.read(1, other!, 64)).toBe(true);
    expect(placedRows(buffer, other!, 64)).toEqual(placedRows(buffer, place!, 64));
    await spool.close();
    expect(await spool.read(1, other!, 64)).toBe(false);
    expect(spool.has(1)).toBe(false);
  });

  it("are not kept for a single epoch, nor where there is no folder", async () => {
    const data = await fit(table("once.csv"));
    const layoutOf = (epochs: number) => createLayout(checkOptions(optionsOf(data, epochs), 2).job);
    const buffer = new SharedArrayBuffer(8);
    expect(await openSpool(layoutOf(1), buffer, folder)).toBeNull();
    expect(await openSpool(layoutOf(2), buffer, join(folder, "nowhere"))).toBeNull();
  });
});
