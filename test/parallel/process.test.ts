// What a training leaves in its process: no thread, no handle, no unhandled rejection; and that it needs no main thread.
import { describe, expect, it } from "vitest";
import { jsonLines, runChild } from "./child.js";

describe("a process that trains", () => {
  it("ends by itself once its trainer is closed, and nothing of it is left", async () => {
    const ended = await runChild("exit.mjs");
    const [found] = jsonLines(ended) as { alive: string[]; outputs: number }[];
    expect(ended.code, ended.errors).toBe(0);
    expect(found?.outputs).toBe(64 * 2);
    // The pipes are those of its own output.
    expect(found?.alive.filter((resource) => resource !== "PipeWrap")).toEqual([]);
  });

  it("is not kept alive by threads that were started ahead and have no job", async () => {
    const ended = await runChild("ahead.mjs");
    expect(jsonLines(ended)).toEqual([{ code: 0 }]);
    expect({ code: ended.code, errors: ended.errors }).toEqual({ code: 0, errors: "" });
  });

  it("is not ended by a run that fails while nobody looks, and ends by itself", async () => {
    const ended = await runChild("unread.mjs", [], ["die.mjs"]);
    expect(jsonLines(ended)).toEqual([{ code: 0 }]);
    expect(ended.errors).toBe("");
    expect(ended.code).toBe(0);
  });

  it("may block its main thread: training goes on, and so does the replacement of workers", async () => {
    const ended = await runChild("blocked.mjs", [], ["die.mjs"]);
    const [found] = jsonLines(ended) as { trained: number; seconds: number }[];
    expect(found).toMatchObject({ restarts: 1, stopped: false, epochs: 100 });
    // The main thread slept for two seconds; the last epoch was over before it woke.
    expect(found?.seconds).toBeGreaterThan(2);
    expect(found?.trained).toBeLessThan(2);
  });
});
