// Encoders that are asked for by name: what they compute, what they do with missing and unseen values, what they refuse.
import {
  allRows,
  columnTypes,
  embeddingTables,
  denseFeatures,
  encode,
  encodeFeatures,
  featureWidth,
  fitEncoding,
  loadModel,
  readTable,
  saveModel,
  tableFromRecords,
  type Cell,
  type Encoding,
} from "@shardgrad/parallel";
import { dense, initialize, sequential } from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { expectInputError, temporaryFiles } from "./support.js";

const { file, folder } = temporaryFiles();

type Options = Omit<Parameters<typeof fitEncoding>[2], "target">;

function fit(values: readonly Cell[], options: Options): Encoding {
  const table = tableFromRecords(values.map((x, i) => ({ x, y: i })));
  return fitEncoding(table, allRows(table), { target: "y", ...options });
}

/** The features of each value under an encoding. */
function apply(encoding: Encoding, values: readonly Cell[]): number[][] {
  const records = values.map((x) => ({ x }));
  const data = encodeFeatures(
    encoding,
    tableFromRecords(records, { types: columnTypes(encoding) }),
  );
  const width = featureWidth(data);
  const all = denseFeatures(data);
  return values.map((_, row) => [...all.subarray(row * width, (row + 1) * width)]);
}

const f32 = (values: readonly number[]): number[] => values.map(Math.fround);

describe("an encoder of numbers", () => {
  it("minmax maps the range of the training rows to 0 … 1, and everything beyond to its ends", () => {
    const encoding = fit([2, 4, 10], { encode: { x: "minmax" } });
    expect(apply(encoding, [2, 4, 10, -1, 99])).toEqual([[0], [0.25], [1], [0], [1]]);
  });

  it("robust subtracts the median and divides by the distance of the quartiles", () => {
    const encoding = fit([1, 2, 3, 4, 9], { encode: { x: "robust" } });
    expect(apply(encoding, [3, 5, 9])).toEqual([[0], [1], [3]]);
  });

  it("log1p standardises sign(v)·ln(1 + |v|)", () => {
    const values = [0, 1, 10, -3];
    const logs = values.map((v) => Math.sign(v) * Math.log(1 + Math.abs(v)));
    const mean = logs.reduce((sum, v) => sum + v, 0) / 4;
    const sd = Math.sqrt(logs.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / 4);
    const found = apply(fit(values, { encode: { x: "log1p" } }), values);
    found.forEach(([v], i) => expect(v).toBeCloseTo(((logs[i] ?? 0) - mean) / sd, 6));
  });

  it("onehot has a feature for each number, by value, also when the numbers are read from CSV as 1.0", async () => {
    const encoding = fit([10, 2, 2], { encode: { x: "onehot" } });
    expect(apply(encoding, [2, 10, 5])).toEqual([
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
    const table = await readTable(file("n.csv", "x\n2.0\n"), { types: columnTypes(encoding) });
    expect([...denseFeatures(encodeFeatures(encoding, table))]).toEqual([1, 0]);
  });
});

describe("missing numbers", () => {
  const values = [0, null, 2, 10];

  it.each([
    [{}, 4],
    [{ impute: { x: "mean" } }, 4],
    [{ impute: { x: "median" } }, 2],
    [{ impute: { x: 7 } }, 7],
    [{ impute: { x: -50 } }, -50],
  ] as const)("with %j count as %d, and have a mark", (options, fill) => {
    const encoding = fit(values, options);
    const [feature] = encoding.features;
    if (feature?.kind !== "number") throw new Error("a number is expected");
    const expected = Math.fround((fill - feature.center) / feature.scale);
    expect(apply(encoding, [null, 2])[0]).toEqual([expected, 1]);
    expect(apply(encoding, [2])[0]?.[1]).toBe(0);
  });

  it("have no mark when it is not wanted", () => {
    expect(apply(fit(values, { markMissing: false }), [null, 4])).toEqual([[0], [0]]);
  });
});

describe("the ordinal encoder", () => {
  it("standardises ranks in the order given; unseen and missing values give 0, missing ones a mark", () => {
    const encoding = fit(["small", "large", "medium", null], {
      encode: { x: "ordinal:small<medium<large" },
    });
    const sd = Math.sqrt(2 / 3);
    expect(apply(encoding, ["small", "medium", "large", "huge", null])).toEqual([
      [Math.fround(-1 / sd), 0],
      [0, 0],
      [Math.fround(1 / sd), 0],
      [0, 0],
      [0, 1],
    ]);
  });

  it("takes the order of code units when none is given, and refuses a value outside a given one", async () => {
    expect(fit(["b", "a"], { encode: { x: "ordinal" } }).features).toMatchObject([
      { values: ["a", "b"] },
    ]);
    await expectInputError(
      () => fit(["a", "c"], { encode: { x: "ordinal:a<b" } }),
      "row 2",
      '"c"',
      '"a", "b"',
    );
  });
});

describe("the embedding encoder", () => {
  it("gives the index of a category; a missing one comes after the values, an unseen one last", () => {
    const encoding = fit(["b", "a", null, "b"], { encode: { x: "embedding" } });
    expect(apply(encoding, ["a", "b", null, "c"])).toEqual([[0], [1], [2], [3]]);
    expect(embeddingTables(encoding)).toEqual([{ size: 4, width: 3 }]);
  });

  it("counts a missing value as an unseen one when training has none", () => {
    const encoding = fit([5, 1, 5], { encode: { x: "embedding:2" } });
    expect(apply(encoding, [1, 5, null, 4])).toEqual([[0], [1], [2], [2]]);
    expect(embeddingTables(encoding)).toEqual([{ size: 3, width: 2 }]);
  });

  it.each([
    [1, 2],
    [2, 3],
    [10, 6],
    [300, 40],
    [1000, 50],
  ])("gives one of %d categories a vector of %d numbers", (n, width) => {
    const values = Array.from({ length: n }, (_, i) => `value ${i}`);
    const tables = embeddingTables(fit(values, { encode: { x: "embedding" } }));
    expect(tables).toEqual([{ size: n + 1, width }]);
  });

  it("puts embedded columns before all others", () => {
    const table = tableFromRecords([
      { n: 1, a: "x", b: "u", y: 1 },
      { n: 2, a: "z", b: "v", y: 2 },
    ]);
    const encode = { b: "embedding", a: "embedding" };
    const encoding = fitEncoding(table, allRows(table), { target: "y", encode });
    expect(encoding.features.map(({ column }) => column)).toEqual(["a", "b", "n"]);
  });
});

describe("the calendar encoder", () => {
  const times = ["2024-01-01", "2024-07-01T06:00:00Z", "2025-01-01T00:00:00+01:00"];

  it("gives sine and cosine of the time in the day, the week and the year, and the time itself", () => {
    const encoding = fit(times, { encode: { x: "calendar" } });
    const [monday, july] = apply(encoding, ["2024-01-01", "2024-07-01 06:00"]);
    expect(monday?.slice(0, 6)).toEqual([0, 1, 0, 1, 0, 1]);
    expect(july?.[0]).toBeCloseTo(1, 6); // a quarter of the day
    expect(july?.[5]).toBeLessThan(-0.99); // half of the year
    expect(july?.[6]).toBeGreaterThan(monday?.[6] ?? 0);
  });

  it("takes milliseconds since 1970, and gives zeros and a mark for a missing time", () => {
    const text = fit(times, { encode: { x: "calendar" } });
    const numbers = fit(
      times.map((time) => Date.parse(time)),
      { encode: { x: "calendar" } },
    );
    expect(numbers.features).toEqual(text.features);
    const missing = fit([...times, null], { encode: { x: "calendar" } });
    expect(apply(missing, [null])[0]).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it.each(["yesterday", "2023-02-29", "2024-01-01T25:00"])(
    "refuses %s with its place",
    async (time) => {
      await expectInputError(
        () => fit(["2024-01-01", time], { encode: { x: "calendar" } }),
        "row 2",
        JSON.stringify(time),
      );
    },
  );
});

describe("the words encoder", () => {
  it("counts words in the features of their hashes, whatever their case, and scales a row to length 1", () => {
    const encoding = fit(["the cat", "dog"], { encode: { x: "words:64" } });
    const [a, b, none] = apply(encoding, ["The cat, the CAT!", "cat the", "?!"]);
    expect(a).toEqual(b);
    expect(a?.reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(1, 6);
    expect(none?.every((v) => v === 0)).toBe(true);
    expect(apply(encoding, ["unseen words"])[0]?.some((v) => v > 0)).toBe(true);
  });
});

describe("an encoder that does not suit", () => {
  it.each<[string, Cell[], Options, string[]]>([
    ["an unknown name", [1, 2], { encode: { x: "minmx" } }, ["--encode x", "did you mean minmax?"]],
    ["one of numbers for text", ["a", "b"], { encode: { x: "robust" } }, ['"x"', "text", "robust"]],
    ["words for numbers", [1, 2], { encode: { x: "words" } }, ['"x"', "number", "words"]],
    ["an embedding of nothing", ["a"], { encode: { x: "embedding:0" } }, ["embedding:0", "from 1"]],
    ["words for too many features", ["a"], { encode: { x: "words:0" } }, ["words:0", "from 1"]],
    ["a column without values", [null, null], { encode: { x: "embedding" } }, ['"x"', "no value"]],
    ["an absent column", [1, 2], { encode: { z: "minmax" } }, ['"z"']],
    ["the target", [1, 2], { encode: { y: "minmax" } }, ["--encode y", "not one to learn from"]],
    ["an imputation of text", ["a", "b"], { impute: { x: 0 } }, ["--impute x", "text"]],
  ])("is refused in one line: %s", async (_, values, options, parts) => {
    await expectInputError(() => fit(values, options), ...parts);
  });
});

it("all encoders are stored with the model and applied to the same features when it is loaded", async () => {
  const table = tableFromRecords(
    Array.from({ length: 40 }, (_, i) => ({
      n: i % 5 === 0 ? null : i,
      size: ["s", "m", "l"][i % 3],
      when: `2024-0${1 + (i % 9)}-11`,
      text: `word${i % 4} and word${i % 3}`,
      k: i % 4,
      y: i % 2 === 0 ? "a" : "b",
    })),
  );
  const encoding = fitEncoding(table, allRows(table), {
    target: "y",
    encode: { n: "log1p", size: "ordinal:s<m<l", when: "calendar", text: "words:16", k: "onehot" },
    impute: { n: "median" },
  });
  const data = encode(encoding, table);
  expect(featureWidth(data)).toBe(2 + 1 + 7 + 16 + 4);
  const spec = sequential(featureWidth(data), [dense(2)]);
  const path = `${folder}/model.safetensors`;
  const parameters = initialize(spec, 1);
  const loss = { name: "crossEntropy", reduction: "mean" } as const;
  await saveModel(path, { spec, loss, encoding, parameters });
  const model = await loadModel(path);
  expect(model.encoding).toEqual(encoding);
  expect(f32([...denseFeatures(encodeFeatures(model.encoding ?? encoding, table))])).toEqual([
    ...denseFeatures(data),
  ]);
});
