// Cross-validation from the command line: folds side by side have the scores of one after the other.
import { afterAll, describe, expect, it } from "vitest";
import { penguins, run, succeed, temporaryFolder } from "./support.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

const folds = ["train", penguins, "--target", "species", "--folds", "5", "--epochs", "3"];
const at = { cwd: folder };

interface Line {
  readonly type: string;
  readonly fold: number;
  readonly rows: number;
  readonly scores: Readonly<Record<string, number>>;
}

describe("--folds", () => {
  it("has the same scores, in the order of the folds, for any number of folds at once", async () => {
    const outputs = await Promise.all(
      ["1", "2", "3", "12"].map((workers) =>
        succeed([...folds, "--json", "--workers", workers], at),
      ),
    );
    expect(new Set(outputs).size).toBe(1);
    const lines = outputs[0]!
      .trimEnd()
      .split("\n")
      .map((line): Line => JSON.parse(line) as Line);
    expect(lines.map(({ type, fold }) => [type, fold])).toEqual([
      ...[0, 1, 2, 3, 4].map((fold) => ["fold", fold]),
      ["folds", undefined],
    ]);
    expect(lines.slice(0, 5).reduce((sum, { rows }) => sum + rows, 0)).toBe(344);
  });

  it("says how many folds train at once", async () => {
    const told = await succeed([...folds, "--workers", "3"], at);
    expect(told).toContain("5 folds of 344 rows, 3 at once, 1 worker each");
    expect(await succeed([...folds, "--workers", "11"], at)).toContain("5 at once, 2 workers each");
  });

  it("ends all folds, with the signal's code and no means, when it is stopped", async () => {
    const long = [...folds.slice(0, -2), "--epochs", "100000", "--workers", "3"];
    const { code, stdout, stderr } = await run(long, {
      ...at,
      onOutput: (_, child) => child.kill("SIGINT"),
    });
    expect([code, stderr]).toEqual([130, expect.stringContaining("stopping at the next step")]);
    expect(stdout).not.toContain("±");
  });

  it("ends with the error of a fold that fails, and with it the others", async () => {
    const far = [...folds.slice(0, -2), "--epochs", "100000", "--optimizer", "sgd"];
    const { code, stderr } = await run([...far, "--lr", "1e30", "--workers", "3"], at);
    expect([code, stderr]).toEqual([1, expect.stringContaining("NaN or infinite")]);
  });
});
