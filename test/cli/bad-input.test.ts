// Bad input is one line on stderr that names the place, the value and the remedy; exit code 2; nothing is written.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diamonds, penguins, run, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();

const files: Readonly<Record<string, string>> = {
  "ragged.csv": "a,b,y\n1,2,3\n4,5\n",
  "twice.csv": "a,a,y\n1,2,3\n4,5,6\n",
  "empty.csv": "",
  "header.csv": "a,b,y\n",
  "hole.csv": "a,y\n1,2\n2,\n3,4\n",
  "cell.csv": "a,y\n1,2\nx7,3\n3,4\n",
  "alone.csv": "y\n1\n2\n",
  "names.csv": "a,y\n1,p\n2,q\n3,r\n4,s\n",
  "rare.csv": `a,y\n${"1,x\n2,z\n".repeat(9)}3,rare\n`,
  "one.csv": "a,y\n1,x\n2,x\n3,x\n",
  "rows.json": "[0, 1, 400]",
  "rows.txt": "0\n1\n1\n",
  "list.json": '{"train": [0, 1]}',
  "typo.yaml": "target: species\nbach-size: 32\n",
  "value.yaml": "target: species\n\nlr: fast\n",
  "broken.yaml": "target: [species\n",
  "list.yaml": "- target\n",
  "twice.yaml": "lr: 0.1\nlr: 0.2\n",
  "resume.yaml": "resume: runs/a-1\n",
  "full/notes.txt": "keep me",
  "model.safetensors": "not a model",
};

beforeAll(() => {
  mkdirSync(join(folder, "full"));
  copyFileSync(penguins, join(folder, "penguins.csv"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(remove);

const train = ["train", "penguins.csv", "--target", "species"];

/** Arguments, and what the line must hold. */
const cases: readonly (readonly [args: readonly string[], words: readonly string[]])[] = [
  // commands and flags
  [[], ["no command", "train, evaluate, predict, inspect"]],
  [
    ["trian", "x.csv"],
    ["trian", "did you mean train?"],
  ],
  [["frobnicate"], ["frobnicate", "give one of train"]],
  [
    [...train, "--bach-size", "32"],
    ["--bach-size", "did you mean --batch-size?"],
  ],
  [
    [...train, "--xyzzy", "1"],
    ["--xyzzy", "shardgrad train --help"],
  ],
  [[...train, "--toString", "1"], ["--toString: no such option"]],
  [[...train, "--no-constructor"], ["--constructor: no such option"]],
  [
    [...train, "--lr"],
    ["--lr: needs a value", "a number above 0"],
  ],
  [
    [...train, "--lr", "abc"],
    ["--lr abc", "a number above 0"],
  ],
  [
    [...train, "--lr", "0"],
    ["--lr 0", "a number above 0"],
  ],
  [[...train, "--lr", "0x10"], ["--lr 0x10"]],
  [
    [...train, "--lr", "1", "--lr", "2"],
    ["--lr", "given 2 times"],
  ],
  [
    [...train, "--hidden", "8", "--hidden", "4"],
    ["--hidden", "commas"],
  ],
  [
    [...train, "--hidden", "64,zwei"],
    ["--hidden 64,zwei", "whole numbers from 1 to 65536"],
  ],
  [
    [...train, "--batch-size", "2.5"],
    ["--batch-size 2.5", "whole number"],
  ],
  [
    [...train, "--epochs", "0"],
    ["--epochs 0", "from 1"],
  ],
  [
    [...train, "--workers", "many"],
    ["--workers many", "auto or a whole number"],
  ],
  [
    [...train, "--optimizer", "adma"],
    ["--optimizer adma", "adam, adamw, sgd", "did you mean adam?"],
  ],
  [
    [...train, "--activation", "rleu"],
    ["--activation rleu", "did you mean relu?"],
  ],
  [
    [...train, "--activation", "relu,tanh,elu"],
    ["--activation relu,tanh,elu", "3 activations for 2 hidden layers"],
  ],
  [
    [...train, "--momentum", "0.9"],
    ["--momentum", "--optimizer sgd"],
  ],
  [
    [...train, "--optimizer", "sgd", "--nesterov"],
    ["--nesterov", "--momentum"],
  ],
  [
    [...train, "--schedule", "constant", "--warmup", "10"],
    ["--warmup", "--schedule cosine"],
  ],
  [
    [...train, "--val", "0", "--restore-best"],
    ["--restore-best", "validation rows"],
  ],
  [
    [...train, "--patience", "3", "--no-restore-best"],
    ["--patience", "leave out --no-restore-best"],
  ],
  [
    [...train, "--force=maybe"],
    ["--force=maybe", "on or off"],
  ],
  [
    [...train, "--features", "sex", "--drop", "island"],
    ["--features and --drop", "not both"],
  ],
  [
    [...train, "--loss", "meanSquaredError"],
    ["--loss meanSquaredError", "classification"],
  ],
  [
    [...train, "--val", "1.5"],
    ["--val 1.5", "from 0 to 1"],
  ],
  [
    [...train, "more.csv"],
    ["more.csv", "one argument too many"],
  ],
  // files and their content
  [
    ["train", "--target", "y"],
    ["DATA", "no table"],
  ],
  [
    ["train", "none.csv", "--target", "y"],
    ["none.csv", "no such file"],
  ],
  [
    ["train", "penguins.csv"],
    ["--target", "species, island"],
  ],
  [
    ["train", "penguins.csv", "--target", "specie"],
    ["specie", 'did you mean "species"?'],
  ],
  [
    [...train, "--drop", "isle"],
    ["isle", "no column"],
  ],
  [
    ["train", "penguins.csv", "--target", "species", "--task", "regression"],
    ["species", "is text"],
  ],
  [
    ["train", "ragged.csv", "--target", "y"],
    ["ragged.csv", "line 3"],
  ],
  [
    ["train", "twice.csv", "--target", "y"],
    ["twice.csv", '"a"'],
  ],
  [
    ["train", "empty.csv", "--target", "y"],
    ["empty.csv", "empty"],
  ],
  [["train", "header.csv", "--target", "y"], ["header.csv"]],
  [
    ["train", "hole.csv", "--target", "y"],
    ["hole.csv", "line 3", '"y"', "missing"],
  ],
  [
    [...train, "--types", "body_mass=number"],
    ["penguins.csv", "body_mass", 'did you mean "body_mass_g"?'],
  ],
  [
    ["train", "alone.csv", "--target", "y"],
    ["alone.csv", "no column is left to learn from beside the target"],
  ],
  [
    ["train", "names.csv", "--target", "y"],
    ["names.csv", "none of the classes seen in training", "--stratify keeps"],
  ],
  [
    ["train", "cell.csv", "--target", "y", "--types", "a=number"],
    ["cell.csv", "line 3", '"a"', '"x7"'],
  ],
  [
    ["train", "one.csv", "--target", "y"],
    ["one.csv", '"y"', '"x"'],
  ],
  [
    [...train, "--train-rows", "rows.json"],
    ["rows.json", "400", "0 to 343"],
  ],
  [
    [...train, "--test-rows", "rows.txt"],
    ["rows.txt", "line 3", "twice"],
  ],
  [
    [...train, "--test-rows", "list.json#test"],
    ["list.json", '"test"'],
  ],
  [
    [...train, "--train-rows", "list.json#train", "--test-rows", "list.json#train"],
    ["row 0 is in", "list.json#train"],
  ],
  // configuration and environment
  [
    ["train", "penguins.csv", "-c", "none.yaml"],
    ["none.yaml", "cannot be read"],
  ],
  [
    ["train", "penguins.csv", "-c", "typo.yaml"],
    ["typo.yaml:2", "bach-size", "did you mean batch-size?"],
  ],
  [
    ["train", "penguins.csv", "-c", "value.yaml"],
    ["value.yaml:3", "lr: fast", "a number above 0"],
  ],
  [
    ["train", "penguins.csv", "-c", "broken.yaml"],
    ["broken.yaml:", "YAML"],
  ],
  [
    ["train", "penguins.csv", "-c", "list.yaml"],
    ["list.yaml", "epochs: 20"],
  ],
  [["train", "penguins.csv", "-c", "twice.yaml"], ["twice.yaml:2"]],
  [
    ["train", "penguins.csv", "-c", "resume.yaml"],
    ["resume.yaml:1", "command line"],
  ],
  // folders and models
  [
    [...train, "--out", "full"],
    ["--out full", "not empty", "--force"],
  ],
  [
    [...train, "--out", "ragged.csv"],
    ["--out ragged.csv", "is a file"],
  ],
  [
    ["train", "--resume", "full"],
    ["full", "config.yaml"],
  ],
  [["evaluate"], ["MODEL"]],
  [
    ["evaluate", "nowhere", "penguins.csv"],
    ["nowhere", "no such model"],
  ],
  [["predict", "model.safetensors", "penguins.csv"], ["model.safetensors"]],
  [["predict", "model.safetensors"], ["DATA"]],
  [
    ["predict", "model.safetensors", "penguins.csv", "--out", "p.xlsx"],
    ["--out p.xlsx", ".csv, .jsonl, .arrow or .parquet"],
  ],
  [
    [...train, "--out", "ragged.csv/run"],
    ["--out ragged.csv/run", "a part of the path is a file"],
  ],
  [["inspect"], ["FILE"]],
  [
    ["inspect", "nowhere.csv"],
    ["nowhere.csv", "no such file"],
  ],
];

describe("bad input", () => {
  it.concurrent.each(cases)("shardgrad %j", async (args, words) => {
    const before = readdirSync(folder);
    const { code, stdout, stderr } = await run(args, { cwd: folder });
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n"), stderr).toHaveLength(1);
    for (const word of words) expect(stderr).toContain(word);
    expect(code, stderr).toBe(2);
    expect(readdirSync(folder)).toEqual(before);
  });

  it("names the variable and value of the environment", async () => {
    const { code, stderr } = await run(train, { cwd: folder, env: { SHARDGRAD_LR: "fast" } });
    expect([code, stderr]).toEqual([2, "error: SHARDGRAD_LR=fast: give a number above 0\n"]);
  });

  it("warns of a variable that no command knows", async () => {
    const { code, stderr } = await run(["inspect", penguins], {
      cwd: folder,
      env: { SHARDGRAD_EPOCH: "3" },
    });
    expect([code, stderr]).toEqual([
      0,
      "warning: SHARDGRAD_EPOCH: no such option; did you mean SHARDGRAD_EPOCHS?\n",
    ]);
  });

  it("shows the stack with --verbose only", async () => {
    const args = ["inspect", "nowhere.csv"];
    expect((await run(args)).stderr).not.toContain("    at ");
    expect((await run([...args, "--verbose"])).stderr).toContain("    at ");
  });

  it("a run that diverges is a failed run: exit code 1, a manifest that says so, no model", async () => {
    const args = [
      "train",
      diamonds,
      "--target",
      "price",
      "--optimizer",
      "sgd",
      "--lr",
      "1e6",
      "--epochs",
      "2",
      "--out",
      "diverged",
    ];
    const { code, stderr } = await run(args, { cwd: folder });
    expect([code, stderr]).toEqual([1, expect.stringContaining("would become NaN or infinite")]);
    expect(readdirSync(join(folder, "diverged"))).not.toContain("model.safetensors");
    expect(readFileSync(join(folder, "diverged", "manifest.json"), "utf8")).toContain(
      '"status": "failed"',
    );
  });
});
