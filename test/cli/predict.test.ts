// Predictions and scores of a trained model, through files.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diamonds, penguins, penguinSplit, run, succeed, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
const at = { cwd: folder, env: { SHARDGRAD_WORKERS: "1" } }; // enough here, and quicker to start
const rowsOf = (csv: string): string[][] =>
  csv
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));

beforeAll(async () => {
  copyFileSync(penguins, join(folder, "penguins.csv"));
  copyFileSync(diamonds, join(folder, "diamonds.csv"));
  await succeed(
    ["train", "penguins.csv", "--target", "species", "--epochs", "40", "--out", "species"],
    at,
  );
  await succeed(
    ["train", "diamonds.csv", "--target", "price", "--epochs", "1", "--out", "price"],
    at,
  );
});
afterAll(remove);

describe("predict", () => {
  it("writes one class a row to stdout as CSV, in the order of the rows", async () => {
    const [head, ...rows] = rowsOf(await succeed(["predict", "species", "penguins.csv"], at));
    const truth = rowsOf(readFileSync(penguins, "utf8"))
      .slice(1)
      .map(([species]) => species);
    const right = rows.filter(([species], i) => species === truth[i]).length;
    expect([head, rows.length]).toEqual([["prediction"], 344]);
    expect(right / 344).toBeGreaterThan(0.9);
  });

  it("gives the same numbers as CSV, JSON lines and Arrow", async () => {
    for (const name of ["p.csv", "p.jsonl", "p.arrow"])
      await succeed(["predict", "species", "penguins.csv", "--probabilities", "--out", name], at);
    const names = [
      "prediction",
      "probability Adelie",
      "probability Chinstrap",
      "probability Gentoo",
    ];
    const [head, ...csv] = rowsOf(readFileSync(join(folder, "p.csv"), "utf8"));
    const typed = csv.map(([label, ...numbers]) => [label, ...numbers.map(Number)]);
    const json = readFileSync(join(folder, "p.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => Object.values(JSON.parse(line) as object));
    const arrow = tableFromIPC(readFileSync(join(folder, "p.arrow")));
    expect([head, arrow.schema.fields.map(({ name }) => name)]).toEqual([names, names]);
    expect(json).toEqual(typed);
    expect(arrow.toArray().map((row) => names.map((name) => row[name] as unknown))).toEqual(typed);
  });

  it("gives probabilities that sum to 1", async () => {
    const [, ...rows] = rowsOf(
      await succeed(["predict", "species", "penguins.csv", "--probabilities"], at),
    );
    for (const [, ...numbers] of rows)
      expect(numbers.reduce((sum, text) => sum + Number(text), 0)).toBeCloseTo(1, 12);
  });

  it("gives numbers in the unit of the column, whose error evaluate confirms", async () => {
    const [, ...rows] = rowsOf(await succeed(["predict", "price", "diamonds.csv"], at));
    const prices = rowsOf(readFileSync(diamonds, "utf8"))
      .slice(1)
      .map((row) => Number(row[6]));
    const squares = rows.reduce(
      (sum, [price], i) => sum + (Number(price) - (prices[i] ?? 0)) ** 2,
      0,
    );
    const { scores } = JSON.parse(
      await succeed(["evaluate", "price", "diamonds.csv", "--json"], at),
    ) as { scores: { rmse: number } };
    expect(Math.sqrt(squares / prices.length) / scores.rmse).toBeCloseTo(1, 5);
  });

  it("needs no column of the target, and takes the rows of a list", async () => {
    const lines = readFileSync(penguins, "utf8").trimEnd().split("\n");
    writeFileSync(
      join(folder, "unlabelled.csv"),
      lines.map((line) => line.slice(line.indexOf(",") + 1)).join("\n"),
    );
    const all = rowsOf(await succeed(["predict", "species", "unlabelled.csv"], at)).slice(1);
    const few = rowsOf(
      await succeed(
        ["predict", "species", "unlabelled.csv", "--rows", `${penguinSplit(0)}#test`],
        at,
      ),
    ).slice(1);
    const { test } = JSON.parse(readFileSync(penguinSplit(0), "utf8")) as { test: number[] };
    expect(few).toEqual(test.map((row) => all[row]));
  });

  it("gives the same bytes for any number of workers", async () => {
    const [one, two] = [
      await succeed(["predict", "price", "diamonds.csv", "--workers", "1"], at),
      await succeed(["predict", "price", "diamonds.csv", "--workers", "2"], at),
    ];
    expect(one === two).toBe(true);
  });

  it("takes the model's file instead of the run's folder", async () => {
    const file = join("species", "model.safetensors");
    expect(await succeed(["predict", file, "penguins.csv"], at)).toBe(
      await succeed(["predict", "species", "penguins.csv"], at),
    );
  });

  it("refuses probabilities of a number, a table that lacks a column and a folder that does not exist", async () => {
    const number = await run(["predict", "price", "diamonds.csv", "--probabilities"], at);
    const nowhere = await run(
      ["predict", "price", "diamonds.csv", "--out", join("none", "p.csv")],
      at,
    );
    expect([nowhere.code, nowhere.stderr]).toEqual([
      2,
      expect.stringContaining(`--out ${join("none", "p.csv")}: cannot be written`),
    ]);
    expect([number.code, number.stderr]).toEqual([
      2,
      expect.stringContaining("predicts a number (price)"),
    ]);
    const table = await run(["predict", "species", "diamonds.csv"], at);
    expect([table.code, table.stderr]).toEqual([2, expect.stringContaining("culmen_length_mm")]);
  });
});

describe("evaluate", () => {
  it("gives the scores that training gave for the same rows", async () => {
    const split = penguinSplit(1);
    await succeed(
      [
        "train",
        "penguins.csv",
        "--target",
        "species",
        "--epochs",
        "3",
        "--train-rows",
        `${split}#train`,
        "--test-rows",
        `${split}#test`,
        "--out",
        "tested",
      ],
      at,
    );
    const { test } = JSON.parse(readFileSync(join(folder, "tested", "manifest.json"), "utf8")) as {
      test: object;
    };
    const { scores, rows } = JSON.parse(
      await succeed(
        ["evaluate", "tested", "penguins.csv", "--rows", `${split}#test`, "--json"],
        at,
      ),
    ) as { scores: object; rows: number };
    expect(scores).toMatchObject(test);
    expect(rows).toBe(69);
  });

  it("prints a confusion matrix whose diagonal is the accuracy", async () => {
    const result = JSON.parse(
      await succeed(["evaluate", "species", "penguins.csv", "--json"], at),
    ) as {
      scores: { accuracy: number };
      confusion: number[][];
      classes: { name: string; support: number }[];
    };
    const right = result.confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
    expect(right / 344).toBe(result.scores.accuracy);
    expect(result.classes.map(({ name, support }) => [name, support])).toEqual([
      ["Adelie", 152],
      ["Chinstrap", 68],
      ["Gentoo", 124],
    ]);
    const text = await succeed(["evaluate", "species", "penguins.csv"], at);
    for (const words of ["344 rows", "accuracy", "true \\ predicted", "precision"])
      expect(text).toContain(words);
  });
});

describe("inspect", () => {
  it("gives types, missing values and ranges of a table", async () => {
    const { rows, columns } = JSON.parse(
      await succeed(["inspect", "penguins.csv", "--json"], at),
    ) as { rows: number; columns: object[] };
    expect(rows).toBe(344);
    expect(columns).toHaveLength(7);
    expect(columns[0]).toMatchObject({ name: "species", type: "text", missing: 0, distinct: 3 });
    expect(columns[5]).toMatchObject({
      name: "body_mass_g",
      type: "number",
      missing: 2,
      min: 2700,
      max: 6300,
    });
    expect(await succeed(["inspect", "penguins.csv"], at)).toMatch(
      /^body_mass_g +number +2 +94 +2700 +4201\.75 +6300/m,
    );
  });
});
