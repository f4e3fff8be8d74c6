// Reads IDX, the format of MNIST: bytes in a row-major array of any rank, the first axis being the rows.
//
// 2 bytes 0, 1 byte type, 1 byte rank, then rank sizes as big-endian u32, then the values.
// Source: http://yann.lecun.com/exdb/mnist/ ("The IDX file format")
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { InputError } from "../table/input-error.js";
import { content, openSource, type Source } from "./source.js";
import type { Column, Table } from "../table/table.js";

const types: Readonly<Record<number, string>> = {
  0x08: "u8",
  0x09: "i8",
  0x0b: "i16",
  0x0c: "i32",
  0x0d: "f32",
  0x0e: "f64",
};

interface IdxArray {
  readonly sizes: readonly number[];
  readonly values: Uint8Array;
}

/** Whether a file starts like IDX. */
export function isIdx(head: Uint8Array): boolean {
  return (
    head.length >= 4 &&
    head[0] === 0 &&
    head[1] === 0 &&
    types[head[2] ?? 0] !== undefined &&
    head[3] !== 0
  );
}

/**
 * The table of an IDX file of bytes. One axis gives a text column "label", since labels name classes; more axes give a
 * vector column "image". Images whose file name says so (`train-images-idx3-ubyte`) get the labels of the file beside
 * them (`train-labels-idx1-ubyte`) when there is one. Throws InputError.
 */
export async function readIdx(source: Source): Promise<Table> {
  const array = decode(source, await content(source));
  const [rows = 0, ...shape] = array.sizes;
  const columns: Column[] = [];
  if (shape.length === 0) {
    columns.push(labelColumn(array));
  } else {
    const width = shape.reduce((product, size) => product * size, 1);
    columns.push({ kind: "vector", name: "image", shape, width, values: array.values });
    const labels = await labelsBeside(source);
    if (labels !== null) {
      const beside = decode(labels, await content(labels));
      if (beside.sizes.length !== 1 || beside.sizes[0] !== rows)
        throw new InputError(
          `${labels.path}: ${beside.sizes.join(" × ")} values, where ${source.name} has ${rows} images; the files do not belong together`,
        );
      columns.push(labelColumn(beside));
    }
  }
  return {
    source: source.path,
    rows,
    columns,
    places: { noun: "row", first: 1, numbers: null },
    notes: [],
  };
}

function decode(source: Source, bytes: Uint8Array): IdxArray {
  const { path } = source;
  if (!isIdx(bytes)) throw new InputError(`${path}: not an IDX file`);
  const type = types[bytes[2] ?? 0] ?? "";
  if (type !== "u8")
    throw new InputError(`${path}: IDX values of type ${type} are not read; only u8 is`);
  const rank = bytes[3] ?? 0;
  const start = 4 + 4 * rank;
  if (bytes.length < start)
    throw new InputError(
      `${path}: ${bytes.length} bytes, where the header alone takes ${start}; the file is cut short`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const sizes = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = sizes.reduce((product, size) => product * size, 1);
  const found = bytes.length - start;
  if (sizes.includes(0))
    throw new InputError(`${path}: an array of ${sizes.join(" × ")} has no values`);
  if (found !== expected)
    throw new InputError(
      `${path}: ${found} values, where the header says ${sizes.join(" × ")} = ${expected}; the file is ${found < expected ? "cut short" : "longer than it should be"}`,
    );
  return { sizes, values: bytes.subarray(start) };
}

/** Labels as text, "0" to "255", in the order of their first row. */
function labelColumn({ values }: IdxArray): Column {
  const codeOf = new Map<number, number>();
  const codes = Int32Array.from(values, (label) => {
    const code = codeOf.get(label) ?? codeOf.size;
    codeOf.set(label, code);
    return code;
  });
  return { kind: "text", name: "label", codes, values: [...codeOf.keys()].map(String) };
}

/** The file of labels that belongs to a file of images, packed or not, or null. */
export async function labelsBeside({ path }: Source): Promise<Source | null> {
  const name = basename(path);
  if (!name.includes("images")) return null;
  const labels = join(dirname(path), name.replace("images", "labels").replace("idx3", "idx1"));
  const other = labels.endsWith(".gz") ? labels.slice(0, -".gz".length) : `${labels}.gz`;
  for (const candidate of [labels, other])
    if (await exists(candidate)) return openSource(candidate);
  return null;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}
