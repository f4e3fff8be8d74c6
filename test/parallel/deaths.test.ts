// Worker threads that end in the middle of a run: others take their places, and no byte of the result changes.
import { describe, expect, it } from "vitest";
import { jsonLines, runChild } from "./child.js";

interface Outcome {
  readonly workers: number;
  readonly deaths: string;
  readonly error: string | null;
  readonly restarts: readonly {
    readonly worker: number;
    readonly step: number;
    readonly reason: string;
  }[];
  readonly hash?: string;
  readonly epochs?: unknown;
}

interface Plan {
  readonly workers: number;
  readonly deaths: string;
  readonly skips?: boolean;
  readonly ahead?: number;
}

async function outcomes(plans: readonly Plan[]): Promise<Outcome[]> {
  const ended = await runChild("deaths.mjs", [JSON.stringify(plans)], ["die.mjs"]);
  const found = jsonLines(ended) as Outcome[];
  expect(ended.code, ended.errors).toBe(0);
  expect(found.length).toBe(plans.length);
  return found;
}

describe("a run whose worker threads end", () => {
  it("in gradients, updates or scores gives the bytes and scores of one without deaths", async () => {
    // An epoch has 9 phases; the leader, number 0, stores besides what it decides.
    const single = [0, 1, 2].flatMap((worker) =>
      [1, 2, 8, 9, 10].map((store) => `${worker}:${store}`),
    );
    const [undisturbed, ...disturbed] = await outcomes(
      ["", ...single].map((deaths) => ({ workers: 3, deaths })),
    );
    for (const { deaths, restarts, error, hash, epochs } of disturbed) {
      expect({ deaths, error, hash, epochs }).toEqual({
        ...undisturbed,
        workers: undefined,
        restarts: undefined,
        deaths,
      });
      expect(restarts.length, deaths).toBe(1);
      expect(restarts[0]?.worker, deaths).toBe(Number(deaths[0]) + 1);
      expect(restarts[0]?.reason).toBe(`worker ${restarts[0]?.worker} of 3 ended with exit code 7`);
    }
  });

  it("several at once, those that took their places too, or the only one, gives them as well", async () => {
    const [undisturbed, ...disturbed] = await outcomes([
      { workers: 3, deaths: "" },
      { workers: 3, deaths: "0:7,1:7" },
      { workers: 3, deaths: "0:5,1:5,2:5" },
      { workers: 3, deaths: "2:6,3:2,4:1" },
      { workers: 3, deaths: "2:6,3:0,4:0" },
      { workers: 1, deaths: "0:6,1:3" },
      { workers: 5, deaths: "0:2,1:9,2:4,4:11,5:3" },
    ]);
    for (const { workers, deaths, restarts, error, hash, epochs } of disturbed) {
      expect({ error, hash, epochs }, deaths).toEqual({
        error: null,
        hash: undisturbed?.hash,
        epochs: undisturbed?.epochs,
      });
      expect(restarts.length, `${workers} workers, ${deaths}`).toBe(deaths.split(",").length);
    }
  });

  it("gives the bytes of one without deaths where steps are skipped, too", async () => {
    const plans = ["", "0:4", "1:5,3:2", "0:11,2:11", "2:14,0:14"];
    const [undisturbed, ...disturbed] = await outcomes(
      plans.map((deaths) => ({ workers: 3, deaths, skips: true })),
    );
    for (const { deaths, error, hash, epochs } of disturbed)
      expect({ error, hash, epochs }, deaths).toEqual({
        error: null,
        hash: undisturbed?.hash,
        epochs: undisturbed?.epochs,
      });
    expect(undisturbed?.hash).toBeDefined();
  });

  it("while they first load gives them as well; three times in the same place ends it with the reason", async () => {
    const [undisturbed, replaced, twice, never] = await outcomes(
      ["", "1:0", "0:0,1:0,3:0", "1:0,3:0,4:0"].map((deaths) => ({ workers: 3, deaths })),
    );
    for (const { deaths, restarts, error, hash } of [replaced!, twice!]) {
      expect({ error, hash }, deaths).toEqual({ error: null, hash: undisturbed?.hash });
      expect(restarts.length, deaths).toBe(deaths.split(",").length);
      expect(restarts[0]?.step).toBe(0);
    }
    expect(never?.hash).toBeUndefined();
    expect(never?.error).toMatch(
      /worker 2 of 3 ended 3 times while it loaded \(worker 2 of 3 ended with exit code 7\)/u,
    );
  });

  it("again and again in the same place ends with an error that names worker, step and cause", async () => {
    const deaths = ["0:1", ...Array.from({ length: 9 }, (_, i) => `${i + 2}:1`)].join(",");
    const [outcome] = await outcomes([{ workers: 2, deaths }]);
    expect(outcome?.hash).toBeUndefined();
    expect(outcome?.error).toMatch(/worker 1 of 2 ended \d+ times in step 1 \(.*exit code 7\)/u);
  });

  it("started ahead of it, as many as it has, fewer or more, gives the same bytes", async () => {
    const [undisturbed, ...disturbed] = await outcomes([
      { workers: 3, deaths: "" },
      { workers: 3, deaths: "", ahead: 1 },
      { workers: 3, deaths: "0:0", ahead: 3 },
      { workers: 2, deaths: "1:5", ahead: 4 },
      { workers: 3, deaths: "1:5,3:2", ahead: 2 },
    ]);
    for (const { workers, deaths, restarts, error, hash, epochs } of disturbed) {
      const what = `${workers} workers, deaths ${deaths}`;
      expect({ error, hash, epochs }, what).toEqual({
        error: null,
        hash: undisturbed?.hash,
        epochs: undisturbed?.epochs,
      });
      expect(restarts.length, what).toBe(deaths === "" ? 0 : deaths.split(",").length);
    }
  });
});
