import {
  allRows,
  columnOf,
  columnTypes,
  decodeOutputs,
  denseFeatures,
  encode,
  encodeFeatures,
  featureWidth,
  fitEncoding,
  holdout,
  readTable,
  tableFromRecords,
  typesOf,
  type Dataset,
  type Encoding,
  type NumberFeature,
  type Table,
  type TableRecord,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { expectInputError, sample, temporaryFiles } from "./support.js";

const { file } = temporaryFiles();

function fit(
  records: readonly TableRecord[],
  options: Parameters<typeof fitEncoding>[2],
): Encoding {
  const table = tableFromRecords(records);
  return fitEncoding(table, allRows(table), options);
}

/** The features of every row as nested arrays. */
function features(dataset: Dataset): number[][] {
  const width = featureWidth(dataset);
  const dense = denseFeatures(dataset);
  return Array.from({ length: dataset.rows }, (_, row) => [
    ...dense.subarray(row * width, (row + 1) * width),
  ]);
}

/** A feature for column "x" without limits, logarithm or mark. */
const plain = { kind: "number", column: "x", log: false, missing: false };

/** Rows 1…n of a number column "x" and a target "y". */
function numbers(values: (number | null)[]): TableRecord[] {
  return values.map((x, i) => ({ x, y: i % 2 === 0 ? "a" : "b" }));
}

describe("a number column", () => {
  it("is standardised by the mean and population deviation of the training rows, then rounded to f32", () => {
    const values = [3, -1.5, 8.25, 0.1];
    const table = tableFromRecords(numbers(values));
    const encoding = fitEncoding(table, allRows(table), { target: "y" });
    const mean = values.reduce((sum, value) => sum + value, 0) / 4;
    const sd = Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / 4,
    );
    expect(encoding.features).toEqual([
      { ...plain, low: -1.5, high: 8.25, center: mean, scale: sd, fill: mean },
    ]);
    expect(features(encode(encoding, table))).toEqual(
      values.map((value) => [Math.fround((value - mean) / sd)]),
    );
  });

  it("with missing values gets the mean there, and a mark beside it", () => {
    const table = tableFromRecords(numbers([1, null, 3, Number.NaN]));
    const encoding = fitEncoding(table, allRows(table), { target: "y" });
    expect(encoding.features).toEqual([
      { ...plain, low: 1, high: 3, center: 2, scale: 1, fill: 2, missing: true },
    ]);
    expect(features(encode(encoding, table))).toEqual([
      [-1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]);
  });

  it("missing only when predicting counts as the mean", () => {
    const encoding = fit(numbers([1, 3]), { target: "y" });
    expect(features(encodeFeatures(encoding, tableFromRecords([{ x: null }, { x: 3 }])))).toEqual([
      [0],
      [1],
    ]);
  });

  it("keeps whole numbers of few values as numbers", () => {
    expect(fit(numbers([1, 2, 1, 2]), { target: "y" }).features[0]?.kind).toBe("number");
  });

  it("that numbers the rows is kept with a note", () => {
    const records = numbers(Array.from({ length: 30 }, (_, i) => i % 7));
    const encoding = fit(
      records.map((record, i) => ({ ...record, nr: 100 + i })),
      { target: "y" },
    );
    expect(encoding.features.map((feature) => feature.column)).toContain("nr");
    expect(encoding.notes.filter((note) => note.includes('"nr"'))).toEqual([
      expect.stringContaining("a different whole number in every row"),
    ]);
  });

  it("that is constant is left out with a note, unless it is asked for", () => {
    const records = numbers([1, 2, 3]).map((record) => ({ ...record, same: 7 }));
    const encoding = fit(records, { target: "y" });
    expect(encoding.features.map((feature) => feature.column)).toEqual(["x"]);
    expect(encoding.notes).toEqual(['column "same" is 7 in every training row and is left out']);
    const asked = fit(records, { target: "y", features: ["same"] });
    expect(asked.features).toEqual([
      { ...plain, column: "same", low: 7, high: 7, center: 7, scale: 1, fill: 7 },
    ]);
  });

  it("that only counts the rows is named in a note", () => {
    const records = Array.from({ length: 50 }, (_, i) => ({
      row: 50 - i,
      x: i % 7,
      y: i % 2 === 0 ? "a" : "b",
    }));
    expect(fit(records, { target: "y" }).notes[0]).toContain('"row"');
  });

  it("whose squares overflow is refused", async () => {
    await expectInputError(
      () => fit(numbers([1e300, -1e300]), { target: "y" }),
      '"x"',
      "too large",
      "--drop",
    );
  });

  it("is limited to the range of the training rows", () => {
    const encoding = fit(numbers([0, 1e-10]), { target: "y" });
    const table = tableFromRecords([{ x: 1e300 }, { x: -5 }, { x: 1e-10 }]);
    expect(features(encodeFeatures(encoding, table))).toEqual([[1], [-1], [1]]);
  });

  it("is limited to the 0.1 % and 99.9 % quantiles, widened by half their distance at each end", () => {
    const values = Array.from({ length: 2001 }, (_, i) => i / 2); // quantiles 1 and 999
    values[2000] = 50_000;
    values[0] = -300;
    const [x] = fit(numbers(values), { target: "y" }).features;
    expect(x).toMatchObject({ low: -300, high: 999 + 499 });
  });

  it("that is nearly always the same keeps all of its range", () => {
    const values = Array.from({ length: 5000 }, (_, i) => Number(i === 77));
    const [x] = fit(numbers(values), { target: "y" }).features;
    expect(x).toMatchObject({ low: 0, high: 1 });
  });

  it("has no negative zero in its mean, which JSON would lose", () => {
    const encoding = fit(numbers([-0, -0, 0]), { target: "y", features: ["x"] });
    expect(JSON.parse(JSON.stringify(encoding))).toEqual(encoding);
  });
});

describe("a text column", () => {
  const records = ["b", "a", "Z", "é", "a"].map((x, i) => ({ x, y: i }));

  it("is one-hot in the order of code units", () => {
    const encoding = fit(records, { target: "y" });
    expect(encoding.features).toEqual([
      {
        kind: "category",
        column: "x",
        element: "text",
        values: ["Z", "a", "b", "é"],
        missing: false,
      },
    ]);
    expect(features(encode(encoding, tableFromRecords(records))).slice(0, 2)).toEqual([
      [0, 0, 1, 0],
      [0, 1, 0, 0],
    ]);
  });

  it("has a category for missing cells when training rows lack some", () => {
    const encoding = fit([...records, { x: null, y: 9 }], { target: "y" });
    const table = tableFromRecords([{ x: "a" }, { x: null }, { x: "new" }]);
    expect(features(encodeFeatures(encoding, table))).toEqual([
      [0, 1, 0, 0, 0],
      [0, 0, 0, 0, 1],
      [0, 0, 0, 0, 0],
    ]);
  });

  it("gives zeros for a category that training did not see, and for a missing one", () => {
    const table = tableFromRecords([{ x: "new" }, { x: null }, { x: "b" }]);
    expect(features(encodeFeatures(fit(records, { target: "y" }), table))).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 1, 0],
    ]);
  });

  it("with a text of its own in most rows is left out with a note, unless it is asked for", () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ name: `n${i}`, x: i % 3, y: i }));
    const encoding = fit(many, { target: "y" });
    expect(encoding.features.map((feature) => feature.column)).toEqual(["x"]);
    expect(encoding.notes[0]).toContain('"name" has 30 different texts');
    expect(fit(many, { target: "y", features: ["name"] }).features).toHaveLength(1);
  });

  it("of many times is left out with a note whose remedy is one word for a shell", () => {
    const records = Array.from({ length: 30 }, (_, i) => ({
      "Flight Date": `2020-01-${String(i + 1).padStart(2, "0")}`,
      x: i % 3,
      y: i % 5,
    }));
    expect(fit(records, { target: "y" }).notes.join()).toContain(
      '--encode "Flight Date=calendar" takes its times',
    );
  });

  it("with more than 1000 texts is left out with a note", () => {
    const many = Array.from({ length: 4004 }, (_, i) => ({
      code: `c${i % 1001}`,
      x: i % 5,
      y: i % 9,
    }));
    expect(fit(many, { target: "y" }).notes.join()).toContain('"code" has 1001 different texts');
  });
});

describe("a vector column", () => {
  it("of bytes stays bytes, with the mean and deviation of the training rows", () => {
    const rows = [
      [0, 10],
      [20, 30],
      [255, 255],
    ].map((bytes, i) => ({ v: Uint8Array.from(bytes), y: i % 2 }));
    const table = tableFromRecords(rows);
    const encoding = fitEncoding(table, Int32Array.of(0, 1), { target: "y" });
    const sd = Math.sqrt((15 * 15 + 5 * 5 + 5 * 5 + 15 * 15) / 4);
    expect(encoding.features).toEqual([
      { kind: "vector", column: "v", element: "u8", width: 2, mean: 15, sd },
    ]);
    const dataset = encode(encoding, table, Int32Array.of(2, 0));
    expect(dataset.features).toEqual([
      { kind: "u8", width: 2, shift: 15, scale: 1 / sd, values: Uint8Array.of(255, 255, 0, 10) },
    ]);
    const f32 = (byte: number): number => Math.fround(Math.fround(byte - 15) * Math.fround(1 / sd));
    expect(features(dataset)).toEqual([
      [f32(255), f32(255)],
      [f32(0), f32(10)],
    ]);
  });

  it("of floats is standardised", () => {
    const table = tableFromRecords([
      { v: [1, 2], y: 0 },
      { v: [3, 6], y: 1 },
    ]);
    const encoding = fitEncoding(table, allRows(table), { target: "y" });
    const sd = Math.sqrt((4 + 1 + 0 + 9) / 4);
    expect(features(encode(encoding, table))).toEqual([
      [Math.fround(-2 / sd), Math.fround(-1 / sd)],
      [0, Math.fround(3 / sd)],
    ]);
  });

  it("of another width than in training is refused", async () => {
    const encoding = fit(
      [
        { v: [1, 2], y: 0 },
        { v: [3, 6], y: 1 },
      ],
      { target: "y" },
    );
    const other = tableFromRecords([{ v: [1, 2, 3] }]);
    await expectInputError(() => encodeFeatures(encoding, other), '"v"', "vectors of 3", "2");
  });
});

describe("an encoding", () => {
  it("is learnt from the training rows alone", async () => {
    const table = await readTable(sample("penguins.csv"));
    const { kept, held } = holdout(allRows(table), 0.2, 3);
    const whole = await readTable(sample("penguins.csv"));
    for (const column of whole.columns)
      // what the held-out rows say must not matter
      for (const row of held) {
        if (column.kind === "number") column.values[row] = 1e6;
        if (column.kind === "text" && column.name !== "species") column.codes[row] = -1;
      }
    expect(fitEncoding(whole, kept, { target: "species" })).toEqual(
      fitEncoding(table, kept, { target: "species" }),
    );
  });

  it("is plain JSON", async () => {
    const table = await readTable(sample("penguins.csv"));
    const encoding = fitEncoding(table, allRows(table), { target: "species" });
    expect(JSON.parse(JSON.stringify(encoding))).toEqual(encoding);
  });

  it("never trains a null of the penguins as a zero", async () => {
    const table = await readTable(sample("penguins.csv"));
    const encoding = fitEncoding(table, allRows(table), { target: "species" });
    const mass = columnOf(table, "body_mass_g");
    if (mass.kind !== "number") throw new Error("body mass is not a number");
    const row = mass.valid?.indexOf(0) ?? -1;
    expect(row).toBeGreaterThanOrEqual(0);
    const at = encoding.features.findIndex((feature) => feature.column === "body_mass_g");
    const encoded = features(encode(encoding, table))[row];
    expect(encoded?.slice(2 * at, 2 * at + 2)).toEqual([0, 1]); // the mean, and a mark
    const { center, scale } = encoding.features[at] as NumberFeature;
    expect(Math.abs(0 - center) / scale).toBeGreaterThan(5); // a mass of 0 g would be here
  });

  it("puts numbers first, then categories, then vectors", () => {
    const records = [0, 1, 2].map((i) => ({ v: [i, 2], c: `c${i % 2}`, n: i, y: i }));
    expect(fit(records, { target: "y" }).features.map((feature) => feature.column)).toEqual([
      "n",
      "c",
      "v",
    ]);
  });

  it("takes only the features that are named, in the order of the table", () => {
    const records = [0, 1, 2].map((i) => ({ a: i, b: i, c: i, y: i }));
    expect(
      fit(records, { target: "y", features: ["c", "a"] }).features.map((feature) => feature.column),
    ).toEqual(["a", "c"]);
    expect(
      fit(records, { target: "y", drop: ["a"] }).features.map((feature) => feature.column),
    ).toEqual(["b", "c"]);
  });

  it("tells with which types a CSV file must be read", async () => {
    const train = await readTable(file("train.csv", "code,x,y\nA1,1,01\nB2,2,x\nA1,3,01\n"));
    const encoding = fitEncoding(train, allRows(train), { target: "y" });
    expect(columnTypes(encoding)).toEqual({ x: "number", code: "text", y: "text" });
    const test = await readTable(file("test.csv", "code,x,y\n1,1,01\n"), {
      types: columnTypes(encoding),
    });
    expect(encode(encoding, test).target).toEqual({
      kind: "class",
      classes: 2,
      labels: Int32Array.of(0),
    });
  });
});

describe("another file of the same kind", () => {
  it("is read with the types of the first", async () => {
    const first = await readTable(file("first.csv", "code,x\nA1,1\n7,2\n"));
    const second = file("second.csv", "code,x\n07,1\n8,\n");
    const table = await readTable(second, { types: typesOf(first) });
    expect(columnOf(table, "code")).toMatchObject({ kind: "text", values: ["07", "8"] });
  });

  it("may have anything in a number target when it is predicted, and is refused with its place when scored", async () => {
    const encoding = fit(
      [
        { x: 1, y: 1.5 },
        { x: 2, y: 2.5 },
      ],
      { target: "y" },
    );
    const path = file("asked.csv", "x,y\n1,7\n2,?\n");
    const table = await readTable(path, { types: columnTypes(encoding) });
    expect(encodeFeatures(encoding, table).rows).toBe(2);
    await expectInputError(() => encode(encoding, table), path, "line 3", '"y"', '"?"');
  });
});

describe("a target", () => {
  const records = [0, 1, 2, 3].map((i) => ({
    x: i,
    text: `t${i % 2}`,
    flag: i > 1,
    whole: i % 3,
    real: i + 0.5,
  }));
  const target = (name: string, task?: "classification" | "regression"): Encoding["target"] =>
    fit(records, { target: name, features: ["x"], task }).target;

  it("of text or truth values is a class, in the order of code units", () => {
    expect(target("text")).toEqual({
      kind: "class",
      column: "text",
      element: "text",
      classes: ["t0", "t1"],
    });
    expect(target("flag")).toEqual({
      kind: "class",
      column: "flag",
      element: "text",
      classes: ["false", "true"],
    });
  });

  it("of numbers is a number, standardised", () => {
    expect(target("real")).toEqual({
      kind: "number",
      columns: [{ column: "real", mean: 2, sd: Math.sqrt(1.25) }],
    });
  });

  it("of few whole numbers is a number, with a note that it could be classes", () => {
    const encoding = fit(records, { target: "whole", features: ["x"] });
    expect(encoding.target.kind).toBe("number");
    expect(encoding.notes[0]).toContain("--task classification");
  });

  it("of numbers is a class when the task says so, in the order of values", () => {
    const wide = [10, 9, -1, 10].map((y, x) => ({ x, y }));
    expect(fit(wide, { target: "y", task: "classification" }).target).toEqual({
      kind: "class",
      column: "y",
      element: "number",
      classes: ["-1", "9", "10"],
    });
  });

  it("of numbers comes back in its own unit", () => {
    const table = tableFromRecords(records);
    const encoding = fitEncoding(table, allRows(table), { target: "real", features: ["x"] });
    const { target: encoded } = encode(encoding, table);
    if (encoded?.kind !== "number") throw new Error("not a number");
    const decoded = decodeOutputs(encoding, encoded.values);
    if (decoded.kind !== "number") throw new Error("not a number");
    decoded.values.forEach((value, i) => expect(value).toBeCloseTo(i + 0.5, 6));
  });

  it("of classes comes back as labels and probabilities that sum to one", () => {
    const encoding = fit(records, { target: "text", features: ["x"] });
    const decoded = decodeOutputs(encoding, Float32Array.of(0, 0, -1, 2, 1000, -1000));
    if (decoded.kind !== "class") throw new Error("not a class");
    expect(decoded.labels).toEqual(["t0", "t1", "t0"]); // the first of equals
    expect([...decoded.probabilities.subarray(0, 2)]).toEqual([0.5, 0.5]);
    expect(decoded.probabilities[3]).toBeCloseTo(1 / (1 + Math.exp(-3)), 15);
    expect([...decoded.probabilities.subarray(4)]).toEqual([1, 0]);
  });

  it("cannot be decoded from outputs that are not finite", () => {
    const encoding = fit(records, { target: "text", features: ["x"] });
    expect(() => decodeOutputs(encoding, Float32Array.of(0, 0, 1, Number.NaN))).toThrow(
      /row 1.*NaN/,
    );
  });

  it("that is missing in a row is refused with file, line and column", async () => {
    const table = await readTable(file("target.csv", "x,y\n1,a\n2,\n3,b\n"));
    await expectInputError(
      () => fitEncoding(table, allRows(table), { target: "y" }),
      "target.csv",
      "line 3",
      '"y"',
      "missing",
    );
  });

  it("that is missing in a row does not matter when predicting", async () => {
    const encoding = fit(
      [
        { x: 1, y: "a" },
        { x: 2, y: "b" },
      ],
      { target: "y" },
    );
    const table = await readTable(file("predict.csv", "x,y\n1,\n"));
    expect(encodeFeatures(encoding, table).rows).toBe(1);
  });

  it("of a class that training did not see is refused with its place", async () => {
    const encoding = fit(
      [
        { x: 1, y: "a" },
        { x: 2, y: "b" },
      ],
      { target: "y" },
    );
    await expectInputError(
      () =>
        encode(
          encoding,
          tableFromRecords([
            { x: 1, y: "a" },
            { x: 1, y: "c" },
          ]),
        ),
      "row 2",
      '"y"',
      '"c"',
      '"a", "b"',
    );
  });

  it.each<[string, Parameters<typeof fitEncoding>[2], string[]]>([
    ["that is not there", { target: "speces" }, ['"speces"', "no column"]],
    ["with one class", { target: "one" }, ['"one"', '"same"']],
    ["of text to be a number", { target: "text", task: "regression" }, ['"text"', "regression"]],
    ["that is dropped", { target: "real", drop: ["real"] }, ['"real"', "dropped"]],
    ["that is a feature", { target: "real", features: ["real"] }, ['"real"', "feature"]],
    ["with a feature that is not there", { target: "real", features: ["xx"] }, ['"xx"', '"x"']],
    [
      "with a dropped column that is not there",
      { target: "real", drop: ["wole"] },
      ['"wole"', '"whole"'],
    ],
    [
      "with a feature that is dropped",
      { target: "real", features: ["x"], drop: ["x"] },
      ['"x"', "both"],
    ],
    [
      "with nothing to learn from",
      { target: "real", drop: ["x", "text", "flag", "whole"] },
      ["no column is left", '"one"'],
    ],
  ])("%s is refused in one line", async (_, options, parts) => {
    const table = tableFromRecords(records.map((record) => ({ ...record, one: "same" })));
    await expectInputError(() => fitEncoding(table, allRows(table), options), ...parts);
  });
});

describe("a table that differs from the one of training", () => {
  const encoding = fit(
    [
      { x: 1, c: "u", y: 1 },
      { x: 2, c: "v", y: 2 },
    ],
    { target: "y" },
  );
  const tables: [string, Table, string[]][] = [
    ["by a column that is not there", tableFromRecords([{ x: 1, cc: "u" }]), ['"c"', '"cc"']],
    ["by text for numbers", tableFromRecords([{ x: "one", c: "u" }]), ['"x"', '"one"', "numbers"]],
  ];

  it.each(tables)("%s is refused in one line", async (_, table, parts) => {
    await expectInputError(() => encodeFeatures(encoding, table), ...parts);
  });

  it("by numbers for text is read as their shortest text", () => {
    const numeric = fit(
      [
        { c: "1", y: 1 },
        { c: "2", y: 2 },
      ],
      { target: "y" },
    );
    expect(features(encodeFeatures(numeric, tableFromRecords([{ c: 2 }])))).toEqual([[0, 1]]);
  });
});
