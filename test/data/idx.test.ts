import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { allRows, columnOf, encode, fitEncoding, readTable } from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { expectInputError, mnist, temporaryFiles } from "./support.js";

const { file } = temporaryFiles();

/** The bytes of an IDX file. */
function idx(sizes: number[], values: number[], type = 8): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
  header.setUint8(2, type);
  header.setUint8(3, sizes.length);
  sizes.forEach((size, axis) => header.setUint32(4 + 4 * axis, size));
  return Uint8Array.of(...new Uint8Array(header.buffer), ...values);
}

describe("MNIST", () => {
  it("gives 10,000 pictures of bytes, and their labels from the file beside them", async () => {
    const table = await readTable(mnist("t10k-images-idx3-ubyte"));
    expect(table.rows).toBe(10_000);
    const image = columnOf(table, "image");
    expect(image).toMatchObject({ kind: "vector", width: 784, shape: [28, 28] });
    const label = columnOf(table, "label");
    if (label.kind !== "text") throw new Error("labels are not text");
    const bytes = readFileSync(mnist("t10k-labels-idx1-ubyte")).subarray(8);
    expect(Array.from(label.codes, (code) => Number(label.values[code]))).toEqual([...bytes]);
  });

  it("is classified by default, its pixels staying bytes with one shift and scale", async () => {
    const table = await readTable(mnist("t10k-images-idx3-ubyte"));
    const encoding = fitEncoding(table, allRows(table), { target: "label" });
    expect(encoding.target).toMatchObject({
      kind: "class",
      classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    });
    const dataset = encode(encoding, table);
    const [block] = dataset.features;
    if (block?.kind !== "u8") throw new Error("pixels are not bytes");
    const pixels = readFileSync(mnist("t10k-images-idx3-ubyte")).subarray(16);
    const mean = pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
    expect(block.shift).toBe(mean);
    expect(block.scale).toBeCloseTo(1 / 79.17246322228644, 12);
    expect(Buffer.compare(block.values, pixels)).toBe(0);
  });
});

describe("an IDX file", () => {
  it("of one axis gives labels as text", async () => {
    const table = await readTable(file("labels", idx([3], [7, 0, 7])));
    expect(columnOf(table, "label")).toMatchObject({ kind: "text", values: ["7", "0"] });
  });

  it("may be gzip, and find packed or plain labels beside it", async () => {
    file("a-labels-idx1-ubyte.gz", gzipSync(idx([2], [1, 2])));
    const plain = await readTable(file("a-images-idx3-ubyte", idx([2, 1, 2], [1, 2, 3, 4])));
    expect(plain.columns.map((column) => column.name)).toEqual(["image", "label"]);
    file("b-labels-idx1-ubyte", idx([2], [1, 2]));
    const packed = await readTable(
      file("b-images-idx3-ubyte.gz", gzipSync(idx([2, 1, 2], [1, 2, 3, 4]))),
    );
    expect(packed.columns.map((column) => column.name)).toEqual(["image", "label"]);
  });

  it("without labels beside it has none", async () => {
    const table = await readTable(file("c-images-idx3-ubyte", idx([2, 1, 2], [1, 2, 3, 4])));
    expect(table.columns.map((column) => column.name)).toEqual(["image"]);
  });

  it("with the labels of another file beside it is refused", async () => {
    file("d-labels-idx1-ubyte", idx([3], [1, 2, 3]));
    const path = file("d-images-idx3-ubyte", idx([2, 1, 2], [1, 2, 3, 4]));
    await expectInputError(() => readTable(path), "d-labels-idx1-ubyte", "3 values", "2 images");
  });

  it.each([
    ["cut short", idx([2, 2], [1, 2, 3]), ["3 values", "2 × 2 = 4", "cut short"]],
    ["with bytes left over", idx([2], [1, 2, 3]), ["3 values", "longer"]],
    ["that claims more than there could be", idx([4e9, 4e9, 4e9], [1]), ["1 values", "cut short"]],
    ["with a cut header", idx([2, 2], []).subarray(0, 9), ["9 bytes", "12"]],
    ["without rows", idx([0, 4], []), ["0 × 4", "no values"]],
    ["of floats", idx([1], [0, 0, 0, 0], 0x0d), ["f32", "u8"]],
  ])("%s is refused in one line", async (_, bytes, parts) => {
    const path = file("bad-idx", bytes);
    await expectInputError(() => readTable(path), path, ...parts);
  });
});
