// Exported JavaScript modules against predictions here, from raw rows.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { activationNames, dense, initialize, opLayer, sequential } from "@shardgrad/core";
import {
  exportJs,
  loadModel,
  saveModel,
  type StoredModel,
  type TableRecord,
} from "@shardgrad/parallel";
import { afterAll, describe, expect, it } from "vitest";
import { node, tool } from "../../scripts/run.mjs";
import { startBrowser } from "../../test-browser/page.mjs";
import { rawRows, strangeRows, untrained, withThreshold } from "./models.js";

const folder = mkdtempSync(join(tmpdir(), "shardgrad-js-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = rawRows(200, 3);

interface ClassAnswer {
  readonly label: string;
  readonly probabilities: Readonly<Record<string, number>>;
}

interface LabelsAnswer {
  readonly labels: readonly string[];
  readonly probabilities: Readonly<Record<string, number>>;
}

interface Module<Row, Answer> {
  readonly predict: (row: Row) => Answer;
  readonly classes: readonly string[];
}

let modules = 0;

/** The model as Node loads the module that it was written as. */
async function imported<Answer, Row = TableRecord>(
  model: StoredModel,
): Promise<Module<Row, Answer>> {
  modules += 1;
  const path = join(folder, `model-${modules}.mjs`);
  writeFileSync(path, exportJs(model).code);
  return (await import(pathToFileURL(path).href)) as Module<Row, Answer>;
}

async function predicted(model: StoredModel, records: readonly TableRecord[]) {
  const path = join(folder, "model.safetensors");
  await saveModel(path, model);
  return (await loadModel(path)).predict(records);
}

describe("an exported module", () => {
  it.each(activationNames)("has the labels and probabilities of predict, with %s", async (name) => {
    const model = untrained(rows, "kind", name);
    const records = strangeRows(rows);
    const here = await predicted(model, records);
    if (here.kind !== "class") throw new Error(here.kind);
    const { predict, classes } = await imported<ClassAnswer>(model);
    const there = records.map(predict);
    expect(there.map(({ label }) => label)).toEqual(here.labels);
    const probabilities = there.flatMap((answer) => classes.map((c) => answer.probabilities[c]!));
    const differences = probabilities.map((p, i) => Math.abs(p - here.probabilities[i]!));
    expect(Math.max(...differences)).toBeLessThan(1e-6);
  });

  it.each([0.02, 0.5, 0.9])("has the labels of predict with a threshold of %d", async (t) => {
    const model = withThreshold(untrained(rows, "big"), t);
    const records = strangeRows(rows);
    const here = await predicted(model, records);
    if (here.kind !== "class") throw new Error(here.kind);
    const { predict } = await imported<ClassAnswer>(model);
    expect(records.map(predict).map(({ label }) => label)).toEqual(here.labels);
    const expected = here.labels.map((_, row) => here.probabilities[2 * row + 1]! >= t);
    expect(here.labels.map((label) => label === "true")).toEqual(expected);
  });

  it("has the numbers of predict in their own unit", async () => {
    const model = untrained(rows, "price");
    const records = strangeRows(rows);
    const here = await predicted(model, records);
    if (here.kind !== "number" || model.encoding?.target.kind !== "number")
      throw new Error(here.kind);
    const { sd } = model.encoding.target.columns[0]!;
    const { predict } = await imported<number>(model);
    const differences = records.map((row, i) => Math.abs(predict(row) - here.values[i]!) / sd);
    expect(Math.max(...differences)).toBeLessThan(1e-6);
  });

  it("has several numbers by column, in their own units", async () => {
    const model = untrained(rows, ["price", "age"]);
    const records = strangeRows(rows);
    const here = await predicted(model, records);
    if (here.kind !== "number" || model.encoding?.target.kind !== "number")
      throw new Error(here.kind);
    const { columns } = model.encoding.target;
    const { predict } = await imported<Readonly<Record<string, number>>>(model);
    const there = records.map(predict);
    expect(Object.keys(there[0]!)).toEqual(["price", "age"]);
    const differences = there.flatMap((answer, i) =>
      columns.map(({ column, sd }, j) => Math.abs(answer[column]! - here.values[2 * i + j]!) / sd),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-6);
  });

  it("has the labels and probabilities of predict where a row has any number of labels", async () => {
    const model = untrained(rows, ["big", "old"]);
    const records = strangeRows(rows);
    const here = await predicted(model, records);
    if (here.kind !== "labels") throw new Error(here.kind);
    const { predict } = await imported<LabelsAnswer>(model);
    const there = records.map(predict);
    expect(there.map(({ labels }) => labels)).toEqual(here.labels);
    const differences = there.flatMap(({ probabilities }, i) =>
      here.names.map((name, j) => Math.abs(probabilities[name]! - here.probabilities[2 * i + j]!)),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-6);
  });

  it("takes features as they are when the model knows no columns", async () => {
    const spec = sequential(2, [dense(3, { activation: "tanh" }), dense(2, { tiedTo: 0 })]);
    const loss = { name: "meanSquaredError", reduction: "mean" } as const;
    const model: StoredModel = { spec, loss, encoding: null, parameters: initialize(spec, 1) };
    const path = join(folder, "numbers.safetensors");
    await saveModel(path, model);
    const here = (await loadModel(path)).predict([[1, -2]]);
    if (here.kind !== "outputs") throw new Error(here.kind);
    const { predict } = await imported<Float32Array, readonly number[]>(model);
    predict([1, -2]).forEach((v, i) => expect(v).toBeCloseTo(here.values[i]!, 6));
    expect(() => predict([1])).toThrow("give 2 numbers");
  });

  it("names a column that is absent or of another type", async () => {
    const { predict } = await imported<ClassAnswer>(untrained(rows, "kind"));
    const [row = {}] = rows;
    const { weight: _, ...without } = row;
    expect(() => predict(without)).toThrow('there is no column "weight"; give null');
    expect(() => predict({ ...row, weight: "12" })).toThrow('column "weight": 12 is not a finite');
    expect(() => predict({ ...row, pixels: [1] })).toThrow('column "pixels": give an array of 6');
  });

  it("comes with types that the compiler holds rows to", () => {
    const { code, types } = exportJs(untrained(rows, "kind", "relu", true));
    writeFileSync(join(folder, "typed.mjs"), code);
    writeFileSync(join(folder, "typed.d.mts"), types);
    const cells = `hue: "hue 1", grade: null, when: new Date(0), note: "a word"`;
    const row = `{ "size of it": 1, weight: null, colour: "red", label: "no", pixels: [1], spectrum: [2], ${cells} }`;
    const use = (line: string): number => {
      writeFileSync(
        join(folder, "use.mts"),
        `import { predict } from "./typed.mjs";\n${line}\nexport {};\n`,
      );
      const flags = ["--noEmit", "--ignoreConfig", "--strict", "--module", "nodenext"];
      const options = { stdio: "ignore" } as const;
      return node(tool(".", "typescript", "tsc"), [...flags, join(folder, "use.mts")], options);
    };
    expect(use(`const label: "small" | "middle" | "large" = predict(${row}).label; label;`)).toBe(
      0,
    );
    expect(use(`predict({ weight: "heavy" });`)).not.toBe(0);
  });

  it("predicts the same in a browser, with no request beyond the page's own", async () => {
    const model = untrained(rows, "kind", "gelu", true);
    const { code } = exportJs(model);
    const { predict } = await imported<ClassAnswer>(model);
    const records = strangeRows(rows).slice(0, 40);
    const here = records.map(predict);
    const plain = records.map((row) => ({
      ...row,
      pixels: Array.from(row["pixels"] as Uint8Array),
      spectrum: Array.from(row["spectrum"] as Float32Array),
    }));
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      const requests: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      await page.addScriptTag({
        type: "module",
        content: `${code}\nglobalThis.predict = predict;`,
      });
      const there = await page.evaluate(
        `${JSON.stringify(plain)}.map((row) => globalThis.predict(row))`,
      );
      expect(there).toEqual(here);
      expect(requests).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  it("is refused, with the op's name, for layers of the user's own ops", () => {
    const spec = sequential(2, [opLayer("wave", 2)]);
    const loss = { name: "meanSquaredError", reduction: "mean" } as const;
    const model: StoredModel = { spec, loss, encoding: null, parameters: new Map() };
    expect(() => exportJs(model)).toThrow("the op wave has no counterpart");
  });
});
