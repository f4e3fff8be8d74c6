import {
  Bool,
  Dictionary,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Null,
  Table,
  tableFromArrays,
  tableToIPC,
  TimeMillisecond,
  Uint16,
  Uint32,
  Uint8,
  Utf8,
  vectorFromArray,
  type DataType,
  type Vector,
} from "apache-arrow";
import {
  allRows,
  columnOf,
  encode,
  fitEncoding,
  readTable,
  type Column,
  type Table as OurTable,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { expectInputError, sample, temporaryFiles } from "./support.js";

const { file } = temporaryFiles();

function write(vectors: Record<string, Vector>, format: "file" | "stream" = "file"): string {
  return file(
    `table.${format === "file" ? "arrow" : "arrows"}`,
    tableToIPC(new Table(vectors), format),
  );
}

async function columnFrom(values: unknown[], type: DataType): Promise<Column> {
  const table = await readTable(write({ a: vectorFromArray(values, type) }));
  return columnOf(table, "a");
}

function cells(column: Column): (number | string | null)[] {
  if (column.kind === "number")
    return Array.from(column.values, (value, i) => (column.valid?.[i] === 0 ? null : value));
  if (column.kind === "text")
    return Array.from(column.codes, (code) => column.values[code] ?? null);
  throw new Error(`a ${column.kind} column`);
}

describe("an Arrow column", () => {
  it.each([
    ["int16", new Int16(), [-32_768, null, 7]],
    ["int32", new Int32(), [-5, null, 2_147_483_647]],
    ["uint8", new Uint8(), [0, null, 255]],
    ["uint16", new Uint16(), [0, null, 65_535]],
    ["uint32", new Uint32(), [0, null, 4_294_967_295]],
    ["float32", new Float32(), [0.5, null, -1.25]],
    ["float64", new Float64(), [0.1, null, 1e300]],
  ])("of %s is a number column and null is missing, not 0", async (_, type, values) => {
    expect(cells(await columnFrom(values, type))).toEqual(values);
  });

  it("of half floats is a number column", async () => {
    const values = [1, -2.5, 65_504, 2 ** -24, 0];
    expect(cells(await columnFrom(values, new Float16()))).toEqual(values);
  });

  it("of int64 is exact up to 2^53", async () => {
    const values = [2n ** 53n, -(2n ** 53n), null];
    expect(cells(await columnFrom(values, new Int64()))).toEqual([2 ** 53, -(2 ** 53), null]);
  });

  it("of int64 is refused beyond 2^53", async () => {
    const path = write({ big: vectorFromArray([1n, 2n ** 53n + 1n], new Int64()) });
    await expectInputError(
      () => readTable(path),
      path,
      "row 2",
      '"big"',
      "9007199254740993",
      "2^53",
    );
  });

  it("has NaN for a missing value, and refuses infinity", async () => {
    expect(cells(await columnFrom([1, Number.NaN], new Float64()))).toEqual([1, null]);
    const path = write({ a: vectorFromArray([1, Number.POSITIVE_INFINITY], new Float64()) });
    await expectInputError(() => readTable(path), path, "row 2", '"a"', "Infinity");
  });

  it("of text, plain or dictionary, is a text column", async () => {
    const values = ["b", null, "a", "b", ""];
    expect(cells(await columnFrom(values, new Utf8()))).toEqual(values);
    expect(cells(await columnFrom(values, new Dictionary(new Utf8(), new Int32())))).toEqual(
      values,
    );
  });

  it("of a dictionary of numbers is a number column", async () => {
    const values = [2.5, null, -1, 2.5];
    expect(cells(await columnFrom(values, new Dictionary(new Float64(), new Int32())))).toEqual(
      values,
    );
  });

  it("of truth values is a text column of true and false", async () => {
    expect(cells(await columnFrom([true, false, null], new Bool()))).toEqual([
      "true",
      "false",
      null,
    ]);
  });

  it("of nulls is a number column without values", async () => {
    expect(cells(await columnFrom([null, null], new Null()))).toEqual([null, null]);
  });

  it("of fixed-size lists is a vector column, bytes staying bytes", async () => {
    const bytes = new FixedSizeList(2, new Field("item", new Uint8()));
    const floats = new FixedSizeList(2, new Field("item", new Float64()));
    const rows = [
      [1, 2],
      [3, 255],
    ];
    const first = await columnFrom(rows, bytes);
    const second = await columnFrom(rows, floats);
    expect(first).toMatchObject({
      kind: "vector",
      width: 2,
      values: new Uint8Array([1, 2, 3, 255]),
    });
    expect(second).toMatchObject({
      kind: "vector",
      width: 2,
      values: new Float32Array([1, 2, 3, 255]),
    });
  });

  it("of fixed-size lists with a missing entry is refused", async () => {
    const floats = new FixedSizeList(2, new Field("item", new Float64(), true));
    const path = write({
      a: vectorFromArray(
        [
          [1, 2],
          [3, null],
        ],
        floats,
      ),
    });
    await expectInputError(() => readTable(path), path, "row 2", '"a"', "missing");
  });

  it("of another type is refused by name when it is used, and only then", async () => {
    const vectors = {
      when: vectorFromArray([1, 2, 3], new TimeMillisecond()),
      a: vectorFromArray([1, 2, 3], new Float64()),
      b: vectorFromArray([1, 2, 4], new Float64()),
    };
    const table = await readTable(write(vectors));
    expect(columnOf(table, "when")).toMatchObject({
      kind: "opaque",
      type: "Time",
    });
    const rows = allRows(table);
    expect(fitEncoding(table, rows, { target: "b", drop: ["when"] }).features).toHaveLength(1);
    await expectInputError(
      () => fitEncoding(table, rows, { target: "b" }),
      '"when"',
      "Time",
      "--drop",
    );
    await expectInputError(() => fitEncoding(table, rows, { target: "when" }), '"when"', "Time");
  });
});

describe("an Arrow file", () => {
  it("may be a file or a stream, in several batches, and have any name", async () => {
    const first = tableFromArrays({ a: Float64Array.of(1, 2) });
    const both = first.concat(tableFromArrays({ a: Float64Array.of(3) }));
    for (const format of ["file", "stream"] as const) {
      const table = await readTable(file("table.bin", tableToIPC(both, format)));
      expect(cells(columnOf(table, "a"))).toEqual([1, 2, 3]);
    }
  });

  it("cut anywhere is read as a whole or refused in one line", async () => {
    for (const format of ["file", "stream"] as const) {
      const whole = tableToIPC(
        tableFromArrays({ a: Float64Array.of(1, 2, 3), b: ["x", "y", "x"] }),
        format,
      );
      for (let length = 8; length < whole.length; length += 7) {
        const path = file("cut.arrow", whole.subarray(0, length));
        const outcome = await readTable(path).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(outcome.name).toBe("InputError");
          expect(outcome.message).not.toContain("\n");
        } else {
          expect(cells(columnOf(outcome as OurTable, "a"))).toEqual([1, 2, 3]);
        }
      }
    }
  });

  it("with a byte changed is read or refused in one line", async () => {
    const whole = tableToIPC(
      tableFromArrays({ a: Float64Array.of(1, 2, 3), b: ["x", "y", "x"] }),
      "file",
    );
    for (let at = 0; at < whole.length; at += 3) {
      const damaged = whole.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x55;
      const outcome = await readTable(file("damaged.arrow", damaged)).catch(
        (error: unknown) => error,
      );
      if (!(outcome instanceof Error)) continue;
      expect(`${outcome.name} at byte ${at}: ${outcome.message}`).toMatch(
        /^InputError at byte \d+: .+$/,
      );
    }
  });

  it("with two columns of one name is refused", async () => {
    const table = new Table({
      a: vectorFromArray([1], new Float64()),
      b: vectorFromArray([2], new Float64()),
    });
    const bytes = Buffer.from(tableToIPC(table, "stream"));
    const name = Buffer.from([1, 0, 0, 0, 0x62, 0]); // length 1, "b"
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name)) bytes[at + 4] = 0x61;
    const path = file("twice.arrows", bytes);
    await expectInputError(() => readTable(path), path, '"a"', "rename");
  });
});

describe("the same table as CSV and as Arrow", () => {
  it.each(["penguins.csv", "olympians.csv"])(
    "%s gives the same tensors to the bit",
    async (name) => {
      const csv = await readTable(sample(name));
      const arrow = await readTable(
        write(
          Object.fromEntries(
            csv.columns.map((column) => [
              column.name,
              vectorFromArray(
                cells(column),
                column.kind === "number" ? new Float64() : new Dictionary(new Utf8(), new Int32()),
              ),
            ]),
          ),
        ),
      );
      const target = name === "penguins.csv" ? "species" : "sex";
      const datasets = [csv, arrow].map((table) => {
        const encoding = fitEncoding(table, allRows(table), { target });
        return { encoding, dataset: encode(encoding, table) };
      });
      expect(datasets[1]).toEqual(datasets[0]);
    },
  );
});
