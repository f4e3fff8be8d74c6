// The step loop of a worker: neither a message nor a garbage collection, however many steps.
import { describe, expect, it } from "vitest";
import { jsonLines, runChild } from "../parallel/child.js";

interface Happening {
  readonly thread: string;
  readonly what: "gc" | "message";
  readonly time: number;
}

interface Span {
  readonly thread: "run";
  readonly from: number;
  readonly to: number;
  readonly steps: number;
}

/** What happened in which thread during the second run of so many steps. */
async function during(workers: number, steps: number): Promise<Happening[]> {
  const ended = await runChild("hot-loop.mjs", [`${workers}`, `${steps}`], ["watch.mjs"], 300_000);
  const lines = jsonLines(ended) as (Happening | Span)[];
  const span = lines.find((line): line is Span => line.thread === "run");
  expect(span?.steps).toBe(steps);
  return lines.filter(
    (line): line is Happening =>
      "what" in line && span !== undefined && span.from <= line.time && line.time <= span.to,
  );
}

const ofWorkers = ({ thread }: Happening): boolean => thread.endsWith(" worker.js");

describe("in 100000 steps", () => {
  for (const workers of [1, 2, 3]) {
    it(`${workers} workers collect no garbage and post one message each: that they are done`, async () => {
      const happenings = (await during(workers, 100_000)).filter(ofWorkers);
      expect(happenings.filter(({ what }) => what === "gc")).toEqual([]);
      expect(happenings.filter(({ what }) => what === "message").length).toBe(workers);
    });
  }

  it("all threads together post as many messages as in 1000", async () => {
    const [few, many] = [await during(2, 1000), await during(2, 100_000)].map(
      (happenings) => happenings.filter(({ what }) => what === "message").length,
    );
    expect(many).toBe(few);
  });
});
