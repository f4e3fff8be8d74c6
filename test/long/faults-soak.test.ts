// An hour of short runs, of every end, opened and closed in one process: it holds no more at the end than after 10 minutes.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";

/** 60 unless told otherwise; the first sixth is what the end is compared with. */
const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 60);
const SAMPLES = 120;

interface Held {
  readonly seconds: number;
  readonly runs: number;
  readonly rss: number;
  readonly handles: number;
  readonly threads: number;
  readonly listeners: number;
}

it(
  `${MINUTES} minutes of short runs in one process leave no memory, handle, thread or listener behind`,
  { timeout: MINUTES * 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "shardgrad-soak-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const script = fileURLToPath(new URL("../faults/children/soak.mjs", import.meta.url));
    const seconds = MINUTES * 60;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--expose-gc",
      script,
      `${seconds}`,
      `${seconds / SAMPLES}`,
      folder,
    ]);
    const held = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Held);
    console.log(
      `${held.at(-1)!.runs} runs; MiB resident: ${held.map(({ rss }) => (rss / 2 ** 20).toFixed(1)).join(" ")}`,
    );
    // Single samples differ by some pages; so the median of five around each moment.
    const sixth = held.findIndex((sample) => sample.seconds >= seconds / 6);
    const early = medianRss(held.slice(Math.max(0, sixth - 2), sixth + 3));
    const late = medianRss(held.slice(-5));
    console.log(`after a sixth ${early} bytes, at the end ${late}`);
    expect(late).toBeLessThanOrEqual(1.05 * early);
    const [first, last] = [held[0]!, held.at(-1)!];
    expect(last.handles).toBeLessThanOrEqual(first.handles);
    expect(last.threads).toBeLessThanOrEqual(first.threads);
    expect(last.listeners).toBeLessThanOrEqual(first.listeners);
  },
);

const medianRss = (samples: readonly Held[]): number =>
  samples.map(({ rss }) => rss).toSorted((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;
