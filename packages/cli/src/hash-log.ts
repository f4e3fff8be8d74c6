// The hashes of the weights that a run has logged.
import { readFile } from "node:fs/promises";
import { type ThetaHash, writeFileAtomic } from "@shardgrad/parallel";
import * as z from "zod";
import type { RunFiles } from "./run-folder.js";

const line: z.ZodType<ThetaHash> = z.object({
  step: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** The logged hashes in the order of steps; none when there is no log. What is no hash, as a line that was cut short, is left out. */
export async function readHashes({ hashes }: Pick<RunFiles, "hashes">): Promise<ThetaHash[]> {
  const text = await readFile(hashes, "utf8").catch(() => "");
  return text.split("\n").flatMap((json): ThetaHash[] => {
    try {
      const parsed = line.safeParse(JSON.parse(json));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}

/** Leaves the hashes before `steps` finished steps: a run that goes on from there logs the others again. */
export async function keepHashes(files: RunFiles, steps: number): Promise<void> {
  const logged = await readHashes(files);
  if (logged.length === 0) return;
  const kept = logged.filter(({ step }) => step < steps);
  await writeFileAtomic(files.hashes, kept.map((hash) => `${JSON.stringify(hash)}\n`).join(""));
}
