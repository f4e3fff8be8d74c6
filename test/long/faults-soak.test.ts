// Many short runs, some of which fail, opened and closed in one process: it holds no more at the end than early on.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const RUNS = 300;
const EVERY = 20;

it(`${RUNS} runs in one process leave no memory, handle or thread behind`, () => {
  const script = fileURLToPath(new URL("../faults/children/soak.mjs", import.meta.url));
  const output = execFileSync(process.execPath, ["--expose-gc", script, `${RUNS}`, `${EVERY}`], {
    encoding: "utf8",
  });
  const held = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { rss: number; handles: number; threads: number });
  console.log(held.map(({ rss }) => Math.round(rss / 2 ** 20)).join(" "), "MiB");
  // Node's own pools are full after a while.
  const early = held[Math.floor(held.length / 3)]!;
  const late = held.at(-1)!;
  expect(late.rss).toBeLessThan(1.1 * early.rss + 16 * 2 ** 20);
  expect(late.handles).toBeLessThanOrEqual(held[0]!.handles);
  expect(late.threads).toBeLessThanOrEqual(held[0]!.threads);
});
