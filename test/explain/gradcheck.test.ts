// shardgrad gradcheck, and explain for a trained model: on a small table with numbers, classes and relu.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { penguins, run, succeed, temporaryFolder } from "../cli/support.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

beforeAll(async () => {
  writeFileSync(
    join(folder, "four.csv"),
    "a,b,t\n1,0.875,1\n0.25,1,0.4\n0.5,0.45,0.5\n0.75,0.25,0.6\n",
  );
  await succeed(
    [
      "train",
      "four.csv",
      "--target",
      "t",
      "--hidden",
      "3",
      "--activation",
      "sigmoid",
      "--val",
      "0",
      "--epochs",
      "5",
      "--quiet",
      "--out",
      "small",
    ],
    { cwd: folder },
  );
  await succeed(
    ["train", penguins, "--target", "species", "--epochs", "3", "--quiet", "--out", "large"],
    { cwd: folder },
  );
});

interface Report {
  readonly passed: boolean;
  readonly rows: number;
  readonly parameters: readonly {
    readonly name: string;
    readonly compared: number;
    readonly relativeError: number;
  }[];
}

describe("gradcheck", () => {
  it("passes a trained classifier with relu, and says how every parameter compares", async () => {
    const { code, stdout } = await run(["gradcheck", "large", "--data", penguins], { cwd: folder });
    expect(code).toBe(0);
    for (const layer of [0, 1, 2]) expect(stdout).toMatch(new RegExp(`ok +layer${layer}\\.weight`));
    expect(stdout).toContain(
      "ok: 6 parameters agree with central differences to 0.00001 on 16 rows, in f64, without dropout",
    );
  });

  it("puts the worst parameter first", async () => {
    const { passed, rows, parameters } = JSON.parse(
      await succeed(["gradcheck", "large", "--data", penguins, "--limit", "5", "--json"], {
        cwd: folder,
      }),
    ) as Report;
    expect({ passed, rows }).toEqual({ passed: true, rows: 5 });
    const errors = parameters.map(({ relativeError }) => relativeError);
    expect(errors).toEqual(errors.toSorted((a, b) => b - a));
  });

  it("compares small parameters number by number, large ones along directions", async () => {
    const { parameters } = JSON.parse(
      await succeed(
        ["gradcheck", "large", "--data", penguins, "--limit", "2", "--directions", "7", "--json"],
        { cwd: folder },
      ),
    ) as Report;
    const compared = Object.fromEntries(parameters.map((row) => [row.name, row.compared]));
    expect(compared).toMatchObject({ "layer1.bias": 32, "layer1.weight": 7, "layer2.weight": 96 });
  });

  it("ends with code 1 when an error is above the tolerance", async () => {
    const { code, stdout } = await run(
      ["gradcheck", "small", "--data", "four.csv", "--tolerance", "1e-15"],
      { cwd: folder },
    );
    expect(code).toBe(1);
    expect(stdout).toContain("FAILED:");
  });

  it("checks the network of a configuration at its initial weights", async () => {
    expect(await succeed(["gradcheck", "small/config.yaml"], { cwd: folder })).toContain(
      "ok: 4 parameters agree",
    );
  });

  it.each([
    [
      ["gradcheck"],
      "error: MODEL: nothing to check; give a run folder, a model file or a configuration file",
    ],
    [
      ["gradcheck", "small"],
      "error: DATA: no table after the model; give a CSV, TSV, JSONL, Parquet, Arrow, NumPy or IDX file",
    ],
    [
      ["gradcheck", "nothing", "--data", "four.csv"],
      "error: nothing: no such model; name a run's folder or a model.safetensors",
    ],
    [
      ["gradcheck", "small", "--data", "four.csv", "--tolerance", "0"],
      "error: --tolerance 0: give a number from 0 to 1 (above 0)",
    ],
  ])("%j ends with code 2", async (args, message) => {
    const { code, stderr } = await run(args, { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 2, stderr: `${message}\n` });
  });
});

describe("explain for a model", () => {
  it("draws a small network with every number, and names the inputs", async () => {
    const text = await succeed(
      ["explain", "small", "--data", "four.csv", "--row", "1", "--out", "row.svg"],
      { cwd: folder },
    );
    expect(text).toContain("inputs: x1 = a, x2 = b");
    expect(text).toMatch(/w1_23 /);
    expect(text).toMatch(/\nwrote row.svg\n$/);
    expect(readFileSync(join(folder, "row.svg"), "utf8")).toMatch(
      /^<svg [\s\S]*w1_23[\s\S]*<\/svg>\n?$/,
    );
  });

  it("draws a larger one layer by layer", async () => {
    const text = await succeed(["explain", "large", "--data", penguins, "--row", "7"], {
      cwd: folder,
    });
    expect(text).toContain("target: species is Adelie, class 0");
    expect(text).toMatch(/a1 += relu\(z1\) +\[1,64\] ‖[\d.]+‖/);
  });

  it("refuses a row that the table does not have", async () => {
    const { code, stderr } = await run(["explain", "small", "--data", "four.csv", "--row", "4"], {
      cwd: folder,
    });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "error: --row 4: four.csv has 4 rows; the last is 3\n",
    });
  });
});
