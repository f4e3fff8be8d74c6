// Streamed sources: files in chunks, what programs have, and encodings that equal those of the same rows in memory.
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { dense, sequential } from "@shardgrad/core";
import {
  allRows,
  encode,
  encodeStream,
  featureWidth,
  fitEncoding,
  fitStream,
  holdout,
  readTable,
  streamFiles,
  streamOf,
  tableFromArrow,
  tableFromRecords,
  Trainer,
  type Dataset,
  type DatasetStream,
  type FittedStream,
  type StreamOptions,
  type TableSource,
} from "@shardgrad/parallel";
import { tableFromArrays, tableToIPC, type Float64, type Table, type Utf8 } from "apache-arrow";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, expectTypeOf, it } from "vitest";
import { joinDatasets } from "../../packages/parallel/dist/dataset/stream/stream-form.js";
import { OrderStatistics } from "../../packages/parallel/dist/dataset/encode/order-statistics.js";
import { expectInputError, sample, temporaryFiles } from "../data/support.js";
import { stream as numbers } from "../parallel/numbers.js";

const { file, folder } = temporaryFiles();

async function joined(data: DatasetStream, first = 0): Promise<Dataset> {
  const parts = [];
  for await (const chunk of data.chunks(first)) parts.push(chunk);
  return joinDatasets(data.form, parts);
}

const ROWS = 5000; // more than one chunk of text
const random = numbers(9);
const records = Array.from({ length: ROWS }, (_, i) => ({
  size: i % 97 === 5 ? null : Math.round(random() * 1e6) / 1000 - 300,
  colour: ["red", "green", "blue"][Math.floor(random() * 3)]!,
  price: Math.round(random() * 1e4) / 100,
}));
const csv = [
  "size,colour,price",
  ...records.map(({ size, colour, price }) => `${size ?? ""},${colour},${price}`),
].join("\n");
const jsonl = records.map((row) => JSON.stringify(row)).join("\n");
const arrow = tableFromArrays({
  size: records.map(({ size }) => size),
  colour: records.map(({ colour }) => colour),
  price: Float64Array.from(records, ({ price }) => price),
});
const options = { target: "price", validation: 0.1, test: 0.2, seed: 3 } as const;

/** The same of rows in memory. */
function inMemory(
  table: Awaited<ReturnType<typeof readTable>>,
): Pick<FittedStream, "encoding" | "validation" | "test"> & { data: Dataset } {
  const { kept, held: test } = holdout(allRows(table), 0.2, 3);
  const { kept: train, held: validation } = holdout(kept, 0.1, 3);
  const encoding = fitEncoding(table, train, { target: "price" });
  return {
    encoding,
    data: encode(encoding, table, train),
    validation: encode(encoding, table, validation),
    test: encode(encoding, table, test),
  };
}

async function expectSame(source: TableSource, other: Partial<StreamOptions> = {}): Promise<void> {
  const expected = inMemory(tableFromRecords(records));
  const fitted = await fitStream(source, { ...options, ...other });
  expect(fitted.encoding.features).toEqual(expected.encoding.features);
  expect(fitted.encoding.target).toEqual(expected.encoding.target);
  expect(fitted.validation).toEqual(expected.validation);
  expect(fitted.test).toEqual(expected.test);
  expect(await joined(fitted.data)).toEqual(expected.data);
}

describe("a streamed source gives the tensors of the same rows in memory, to the bit,", () => {
  it("as CSV, in gzip, and as two files", async () => {
    await expectSame(await streamFiles(file("a.csv.gz", gzipSync(csv))));
    const lines = csv.split("\n");
    file("part-1.csv", lines.slice(0, 3001).join("\n"));
    file("part-2.csv", [lines[0], ...lines.slice(3001)].join("\n"));
    await expectSame(await streamFiles(`${folder}/part-*.csv`));
  });

  it("as JSON lines with absent keys", async () => {
    await expectSame(await streamFiles(file("a.jsonl", jsonl.replaceAll('"size":null,', ""))));
  });

  it("as Parquet in row groups", async () => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: "size", data: records.map(({ size }) => size), type: "DOUBLE" },
        { name: "colour", data: records.map(({ colour }) => colour), type: "STRING" },
        { name: "price", data: records.map(({ price }) => price), type: "DOUBLE" },
      ],
      rowGroupSize: 1701,
    });
    await expectSame(await streamFiles(file("a.parquet", new Uint8Array(bytes))));
  });

  it.each(["file", "stream"] as const)("as an Arrow %s", async (kind) => {
    await expectSame(await streamFiles(file(`${kind}.arrow`, tableToIPC(arrow, kind))));
  });

  it("as an Arrow table, its batches, arrays of objects and Node streams", async () => {
    await expectSame(streamOf(arrow));
    await expectSame(
      streamOf(async function* () {
        yield* arrow.batches;
      }),
    );
    await expectSame(streamOf([records.slice(0, 11), records.slice(11)]));
    await expectSame(streamOf(() => Readable.from(records)));
    await expectSame(streamOf(() => Readable.from([Buffer.from(csv)]), { format: "csv" }));
    await expectSame(streamOf(() => Readable.from([Buffer.from(jsonl)]), { format: "jsonl" }));
    await expectSame(
      streamOf(() => Readable.from([tableToIPC(arrow, "stream")]), { format: "arrow" }),
    );
  });

  it("also from any row on", async () => {
    const { data } = await fitStream(await streamFiles(file("b.csv", csv)), options);
    const whole = await joined(data);
    for (const first of [1, 2950, data.rows - 1]) {
      const rest = await joined(data, first);
      expect(rest.rows).toBe(whole.rows - first);
      expect(rest.target!.kind === "number" && rest.target!.values).toEqual(
        whole.target!.kind === "number" && whole.target!.values.slice(first),
      );
    }
  });
});

describe("an encoding that is fitted to a stream", () => {
  it.each([
    ["penguins.csv", { target: "species" }],
    [
      "penguins.csv",
      { target: "species", encode: { island: "ordinal", culmen_length_mm: "minmax" } },
    ],
    [
      "penguins.csv",
      {
        target: "sex",
        features: ["culmen_depth_mm", "flipper_length_mm", "species"],
        encode: { culmen_depth_mm: "robust", flipper_length_mm: "log1p" },
        impute: { culmen_depth_mm: "median", flipper_length_mm: 200 },
      },
    ],
    [
      "olympians.csv",
      { target: "nationality", drop: ["name", "id"], encode: { date_of_birth: "calendar" } },
    ],
  ] as const)("equals that of the rows in memory: %s %j", async (name, wanted) => {
    let path = sample(name);
    if (wanted.target === "sex") {
      const { readFileSync } = await import("node:fs");
      const rows = readFileSync(path, "utf8").split("\n");
      path = file("sexes.csv", rows.filter((row) => !row.endsWith(",")).join("\n"));
    }
    const table = await readTable(path);
    const expected = fitEncoding(table, allRows(table), wanted as StreamOptions);
    const { encoding, notes } = await fitStream(await streamFiles(path), wanted as StreamOptions);
    expect(encoding.features).toEqual(expected.features);
    expect(encoding.target).toEqual(expected.target);
    expect(notes).toEqual(expected.notes);
  });

  it("finds numbers by their rank exactly", () => {
    const drawn = numbers(4);
    for (const draw of [
      () => drawn() - 0.5,
      () => Math.round(drawn() * 3) - 1,
      () => (drawn() - 0.5) * 1e300,
      () => -3.5,
    ]) {
      const values = Float64Array.from({ length: 70_000 }, draw);
      const sorted = values.slice().sort();
      const ranks = [0, 69, 35_000, 69_999];
      const found = new OrderStatistics(values.length, ranks);
      for (; found.isOpen; found.endPass()) for (const value of values) found.add(value);
      expect(ranks.map((rank) => found.at(rank))).toEqual(ranks.map((rank) => sorted[rank]));
    }
  });

  it("has days as times when other chunks of the column have hours", async () => {
    const day = Date.UTC(2024, 0, 1);
    const times = Array.from({ length: 40 }, (_, i) => new Date(day + i * (i < 20 ? 864e5 : 36e5)));
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: "when", data: times, type: "TIMESTAMP" },
        { name: "y", data: times.map((_, i) => i), type: "DOUBLE" },
      ],
      rowGroupSize: 20,
    });
    const path = file("times.parquet", new Uint8Array(bytes));
    const wanted: StreamOptions = { target: "y", features: ["when"] };
    const table = await readTable(path);
    const { encoding } = await fitStream(await streamFiles(path), wanted);
    expect(encoding.features).toEqual(fitEncoding(table, allRows(table), wanted).features);
  });
});

describe("a streamed run", () => {
  const hashOf = async (fitted: FittedStream, workers: number): Promise<string> => {
    const trainer = new Trainer({
      model: sequential(featureWidth(fitted.data.form), [
        dense(4, { activation: "tanh" }),
        dense(1),
      ]),
      data: fitted.data,
      validation: fitted.validation ?? undefined,
      shuffleBuffer: 1000,
      epochs: 2,
      batchSize: 128,
      workers,
    });
    try {
      return (await trainer.run().result).hash;
    } finally {
      await trainer.close();
    }
  };

  it("gives the same bytes from files that a thread reads, in any format, as from a program's rows", async () => {
    const own = await hashOf(await fitStream(streamOf(records), options), 1);
    const files = [
      file("c.csv", csv),
      file("c.jsonl", jsonl),
      file("c.arrow", tableToIPC(arrow, "file")),
    ];
    for (const [i, path] of files.entries()) {
      const fitted = await fitStream(await streamFiles(path), options);
      expect(fitted.data.remote).toBeDefined();
      expect(await hashOf(fitted, i + 1), path).toBe(own);
    }
  });

  it("ends with the message of a file that changes", async () => {
    const path = file("d.csv", csv);
    const fitted = await fitStream(await streamFiles(path), options);
    file("d.csv", csv.replace(/\n[^\n]*$/, "\n1,green,many"));
    await expect(hashOf(fitted, 2)).rejects.toThrow(
      `${path}: line ${ROWS + 1}, column "price": "many" is not a number`,
    );
  });

  it("trains for an epoch on rows that come once, with an encoding that is known", async () => {
    const table = tableFromRecords(records);
    const encoding = fitEncoding(table, allRows(table), { target: "price" });
    const once = streamOf(Readable.from(records));
    await expectInputError(
      () => encodeStream(once, encoding),
      "can be read once only; say how many rows",
    );
    const data = await encodeStream(once, encoding, { rows: ROWS });
    const make = (rows: Dataset | DatasetStream): Trainer =>
      new Trainer({
        model: sequential(featureWidth(data.form), [dense(1)]),
        data: rows,
        epochs: 1,
        batchSize: 128,
      });
    const [streamed, inMemoryRun] = [make(data), make(encode(encoding, table))];
    expect((await streamed.run().result).hash).toBe((await inMemoryRun.run().result).hash);
    await Promise.all([streamed.close(), inMemoryRun.close()]);
  });

  it("refuses what cannot be streamed, by name", async () => {
    await expectInputError(
      () => fitStream(streamOf(Readable.from(records)), options),
      "stream can be read once only, and learning an encoding reads it several times",
    );
    const npy = file(
      "x.npy",
      Buffer.concat([Buffer.from("\u0093NUMPY", "latin1"), Buffer.alloc(20)]),
    );
    await expectInputError(
      async () => fitStream(await streamFiles(npy), options),
      "npy files cannot be read in parts",
    );
    await expectInputError(
      async () => fitStream(await streamFiles(file("e.csv", csv)), { target: "prise" }),
      'there is no column "prise"; did you mean "price"?',
    );
    await expectInputError(
      () =>
        fitStream(
          streamOf(() => Readable.from([Buffer.from(csv)])),
          options,
        ),
      'bytes; say what they are with format: "csv"',
    );
  });
});

describe("the names of columns", () => {
  it("are known to the compiler from an Arrow schema or from objects", async () => {
    type Schema = { size: Float64; colour: Utf8 };
    expectTypeOf(streamOf<Table<Schema>>).returns.toEqualTypeOf<TableSource<"size" | "colour">>();
    expectTypeOf(streamOf([records])).toEqualTypeOf<TableSource<"size" | "colour" | "price">>();
    expectTypeOf(
      streamOf(async function* () {
        yield { a: 1, b: "x" };
      }),
    ).toEqualTypeOf<TableSource<"a" | "b">>();
    // @ts-expect-error: there is no such column
    await expectInputError(() => fitStream(streamOf([records]), { target: "cost" }), "cost");
  });

  it("stay when an Arrow table becomes a table", async () => {
    const table = await tableFromArrow(arrow);
    expect(table.columns.map(({ name }) => name)).toEqual(["size", "colour", "price"]);
    expect(fitEncoding(table, allRows(table), { target: "price" })).toEqual(
      fitEncoding(tableFromRecords(records), allRows(table), { target: "price" }),
    );
  });
});
