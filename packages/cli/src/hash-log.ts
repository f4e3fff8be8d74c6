// The hashes of the weights that a run has logged.
import { readFile } from "node:fs/promises";
import { type ThetaHash, writeFileAtomic } from "@shardgrad/parallel";
import type { RunFiles } from "./run-folder.js";

/** The logged hashes in the order of steps; none when there is no log. What is no hash, as a line that was cut short, is left out. */
export async function readHashes({ hashes }: Pick<RunFiles, "hashes">): Promise<ThetaHash[]> {
  const text = await readFile(hashes, "utf8").catch(() => "");
  return text.split("\n").flatMap((json): ThetaHash[] => {
    try {
      const entry: unknown = JSON.parse(json);
      return isHash(entry) ? [entry] : [];
    } catch {
      return [];
    }
  });
}

function isHash(entry: unknown): entry is ThetaHash {
  if (typeof entry !== "object" || entry === null || !("step" in entry && "hash" in entry))
    return false;
  const { step, hash } = entry;
  return (
    typeof step === "number" &&
    Number.isSafeInteger(step) &&
    step >= 0 &&
    typeof hash === "string" &&
    /^[0-9a-f]{64}$/.test(hash)
  );
}

/** Leaves the hashes before `steps` finished steps: a run that goes on from there logs the others again. */
export async function keepHashes(files: RunFiles, steps: number): Promise<void> {
  const logged = await readHashes(files);
  if (logged.length === 0) return;
  const kept = logged.filter(({ step }) => step < steps);
  await writeFileAtomic(files.hashes, kept.map((hash) => `${JSON.stringify(hash)}\n`).join(""));
}
