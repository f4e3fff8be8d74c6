// The thread that reads streamed files may end: another takes its place.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { temporaryFolder } from "../cli/support.js";
import { jsonLines, runChild } from "../parallel/child.js";

const { folder, remove } = temporaryFolder();
afterAll(remove);

it("gives the same bytes when the thread that reads ends twice, and ends the run at the third time", async () => {
  const path = join(folder, "table.csv");
  writeFileSync(
    path,
    ["a,y", ...Array.from({ length: 500 }, (_, i) => `${(i * 37) % 101},${(i * 11) % 13}`)].join(
      "\n",
    ),
  );
  // The reading threads of a run are numbered from 0; each is given with the full window that it does not tell.
  const plans = ["", "0:2,1:4", "0:1,1:1,2:1"];
  const ended = await runChild(
    "stream-file.mjs",
    [path, JSON.stringify(plans)],
    ["die-reading.mjs"],
  );
  expect(ended.code, ended.errors).toBe(0);
  const [undisturbed, twice, thrice] = jsonLines(ended);
  expect(undisturbed).toHaveProperty("hash");
  expect(twice).toEqual(undisturbed);
  expect(thrice).toEqual({ error: "the thread that reads the data ended with exit code 7" });
});
