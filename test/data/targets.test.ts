// Several targets: numbers with units of their own, and labels of which a row has any number.
import {
  allRows,
  columnTypes,
  datasetFromArrays,
  decodeOutputs,
  encode,
  fitEncoding,
  readTable,
  tableFromRecords,
  targetColumns,
  targetUnit,
  targetWidth,
  Trainer,
  unknownLabels,
  type Encoding,
  type EncodingOptions,
  type TableRecord,
} from "@shardgrad/parallel";
import { dense, sequential } from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { expectInputError, temporaryFiles } from "./support.js";

const { file } = temporaryFiles();

const records = Array.from({ length: 6 }, (_, i) => ({
  x: i,
  length: 10 * i,
  weight: 1000 + i,
  wet: i % 2,
  cold: i > 3,
  kind: i < 3 ? "a" : "b",
  tags: ["red; blue", "blue", null, "green;red", " red ;red", "blue;;"][i],
}));

/** What is learnt about some targets from column x. */
function fit(
  target: EncodingOptions["target"],
  options: Partial<EncodingOptions> = {},
  rows: readonly TableRecord[] = records,
): Encoding {
  const table = tableFromRecords(rows, { source: "rows" });
  return fitEncoding(table, allRows(table), { target, features: ["x"], ...options });
}

describe("several numbers", () => {
  const encoding = fit(["weight", "length"]);

  it("are each standardised, in the order they are named", () => {
    const [m, sd] = [2.5, Math.sqrt(35 / 12)];
    expect(encoding.target).toEqual({
      kind: "number",
      columns: [
        { column: "weight", mean: 1000 + m, sd },
        { column: "length", mean: 10 * m, sd: 10 * sd },
      ],
    });
    const { target } = encode(encoding, tableFromRecords(records));
    const expected = records.flatMap((_, i) => [(i - m) / sd, (i - m) / sd]).map(Math.fround);
    expect(target).toEqual({ kind: "number", width: 2, values: Float32Array.from(expected) });
  });

  it("are predicted in their own units", () => {
    const said = decodeOutputs(encoding, Float32Array.of(0, 0, 1, -1));
    if (said.kind !== "number") throw new Error(said.kind);
    const sd = Math.sqrt(35 / 12);
    expect(said.columns).toEqual(["weight", "length"]);
    expect([...said.values]).toEqual([1002.5, 25, sd + 1002.5, 25 - 10 * sd]);
  });

  it("have scores in standard deviations together, one alone in its unit", () => {
    expect(targetUnit(encoding)).toBe(1);
    expect(targetUnit(fit("length"))).toBe(10 * Math.sqrt(35 / 12));
    expect([targetWidth(encoding), targetColumns(encoding.target)]).toEqual([
      2,
      ["weight", "length"],
    ]);
  });

  it("of which some hold 0 and 1 alone are numbers, with a note", () => {
    const { target, notes } = fit(["length", "wet"]);
    expect(target.kind).toBe("number");
    expect(notes).toEqual([expect.stringContaining('"wet" hold 0 and 1 alone')]);
  });

  it("whose value is missing in a row are refused with its place", async () => {
    const table = await readTable(file("missing.csv", "x,a,b\n1,2,3\n2,3,\n"));
    await expectInputError(
      () => fitEncoding(table, allRows(table), { target: ["a", "b"] }),
      "missing.csv: line 3",
      '"b"',
    );
  });
});

describe("columns of 0 and 1", () => {
  it("are labels unless the task says numbers, truth values too", () => {
    const { target, notes } = fit(["wet", "cold"]);
    expect(target).toEqual({ kind: "labels", labels: ["wet", "cold"], list: null });
    expect(notes).toEqual([expect.stringContaining("predicted as labels")]);
    expect(fit(["wet", "cold"], { task: "multilabel" }).notes).toEqual([]);
    expect(
      fit(["wet", "x2"], { task: "regression" }, [
        { x: 1, wet: 0, x2: 1 },
        { x: 2, wet: 1, x2: 0 },
      ]).target.kind,
    ).toBe("number");
  });

  it("become rows of 0 and 1", () => {
    const { target } = encode(fit(["wet", "cold"]), tableFromRecords(records));
    expect(target).toEqual({
      kind: "labels",
      width: 2,
      values: Float32Array.of(0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1),
    });
  });

  it("are refused with row and value where they hold something else", async () => {
    const encoding = fit(["wet", "cold"]);
    const other = tableFromRecords([{ x: 1, wet: 2, cold: true }], { source: "other" });
    await expectInputError(() => encode(encoding, other), "other: row 1", '"wet"', "2");
  });
});

describe("a text that lists labels", () => {
  const options = { labelSeparator: ";" };
  const encoding = fit("tags", options);

  it("has its labels by code unit, blanks and repetitions aside, and none where it is missing", () => {
    expect(encoding.target).toEqual({
      kind: "labels",
      labels: ["blue", "green", "red"],
      list: { column: "tags", separator: ";" },
    });
    const { target } = encode(encoding, tableFromRecords(records));
    if (target?.kind !== "labels") throw new Error(target?.kind);
    expect([...target.values].join("")).toBe("101100000011001100");
  });

  it("is read as text also where it looks like numbers", () => {
    expect(columnTypes(encoding)).toEqual({ x: "number", tags: "text" });
  });

  it("has no score for labels that training has not seen, and they are told", () => {
    const table = tableFromRecords([{ x: 1, tags: "pink;red" }]);
    const { target } = encode(encoding, table);
    expect(target).toMatchObject({ values: Float32Array.of(0, 0, 1) });
    if (encoding.target.kind !== "labels") throw new Error(encoding.target.kind);
    expect(unknownLabels(encoding.target, table, allRows(table))).toEqual(["pink"]);
  });

  it("is predicted as the labels whose logit is at least 0, with a probability each", () => {
    const said = decodeOutputs(encoding, Float32Array.of(0, -0, -1e-9, -1000, 1000, 40));
    if (said.kind !== "labels") throw new Error(said.kind);
    expect(said.labels).toEqual([
      ["blue", "green"],
      ["green", "red"],
    ]);
    expect([...said.flags]).toEqual([1, 1, 0, 0, 1, 1]);
    const [zero, , small, least, most] = said.probabilities;
    expect([zero, least, most]).toEqual([0.5, 0, 1]);
    expect(small).toBeCloseTo(0.5 - 1e-9 / 4, 15);
  });

  it("without the separator in any row gives a note", () => {
    expect(fit("kind", options).notes).toEqual([expect.stringContaining('separator ";"')]);
  });
});

describe("targets that cannot be predicted together are refused by name:", () => {
  it.each<[string, EncodingOptions["target"], Partial<EncodingOptions>, string[]]>([
    ["a number and a text", ["length", "kind"], {}, ['"kind" is text', '"a"']],
    ["a number and truth values", ["length", "cold"], {}, ['"cold"', '"length"']],
    ["classes", ["wet", "cold"], { task: "classification" }, ["--task classification"]],
    ["numbers as labels", ["wet", "length"], { task: "multilabel" }, ['"length"', "10"]],
    ["truth values as numbers", ["wet", "cold"], { task: "regression" }, ['"cold" is text']],
    ["one column of labels", "wet", { task: "multilabel" }, ["--label-separator"]],
    ["two texts that list labels", ["tags", "kind"], { labelSeparator: ";" }, ["one target"]],
    ["a list and a class", "tags", { labelSeparator: ";", task: "classification" }, ["--task"]],
    ["a list of numbers", "length", { labelSeparator: ";" }, ['"length"', "--types length=text"]],
    ["a column twice", ["wet", "wet"], {}, ['"wet"', "twice"]],
    ["no column", [], {}, ["name a column"]],
    ["one that is dropped", ["wet", "cold"], { features: undefined, drop: ["cold"] }, ['"cold"']],
    ["one that is a feature", ["wet", "x"], {}, ['"x"', "feature"]],
  ])("%s", async (_, target, options, parts) => {
    await expectInputError(() => fit(target, options), "rows", ...parts);
  });
});

describe("arrays of 0 and 1", () => {
  it("train as labels when they are said to be", async () => {
    const x = Array.from({ length: 40 }, (_, i) => [(i % 8) / 4 - 1, Math.floor(i / 8) / 2 - 1]);
    const y = x.map(([a, b]) => [Number(a! > 0), Number(b! > 0), Number(a! > b!)]);
    const data = datasetFromArrays(x, y, { multilabel: true });
    const trainer = new Trainer({
      model: sequential(2, [dense(16, { activation: "tanh" }), dense(3)]),
      data,
      validation: data,
      epochs: 150,
      batchSize: 20,
      workers: 1,
      optimizer: { name: "adam", lr: 0.03 },
    });
    try {
      const { epochs } = await trainer.run().result;
      const last = epochs.at(-1)?.validation;
      expect(Object.keys(last ?? {})).toEqual(["loss", "f1", "microF1"]);
      expect(last?.["f1"]).toBeGreaterThan(0.95);
    } finally {
      await trainer.close();
    }
  });

  it("are refused by the trainer when they hold anything else, or are scored by other scores", () => {
    const model = sequential(1, [dense(2)]);
    const wrong = datasetFromArrays(
      [[1], [2]],
      [
        [0, 1],
        [0.5, 1],
      ],
      { multilabel: true },
    );
    expect(() => new Trainer({ model, data: wrong })).toThrow("row 1 has 0.5 as a label");
    const data = datasetFromArrays(
      [[1], [2]],
      [
        [0, 1],
        [1, 1],
      ],
      { multilabel: true },
    );
    const earlyStopping = { patience: 1, monitor: "accuracy" };
    expect(() => new Trainer({ model, data, validation: data, earlyStopping })).toThrow(
      "loss, f1, microF1",
    );
    expect(() => datasetFromArrays([[1]], ["a"], { multilabel: true })).toThrow("multilabel");
  });
});
